"""A resource to FHIR XML bytes: http://hl7.org/fhir/R4/xml.html. Elements come in the order that R4 gives them."""

from __future__ import annotations

from decimal import Decimal
from itertools import zip_longest
from typing import Any

from lxml import etree

from gateway.errors import GatewayError, WrongType
from gateway.translate.blanks import fit
from gateway.translate.fhir.read_xml import NAMESPACE, XHTML
from gateway.translate.fhir.shape import Child, children, is_resource
from gateway.translate.r4 import Facts, definitions
from gateway.translate.xml import parse as parse_xml

Json = dict[str, Any]
_DEFAULT: Any = {None: NAMESPACE}


def write_xml(resource: Json, *, pretty: bool = False) -> bytes:
    """The bytes, with declaration; `pretty` for people's eyes, with each element on a line of its own and the narrative
    as it is. Raises WrongType, with the path, for what R4 has no place for; a character that XML cannot hold becomes a
    blank."""
    name = resource.get("resourceType")
    facts = None if is_resource(name) else definitions().facts
    if not is_resource(name, facts):
        raise WrongType("XML is written for known resource types only.", where="resourceType")
    root = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap=_DEFAULT)
    _fill(root, resource, str(name), str(name), facts)
    if pretty:
        _indent(root, "\n")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _indent(element: etree._Element, line: str) -> None:
    """Blanks between the children: elements of FHIR hold no text, only that of a narrative has a meaning."""
    if len(element) and element.tag != f"{{{XHTML}}}div":
        element.text = f"{line}  "
        for child in element:
            _indent(child, f"{line}  ")
            child.tail = f"{line}  "
        element[-1].tail = line


def _fill(parent: etree._Element, value: Any, shape: str, path: str, facts: Facts | None = None) -> None:
    """The children of one resource, datatype or inner element. `facts` are other definitions than those of the types
    that the gateway speaks: what is contained, and what is only published, may be of any type."""
    if not isinstance(value, dict):
        raise WrongType("An object belongs here.", where=path)
    table, whole = children(shape, facts), is_resource(shape, facts)
    known = {n for name in table for n in (name, f"_{name}")} | ({"resourceType"} if whole else set())
    if not value.keys() <= known:
        raise WrongType("An element is not in FHIR R4, so XML has no place for it.", where=path)
    as_attributes = () if whole else ("id", "url") if shape == "Extension" else ("id",)
    for name in as_attributes:
        if name in value:
            _set(parent, name, value[name], path)
    for name, child in table.items():
        if name in as_attributes or (name not in value and f"_{name}" not in value):
            continue
        place = f"{path}.{name}"
        for at, (item, extras) in enumerate(_pairs(value, child, place)):
            _add(parent, item, extras, child, f"{place}[{at}]" if child.is_list else place, facts)


def _pairs(value: Json, child: Child, path: str) -> list[tuple[Any, Any]]:
    """Each occurrence of an element with what stands under `_name` beside it."""
    own, beside = value.get(child.name), value.get(f"_{child.name}")
    if not child.is_list:
        return [(own, beside)]
    if not isinstance(own or [], list) or not isinstance(beside or [], list):
        raise WrongType("A list belongs here.", where=path)
    return list(zip_longest(own or [], beside or []))


def _add(parent: etree._Element, value: Any, extras: Any, child: Child, path: str, facts: Facts | None) -> None:
    if child.type == "xhtml":
        parent.append(_narrative(value, path))
        return
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{child.name}")
    if child.type == "Resource":
        name = value.get("resourceType") if isinstance(value, dict) else None
        facts = facts if is_resource(name, facts) else definitions().facts
        if not is_resource(name, facts):
            raise WrongType("XML is written for known resource types only.", where=path)
        _fill(etree.SubElement(element, f"{{{NAMESPACE}}}{name}"), value, str(name), path, facts)
    elif child.primitive:
        if extras is not None:
            _fill(element, extras, "Element", path, facts)
        if value is not None:
            _set(element, "value", value, path)
    else:
        _fill(element, value, child.shape, path, facts)


def _set(element: etree._Element, name: str, value: Any, path: str) -> None:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, (str, int, Decimal)):
        text = str(value)
    else:
        raise WrongType("A single value belongs here.", where=path)
    try:
        element.set(name, text)
    except ValueError:
        element.set(name, fit(text))


def _narrative(value: Any, path: str) -> etree._Element:
    try:
        element = parse_xml(value.encode("utf-8")) if isinstance(value, str) else None
    except (GatewayError, UnicodeEncodeError):
        element = None
    if element is None or element.tag != f"{{{XHTML}}}div":
        raise WrongType("A narrative is one well-formed XHTML div.", where=path)
    return element
