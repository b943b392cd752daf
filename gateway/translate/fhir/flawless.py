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
from gateway.translate.fhir.typed import Check, Shapes, asked, check_of, fits
from gateway.translate.fhir.values import LONGEST_TEXT, backwards, binding_fault, primitive_fault

_ABSENT = msgspec.UNSET
_PLAIN = frozenset({"string", "markdown"})
_WITHOUT_BLANKS = frozenset({"uri", "url", "canonical", "code"})

_CONTROL = re.compile(rb"\\(?:[bf]|u00[01])")  # as orjson writes one
_LONGEST_GLANCE = 4096
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
        return _also(_period, _SHAPES.object("Period"))
    if not child.primitive:
        kind = _SHAPES.object(child.shape)
        return kind if child.codes is None else _also(lambda value: binding_fault(value, child) is None, kind)
    if child.type == "boolean":
        return bool
    if child.type == "decimal" or child.type in NUMBERS:
        return asked(lambda value: type(value) in (int, Decimal) and primitive_fault(value, child) is None)
    if child.codes:
        return Literal[tuple(child.codes)]
    return _TEXT if child.type in _PLAIN or child.name == "type" else asked(_form(child))


def _also(check: Check, kind: Any) -> Any:
    """A type that asks something more."""
    return asked(lambda value: type(value) is dict and check(value) and fits(value, kind))


def _form(child: Child) -> Check:
    """What has no blank and nothing that is not shown has each of the forms that allow anything else; to see that
    takes a fifth of what the form itself does."""
    if child.type not in _WITHOUT_BLANKS:
        return lambda content: type(content) is str and primitive_fault(content, child) is None

    def check(content: Any) -> bool:
        if type(content) is not str:
            return False
        if content.isprintable() and " " not in content and 0 < len(content) <= _LONGEST_GLANCE:
            return True
        return primitive_fault(content, child) is None

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
    """A value or extensions, and not both."""
    if type(value) is not dict or sum([name.startswith("value") for name in value]) != ("extension" not in value):
        return False
    return fits(value, _SHAPES.object("Extension"))


_RESOURCE = asked(_resource)
_EXTENSION = asked(_extension)
_SHAPES = Shapes(_value, closed=True)
