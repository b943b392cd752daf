"""FHIR XML to the same Python values as FHIR JSON: http://hl7.org/fhir/R4/json.html#xml.

The R4 facts say what repeats, what is a number or a truth value, and where a whole resource stands. Elements
that R4 does not have are kept (a single one as a value, repeated ones as a list), as a sender may know a later
version; the structure check names them. Everything else is strict: namespaces, attributes, stray text.
"""

from __future__ import annotations

import re
from copy import deepcopy
from decimal import Decimal
from typing import Any

from lxml import etree

from gateway.errors import Unreadable, WrongCharset, WrongType
from gateway.translate.fhir.read_json import MAX_DEPTH, MAX_DIGITS
from gateway.translate.fhir.shape import NUMBERS, Child, children, is_resource
from gateway.translate.r4 import Facts, definitions
from gateway.translate.xml import parse as parse_xml

NAMESPACE = "http://hl7.org/fhir"
XHTML = "http://www.w3.org/1999/xhtml"
_PREFIX = f"{{{NAMESPACE}}}"
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"  # schemaLocation and its like say nothing
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_IN_RESOURCE, _IN_ELEMENT, _IN_EXTENSION, _IN_PRIMITIVE = (), ("id",), ("id", "url"), ("id", "value")
_MOST_ATTRIBUTES = 8  # lxml lists them in quadratic time

Json = dict[str, Any]


def read_xml(raw: bytes, known: Facts | None = None, disordered: list[str] | None = None) -> Json:
    """The resource in these bytes. Raises Unreadable, WrongCharset, WrongType, TooLarge.

    `known` are other definitions than those of the types that the gateway speaks. `disordered` gets the places of
    elements that stand after one that R4 has behind them: read they are all the same.
    """
    root = parse_xml(raw)
    encoding = (root.getroottree().docinfo.encoding or "UTF-8").upper()
    if encoding not in {"UTF-8", "US-ASCII", "ASCII"}:
        raise WrongCharset("FHIR XML is written in UTF-8.", where="line 1")
    return _Reader(known, disordered).resource(root, "", 1)


class _Reader:
    """Goes down the tree, by the definitions of one set of types."""

    def __init__(self, known: Facts | None, disordered: list[str] | None) -> None:
        self._known = known
        self._disordered = disordered

    def resource(self, element: etree._Element, path: str, depth: int) -> Json:
        name = _name(element, path)
        if path and self._known is None and not is_resource(name) and is_resource(name, definitions().facts):
            return _Reader(definitions().facts, self._disordered).resource(element, path, depth)
        shape = name if is_resource(name, self._known) else ""
        path = path or shape or "Resource"
        _attributes(element, path, _IN_RESOURCE)
        return self._children({"resourceType": name}, element, shape, path, depth, _IN_RESOURCE)

    def _complex(self, element: etree._Element, shape: str, path: str, depth: int) -> Json:
        """A datatype or an inner element; `shape` is empty for one that R4 does not have."""
        allowed = _IN_EXTENSION if shape in {"Extension", ""} else _IN_ELEMENT
        return self._children(
            _attributes(element, path, allowed), element, shape, path, depth, allowed if shape else ()
        )

    def _children(
        self, made: Json, element: etree._Element, shape: str, path: str, depth: int, as_attributes: tuple[str, ...]
    ) -> Json:
        if depth > MAX_DEPTH:
            raise Unreadable(f"The content is nested deeper than {MAX_DEPTH} levels.")
        _no_text(element.text, path)
        table = children(shape, self._known) if shape else {}
        if self._disordered is not None:
            self._disordered += _disorder(element, list(table), path)
        for below in element:
            _no_text(below.tail, path)
            name = _name(below, path)
            if name in as_attributes or name == "resourceType":
                raise WrongType("In FHIR XML this is no element.", where=f"{path}.{name}")
            child = table.get(name)
            if child is None:
                self._add_unknown(made, name, below, path, depth)
            elif child.primitive:
                self._add_primitive(made, child, below, path, depth)
            else:
                self._add_complex(made, child, below, path, depth)
        _drop_empty_halves(made)
        return made

    def _add_complex(self, made: Json, child: Child, element: etree._Element, path: str, depth: int) -> None:
        if not child.is_list:
            _once(made, child.name, path)
            made[child.name] = self._value(element, child, f"{path}.{child.name}", depth + 1)
            return
        items = made.setdefault(child.name, [])
        items.append(self._value(element, child, f"{path}.{child.name}[{len(items)}]", depth + 2))

    def _value(self, element: etree._Element, child: Child, path: str, depth: int) -> Json:
        if child.type != "Resource":
            return self._complex(element, child.shape, path, depth)
        _attributes(element, path, _IN_RESOURCE)
        _no_text(element.text, path)
        if len(element) != 1:
            raise WrongType("Exactly one resource stands here.", where=path)
        _no_text(element[0].tail, path)
        return self.resource(element[0], path, depth)

    def _add_primitive(self, made: Json, child: Child, element: etree._Element, path: str, depth: int) -> None:
        """The value under the element's name; its id and extensions under `_name`, in step with it when it repeats."""
        place = f"{path}.{child.name}"
        if child.type == "xhtml":
            _once(made, child.name, path)
            made[child.name] = _narrative(element, place)
            return
        extras = _attributes(element, place, _IN_PRIMITIVE)
        text = extras.pop("value", None)
        extras = self._children(extras, element, "Element", place, depth + 1 + child.is_list, _IN_PRIMITIVE)
        if text is None and not extras:
            raise WrongType("The element holds neither a value nor extensions.", where=place)
        value = None if text is None else _primitive(text, child, place)
        if child.is_list:
            made.setdefault(child.name, []).append(value)
            made.setdefault(f"_{child.name}", []).append(extras or None)
            return
        _once(made, child.name, path)
        _once(made, f"_{child.name}", path)
        if value is not None:
            made[child.name] = value
        if extras:
            made[f"_{child.name}"] = extras

    def _add_unknown(self, made: Json, name: str, element: etree._Element, path: str, depth: int) -> None:
        value: Any
        if "value" in element.attrib and len(element) == 0:
            value = element.get("value")
        else:
            value = self._complex(element, "", f"{path}.…", depth + 2)
        if name not in made:
            made[name] = value
        elif isinstance(made[name], list):
            made[name].append(value)
        else:
            made[name] = [made[name], value]


def _primitive(text: str, child: Child, path: str) -> str | bool | int | Decimal:
    """The JSON value of an XML attribute. Only what JSON cannot hold otherwise is checked here."""
    numeric = child.type == "decimal" or child.type in NUMBERS
    if child.type != "boolean" and not numeric:
        return text
    if len(text) > MAX_DIGITS or child.pattern is None or not child.pattern.fullmatch(text):
        raise WrongType(f"This is not a FHIR {child.type}.", where=path)
    if child.type == "boolean":
        return text == "true"
    return Decimal(text) if child.type == "decimal" and not text.lstrip("-").isdigit() else int(text)


def _disorder(element: etree._Element, names: list[str], path: str) -> list[str]:
    """http://hl7.org/fhir/R4/xml.html: elements stand in the order of their definition."""
    found: list[str] = []
    last = 0
    for below in element:
        name = str(below.tag).removeprefix(_PREFIX)
        place = names.index(name) if name in names else last
        if place < last:
            found.append(f"{path}.{name}")
        last = max(last, place)
    return found


def _narrative(element: etree._Element, path: str) -> str:
    """The div as text, with its own namespace declarations only."""
    if element.tag != f"{{{XHTML}}}div":
        raise Unreadable("A narrative is an XHTML div.", where=path)
    alone = deepcopy(element)
    alone.tail = None
    etree.cleanup_namespaces(alone)
    return str(etree.tostring(alone, encoding="unicode"))


def _name(element: etree._Element, path: str) -> str:
    """The element's name, when it is FHIR's (or the narrative's div)."""
    tag = str(element.tag)
    if tag == f"{{{XHTML}}}div":
        return "div"
    name = tag.removeprefix(_PREFIX)
    if name == tag or not _NAME.fullmatch(name):
        raise Unreadable(f"An element is not in the namespace {NAMESPACE}.", where=path or f"line {element.sourceline}")
    return name


def _attributes(element: etree._Element, path: str, allowed: tuple[str, ...]) -> Json:
    if len(element.attrib) > _MOST_ATTRIBUTES:
        raise WrongType("The element has more attributes than FHIR XML knows.", where=path)
    found: Json = {}
    for key, value in element.attrib.items():
        if key in allowed:
            found[str(key)] = str(value)
        elif not str(key).startswith(_INSTANCE):
            raise WrongType("An attribute stands where FHIR XML has none.", where=path)
    return found


def _no_text(text: str | None, path: str) -> None:
    if text and not text.isspace():
        raise Unreadable("Text stands between the elements; FHIR XML keeps values in attributes.", where=path)


def _once(made: Json, name: str, path: str) -> None:
    if name in made:
        raise WrongType("The element stands more than once.", where=f"{path}.{name.removeprefix('_')}")


def _drop_empty_halves(made: Json) -> None:
    """Of a repeating primitive, the list of values or of extensions that holds nothing at all."""
    for name in [n for n, v in made.items() if isinstance(v, list) and all(item is None for item in v)]:
        del made[name]
