"""Whether a resource keeps to R4 in all that structure.py looks for: yes or no, and quickly.

Nearly every resource does, and then nobody asks where it does not: structure.py finds that out, at several times the
cost. What this cannot judge at a glance it does not call flawless.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway.translate.fhir.shape import NUMBERS, Child, children, is_resource
from gateway.translate.fhir.values import backwards, binding_fault, primitive_fault

Check = Callable[[Any], bool]

# Systems and codes recur from message to message; what was found to fit once is known. Never names, numbers or dates.
_RECURRING = frozenset({"uri", "url", "canonical", "code"})
_MOST_KNOWN = 4096
_LONGEST_KNOWN = 200


def is_flawless(resource: Any) -> bool:
    """True only where `structure` finds no fault."""
    kind = resource.get("resourceType") if type(resource) is dict else None
    return is_resource(kind) and _fits(resource, _table(kind))


@dataclass(frozen=True, slots=True)
class _Table:
    """By element: whether it repeats, the check of a value, and the bit of its choice. `needed` are the bits that must
    be there. `further` is what is asked of the whole object."""

    rows: dict[str, tuple[bool, Check, int]]
    needed: int
    resource: bool
    further: Check | None


def _fits(value: dict[str, Any], table: _Table) -> bool:
    rows, seen = table.rows, 0
    for name, content in value.items():
        row = rows.get(name)
        if row is None:
            if name == "resourceType" and table.resource:
                continue
            return False
        is_list, check, bit = row
        if is_list:
            if type(content) is not list or not content:
                return False
            for item in content:
                if not check(item):
                    return False
        elif not check(content):
            return False
        if seen & bit:
            return False
        seen |= bit
    if seen & table.needed != table.needed or not (seen or table.resource):
        return False
    return table.further is None or table.further(value)


@functools.cache
def _table(shape: str) -> _Table:
    found = children(shape)
    bits = {choice: 1 << at for at, choice in enumerate(dict.fromkeys(child.choice for child in found.values()))}
    rows = {name: (child.is_list, _check(child), bits[child.choice]) for name, child in found.items()}
    needed = sum({bits[child.choice] for child in found.values() if child.required})
    return _Table(rows, needed, is_resource(shape), _FURTHER.get(shape))


def _check(child: Child) -> Check:
    if child.type == "Resource":
        return is_flawless
    if not child.primitive:
        return _object(child)
    if child.type == "boolean":
        return lambda content: content is True or content is False
    if child.type == "decimal" or child.type in NUMBERS:
        return lambda content: type(content) in (int, Decimal) and primitive_fault(content, child) is None
    return _text(child)


def _text(child: Child) -> Check:
    known: set[str] = set()
    keeps = child.type in _RECURRING

    def check(content: Any) -> bool:
        if type(content) is not str:
            return False
        if content in known:
            return True
        fits = primitive_fault(content, child) is None
        if fits and keeps and len(content) <= _LONGEST_KNOWN and len(known) < _MOST_KNOWN:
            known.add(content)
        return fits

    return check


def _object(child: Child) -> Check:
    shape, bound = child.shape, child.codes is not None or (child.type == "Reference" and child.targets)
    table: _Table | None = None

    def check(content: Any) -> bool:
        nonlocal table
        if type(content) is not dict:
            return False
        if table is None:  # not before: types hold each other
            table = _table(shape)
        return _fits(content, table) and (not bound or binding_fault(content, child) is None)

    return check


def _extension(value: dict[str, Any]) -> bool:
    return ("extension" in value) != any(name.startswith("value") for name in value)


def _period(value: dict[str, Any]) -> bool:
    return not backwards(value.get("start"), value.get("end"))


_FURTHER: dict[str, Check] = {"Extension": _extension, "Period": _period}
