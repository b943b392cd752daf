"""Whether a resource keeps to R4 in all that structure.py looks for: yes or no, and quickly.

Nearly every resource does, and then nobody asks where it does not: structure.py finds that out, at many times the
cost. What this cannot judge at a glance it does not call flawless.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import orjson

from gateway.translate.fhir.shape import NUMBERS, Child, is_resource
from gateway.translate.fhir.typed import Check, Shapes, also, asked, check_of, fits
from gateway.translate.fhir.values import LONGEST_TEXT, backwards, binding_fault, primitive_fault

_ABSENT = msgspec.UNSET
_PLAIN = frozenset({"string", "markdown"})
_RECURRING = frozenset({"code", "canonical"})
_RECURRING_URIS = frozenset({"system", "url"})

_CONTROL = re.compile(rb"\\(?:[bf]|u00[01])")  # as orjson writes one
_LONGEST_GLANCE = 4096
_LONGEST_ID = 64
_URL_AND_ONE = 2
_TEXT = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]


def is_flawless(resource: Any) -> bool:
    """True only where `structure` finds no fault."""
    return _resource(resource) and _holds_something(resource)


def _resource(value: Any) -> bool:
    kind = value.get("resourceType") if type(value) is dict else None
    return is_resource(kind) and _whole(kind)(value)


@functools.cache
def _whole(kind: str) -> Check:
    """The check of a resource type."""
    return check_of(_SHAPES.object(kind))


def _holds_something(resource: Any) -> bool:
    """No object is empty and no text has a control character: told by what the whole looks like in JSON, which is
    faster than to ask each of them."""
    try:
        written = orjson.dumps(resource, default=str)
    except TypeError:
        return False
    return b"{}" not in written and not (b"\\" in written and _CONTROL.search(written))


def _value(child: Child) -> Any:
    if child.type == "Resource":
        return _RESOURCE
    if child.type == "Extension":
        return _EXTENSION
    if child.type == "Reference":
        return _SHAPES.object("Reference", _pointing(child), child.targets)
    if child.type == "Period":
        return also(_period, _SHAPES.object("Period"))
    if not child.primitive:
        kind = _SHAPES.object(child.shape)
        return kind if child.codes is None else also(_coded(child), kind)
    if child.type == "boolean":
        return bool
    if child.type == "decimal" or child.type in NUMBERS:
        return asked(lambda value: type(value) in (int, Decimal) and primitive_fault(value, child) is None)
    if child.codes:
        return Literal[tuple(child.codes)]
    # The only `type` that is neither an object nor of R4's own codes is a Reference's, and `_pointing` looks at it.
    return _TEXT if child.type in _PLAIN or child.name == "type" else _form(child)


def _form(child: Child) -> Any:
    """The type of a text with a form: one for all elements that have it, so that what is known is known once."""
    recurs = child.type in _RECURRING or (child.type == "uri" and child.name in _RECURRING_URIS)
    key = child.type, child.codes, recurs
    if key not in _FORMS:
        _FORMS[key] = asked(_formed(child), recurring=recurs)
    return _FORMS[key]


def _formed(child: Child) -> Check:
    def check(content: Any) -> bool:
        return type(content) is str and primitive_fault(content, child) is None

    glance = _GLANCES.get(child.type)
    return check if glance is None else lambda content: glance(content) or check(content)


def _has_no_blank(content: Any) -> bool:
    """What has no blank and nothing that is not shown has each of the forms that allow anything else. To see that takes
    a fifth of what the form itself does."""
    shown = type(content) is str and 0 < len(content) <= _LONGEST_GLANCE and content.isprintable()
    return shown and " " not in content


def _is_id(content: Any) -> bool:
    """A UUID, a number: what nearly all ids are."""
    text = type(content) is str and len(content) <= _LONGEST_ID and content.isascii()
    return text and content.replace("-", "").isalnum()


_GLANCES: dict[str, Check] = {"id": _is_id} | dict.fromkeys(("uri", "url", "canonical", "code"), _has_no_blank)


def _coded(child: Child) -> Check:
    """Whether a bound Coding or CodeableConcept has one of its codes: nearly always the first."""
    codes = child.codes or frozenset()

    def check(value: Any) -> bool:
        first = value["coding"][0] if type(value.get("coding")) is list and value["coding"] else value
        told = f"{first.get('system')}|{first.get('code')}" if type(first) is dict else ""
        return told in codes or binding_fault(value, child) is None

    return check


def _pointing(child: Child) -> Callable[[Any], None]:
    """What is asked of every Reference of an element; nearly all lead to `Type/id`."""
    targets = frozenset(child.targets)

    def check(reference: Any) -> None:
        literal, kind = reference.reference_, reference.type_
        if kind is not _ABSENT and (kind not in targets if targets else not kind.isalpha()):
            raise ValueError
        if targets and literal is not _ABSENT:
            named, _, rest = literal.partition("/")
            if (named not in targets or "/" in rest) and binding_fault({"reference": literal}, child):
                raise ValueError

    return check


def _period(value: Any) -> bool:
    return not backwards(value.get("start"), value.get("end"))


def _extension(value: Any) -> bool:
    return type(value) is dict and _one_of(value) and fits(value, _SHAPES.object("Extension"))


def _one_of(value: dict[str, Any]) -> bool:
    """A value or extensions, and not both: beside its url nearly every extension has one element only."""
    if len(value) == _URL_AND_ONE:
        return "id" not in value
    return sum([name.startswith("value") for name in value]) == ("extension" not in value)


_FORMS: dict[tuple[str, frozenset[str] | None, bool], Any] = {}
_RESOURCE = asked(_resource)
_EXTENSION = asked(_extension)
_SHAPES: Shapes = Shapes(_value, closed=True)
