"""Paths into the group that a `for` gives: `GOL/ROL-4` inside `for: GOL` is of the roles of this goal alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.translate.hl7v2.parse import Component, Segment
from gateway.translate.rules.reader import Path

Scope = Any
Numbers = tuple[int, int, int]
"""Field, component, sub-component; 0 is *not narrowed further*."""


def of_group(path: str, field: str, level: int, name: str, numbers: Numbers) -> Path:
    """The path `path`, in its normal form `field`: the segments `name` in the group of the scope at `level`."""
    number, component, subcomponent = numbers

    def segments(scope: Scope) -> list[Segment]:
        return [segment for segment in getattr(scope, "inner", ()) if segment.name == name]

    def nodes(scope: Scope) -> Sequence[Scope]:
        found: list[Scope] = []
        for segment in segments(scope):
            found += _within(segment, number, component, subcomponent) if number else (segment,)
        return found

    def node(scope: Scope) -> Scope | None:
        return next(iter(nodes(scope)), None)

    def values(scope: Scope) -> Sequence[str]:
        if not number:
            return ()
        repetitions = (repetition for segment in segments(scope) for repetition in segment.repetitions(number))
        return [text for one in repetitions if (text := one.value(component or 1, subcomponent or 1))]

    def value(scope: Scope) -> str:
        return next(iter(values(scope)), "")

    def where(scopes: tuple[Scope, ...]) -> str:
        found = segments(scopes[level])
        rest = [one for one in (number, 1 if component else 0, component, subcomponent) if one]
        return found[0].place(*rest) if found else "^".join(map(str, (name, 1, *rest)))

    return Path(path, field, level, value, values, node, nodes, lambda scope: False, where)


def _within(segment: Segment, number: int, component: int, subcomponent: int) -> Sequence[Scope]:
    """The repetitions of a field, their components (as scopes) or sub-components (as texts), without the empty ones."""
    found = segment.repetitions(number)
    if subcomponent:
        return [text for one in found if (text := one.value(component, subcomponent))]
    return [Component(one, component) for one in found if one.holds(component)] if component else found
