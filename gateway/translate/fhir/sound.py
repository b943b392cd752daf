"""Whether the known elements of a resource have the shape that R4 gives them: yes or no, and quickly.

The shapes of R4 are types that msgspec holds a tree against, without a step of Python for each object. Nearly every
resource is sound, and then nobody asks where it is not: structure.py finds that out, at twenty times the cost. What
this cannot judge at a glance (a list of primitives with nulls in it) it does not call sound.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from types import GenericAlias
from typing import Any

import msgspec

from gateway.translate.fhir.shape import NUMBERS, Child, children, is_resource
from gateway.translate.r4 import facts

_NUMBERS = frozenset({int, float, Decimal})
_NO_FIT = (msgspec.ValidationError, TypeError, ValueError, LookupError, RecursionError)


def is_sound(resource: dict[str, Any]) -> bool:
    """No list where one value belongs, no text for an object, no null. What R4 does not know is not looked at."""
    try:
        return _holds(resource)
    except _NO_FIT:
        return False


def _holds(resource: Any) -> bool:
    """True, or one of `_NO_FIT` is raised."""
    return _fits(resource, _RESOURCES[resource["resourceType"]])


def _fits(value: Any, kind: Any) -> bool:
    msgspec.convert(value, kind, dec_hook=_ASK)
    return True


class _Resources(dict[str, Any]):
    """The types of resources; anything fits what is no type of R4."""

    def __missing__(self, name: str) -> Any:
        if is_resource(name):
            self[name] = found = _object(name)
            return found
        if isinstance(name, str):
            return Any
        raise TypeError


def _asked(check: Callable[[Any], bool]) -> Any:
    """A type of the values that pass a check."""

    def ask(value: Any) -> Any:
        if check(value):
            return passed
        raise ValueError

    made = type("Asked", (), {"__class_getitem__": staticmethod(ask)})
    passed = made()
    return made


def _object(shape: str) -> Any:
    """The type of an object. Types hold each other: one that is not ready is looked up when a value is there."""
    shape = facts().home(shape) or shape
    if shape not in _MADE:
        _MADE[shape] = None
        _MADE[shape] = _type(shape)
    return _MADE[shape] or _asked(lambda value: _fits(value, _MADE[shape]))


def _type(shape: str) -> Any:
    found = children(shape)
    kinds = [(f"{n}_", GenericAlias(list, (_value(c),)) if c.is_list else _value(c)) for n, c in found.items()]
    element = _object("Element")
    beside = [
        (f"beside_{n}", GenericAlias(list, (element,)) if child.is_list else element)
        for n, child in found.items()
        if child.primitive
    ]
    written = {f"{n}_": n for n in found} | {f"beside_{n}": f"_{n}" for n in found}
    return msgspec.defstruct(
        shape.replace(".", ""),
        [(name, kind | msgspec.UnsetType, msgspec.UNSET) for name, kind in (*kinds, *beside)],
        rename=written,
        kw_only=True,
        eq=False,
        gc=False,
    )


def _value(child: Child) -> Any:
    if child.type == "Resource":
        return _RESOURCE
    if not child.primitive:
        return _object(child.shape)
    if child.type == "boolean":
        return bool
    return _NUMBER if child.type == "decimal" or child.type in NUMBERS else str


# What msgspec calls with a type of `_asked` and a value: `kind[value]`, which takes no function of Python in between.
_ASK: Any = operator.getitem
_MADE: dict[str, Any] = {}
_RESOURCES = _Resources()
_RESOURCE = _asked(_holds)
_NUMBER = _asked(lambda value: type(value) in _NUMBERS)
