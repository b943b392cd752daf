"""The shapes of R4 as types that msgspec holds a tree against, object by object without a step of Python: a third of
the time that walking it takes. What a shape asks beyond types (a choice, a form, a code) is asked of that value alone.

Whoever makes such types says what a value of an element is to be (`Shapes`). One is made when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Annotated, Any

import msgspec

from gateway.translate.fhir.shape import Child, children, is_resource
from gateway.translate.r4 import facts

Check = Callable[[Any], bool]
_ABSENT = msgspec.UNSET
_NO_FIT = (msgspec.ValidationError, TypeError, ValueError, RecursionError)


def asked(check: Check) -> Any:
    """A type of the values that pass a check."""
    made = type("Asked", (), {"check": staticmethod(check)})
    made.passed = made()  # type: ignore[attr-defined]
    return made


def _ask(kind: Any, value: Any) -> Any:
    if kind.check(value):
        return kind.passed
    raise ValueError


def check_of(kind: Any) -> Check:
    """The check whether a tree is of a type."""
    check: Check | None = getattr(kind, "check", None)
    return check or (lambda value: fits(value, kind))


def fits(value: Any, kind: Any) -> bool:
    """Whether a tree is of a type."""
    try:
        msgspec.convert(value, kind, dec_hook=_ask)
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
        choices = _choices(found) if self._closed and shape != "Extension" else {}
        return asked(lambda value: _chosen(value, choices) and fits(value, made)) if choices else made

    def _field(self, child: Child) -> Any:
        kind = self._value(child)
        if child.is_list:
            kind = Annotated[GenericAlias(list, (kind,)), msgspec.Meta(min_length=1 if self._closed else 0)]
        if self._closed and child.required and child.choice == child.name:
            return f"{child.name}_", kind
        return f"{child.name}_", kind | _UNSET, _ABSENT


def _written(field: str) -> str:
    return f"_{field.removeprefix('beside_')}" if field.startswith("beside_") else field.removesuffix("_")


def _choices(found: dict[str, Child]) -> dict[frozenset[str], bool]:
    """The names of each choice, and whether one of them is required."""
    names: dict[str, list[Child]] = {}
    for child in found.values():
        if child.choice != child.name:
            names.setdefault(child.choice, []).append(child)
    return {frozenset(c.name for c in group): group[0].required for group in names.values()}


def _chosen(value: Any, choices: dict[frozenset[str], bool]) -> bool:
    if type(value) is not dict:
        return False
    for names, required in choices.items():
        if not names.isdisjoint(value):
            if len(names.intersection(value)) > 1:
                return False
        elif required:
            return False
    return True


_UNSET = msgspec.UnsetType
_NEVER = asked(lambda value: False)
