"""The shapes of R4 as types that msgspec holds a tree against, object by object without a step of Python: a third of
the time that walking it takes. What a shape asks beyond types (a choice, a form, a code) is asked of that value alone.

Whoever makes such types says what a value of an element is to be (`Shapes`). One is made when it is first asked for.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import GenericAlias
from typing import Annotated, Any

import msgspec

from gateway.translate.fhir.shape import Child, children, is_resource
from gateway.translate.r4 import facts

Check = Callable[[Any], bool]
_ABSENT = msgspec.UNSET
_MOST_KNOWN = 4096
_LONGEST_KNOWN = 200
_NO_FIT = (msgspec.ValidationError, TypeError, ValueError, RecursionError)


def asked(check: Check, *, recurring: bool = False) -> Any:
    """A type of the values that pass a check. Where they are `recurring` from message to message (systems, codes, never
    names or numbers), what passed once is known, and told without a step of Python."""

    def ask(value: Any) -> Any:
        if check(value):
            return made.passed
        raise ValueError

    made: Any = type("Asked", (), {"check": staticmethod(check), "__class_getitem__": staticmethod(ask)})
    made.passed = made()
    if recurring:
        made.__class_getitem__ = _Known(ask).__getitem__
    return made


def also(check: Check, kind: Any) -> Any:
    """A type of the objects that are of a type and pass a check."""
    return asked(lambda value: type(value) is dict and check(value) and fits(value, kind))


class _Known(dict[str, Any]):
    """What was found to fit, and what is said of it."""

    def __init__(self, ask: Check) -> None:
        self._ask = ask

    def __missing__(self, value: str) -> Any:
        passed = self._ask(value)
        if len(value) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[value] = passed
        return passed


# What msgspec calls with a type of `asked` and a value: `kind[value]`, which takes no function of Python in between.
_ASK: Any = operator.getitem


def check_of(kind: Any) -> Check:
    """The check whether a tree is of a type."""
    check: Check | None = getattr(kind, "check", None)
    return check or (lambda value: fits(value, kind))


def fits(value: Any, kind: Any) -> bool:
    """Whether a tree is of a type."""
    try:
        msgspec.convert(value, kind, dec_hook=_ASK)
    except _NO_FIT:
        return False
    return True


class Shapes:
    """One way to read R4. `value` gives the type of an element's value, an object's by `object`. Where it is `closed`,
    required elements must be there, and no others than R4's, and no list is empty."""

    def __init__(self, value: Callable[[Child], Any], *, closed: bool) -> None:
        self._value = value
        self._closed = closed
        self._made: dict[Any, Any] = {}

    def object(self, shape: str, further: Callable[[Any], None] | None = None, about: object = None) -> Any:
        """The type of an object. `further` is asked of every one: it may raise ValueError; its elements are attributes
        with an underscore behind their names (`start_`), UNSET where absent. `about` tells shapes with different
        `further` apart."""
        shape = facts().home(shape) or shape
        key = shape, about
        if key not in self._made:
            self._made[key] = None
            self._made[key] = self._type(shape, further)
        # Types hold each other; one that is not ready is looked up when a value is there.
        return self._made[key] or asked(lambda value: fits(value, self._made[key]))

    def _type(self, shape: str, further: Callable[[Any], None] | None) -> Any:
        found = children(shape)
        fields = [self._field(child) for child in found.values()]
        if not self._closed:  # what stands beside a primitive is not judged at a glance
            fields += [(f"beside_{n}", _NEVER | _UNSET, _ABSENT) for n, child in found.items() if child.primitive]
        resource = shape if self._closed and is_resource(shape) else None
        made = msgspec.defstruct(
            shape.replace(".", ""),
            fields,
            namespace={"__post_init__": further} if further else None,
            rename={name: _written(name) for name, *_ in fields},
            tag_field="resourceType" if resource else None,
            tag=resource,
            forbid_unknown_fields=self._closed,
            kw_only=True,
            eq=False,
            gc=False,
        )
        choices = _choices(found) if self._closed and shape != "Extension" else None
        return also(lambda value: _chosen(value, choices), made) if choices else made

    def _field(self, child: Child) -> Any:
        kind = self._value(child)
        if child.is_list:
            kind = Annotated[GenericAlias(list, (kind,)), msgspec.Meta(min_length=1 if self._closed else 0)]
        if self._closed and child.required and child.choice == child.name:
            return f"{child.name}_", kind
        return f"{child.name}_", kind | _UNSET, _ABSENT


def _written(field: str) -> str:
    return f"_{field.removeprefix('beside_')}" if field.startswith("beside_") else field.removesuffix("_")


_Choices = tuple[frozenset[str], list[tuple[frozenset[str], bool]]]


def _choices(found: dict[str, Child]) -> _Choices | None:
    """All names of choices; the names of each, and whether one of them is required. None where there is no choice."""
    names: dict[str, list[Child]] = {}
    for child in found.values():
        if child.choice != child.name:
            names.setdefault(child.choice, []).append(child)
    groups = [(frozenset(child.name for child in group), group[0].required) for group in names.values()]
    return (frozenset().union(*(group for group, _ in groups)), groups) if groups else None


def _chosen(value: dict[str, Any], choices: _Choices) -> bool:
    names, groups = choices
    if names.isdisjoint(value):
        return not any(required for _, required in groups)
    there = names.intersection(value)
    return all(len(group & there) == 1 or (not required and group.isdisjoint(there)) for group, required in groups)


_UNSET = msgspec.UnsetType
_NEVER = asked(lambda value: False)
