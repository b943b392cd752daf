"""Nodes of a resource as FHIRPath sees them: a value, its R4 type, its children; and how two of them compare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.translate.fhir.shape import Child, children
from gateway.translate.r4 import Facts


class Undecided(Exception):
    """What the expression asks cannot be known from the resource alone."""


@dataclass(frozen=True, slots=True)
class Item:
    """One node. `shape` is its R4 type or inner element, empty for what the expression itself made (a number, a
    text). `beside` is what stands beside a primitive: its id and extensions. `facts` are the definitions in force."""

    value: Any
    shape: str = ""
    beside: Any = None
    facts: Facts | None = None

    def below(self, name: str = "") -> Iterator[Item]:
        """The children of a name, choices by their stem; all of them without a name."""
        if isinstance(self.value, dict):
            yield from _children(self.value, self.shape, self.facts, name)
        elif isinstance(self.beside, dict):
            yield from _children(self.beside, "Element", self.facts, name)

    def under(self) -> Iterator[Item]:
        """All descendants, without recursion: resources may be deep."""
        waiting = [self]
        while waiting:
            found = list(waiting.pop().below())
            yield from found
            waiting += found

    def is_a(self, name: str) -> bool:
        """Whether it is of a type or one that specialises it. System types are spelled with a capital: `Boolean`."""
        if not self.shape:
            return name.lower() == _SYSTEM.get(type(self.value), "")
        kind, known = self.shape, self.facts
        while kind:
            if kind.lower() == name.lower():
                return True
            kind = known.base(kind) if known else ""
        return False


_SYSTEM = {str: "string", bool: "boolean", int: "integer", Decimal: "decimal"}


def _children(value: dict[str, Any], shape: str, facts: Facts | None, wanted: str) -> Iterator[Item]:
    table = children(shape, facts) if shape else {}
    if wanted == "resourceType":
        return
    for name in dict.fromkeys(key.removeprefix("_") for key in value):
        child = table.get(name)
        if child is None or (wanted and wanted not in (name, child.choice.removesuffix("[x]"))):
            continue
        content, beside = value.get(name), value.get(f"_{name}")
        for item, _ in items_of(content, beside, child, facts):
            yield item


def items_of(content: Any, beside: Any, child: Child, facts: Facts | None) -> Iterator[tuple[Item, str]]:
    """The items of one element, each with its number in brackets. One whose shape is wrong is passed over."""
    if not child.is_list:
        yield from ((item, "") for item in _item(content, beside, child, facts))
        return
    contents = content if isinstance(content, list) else []
    extras = beside if isinstance(beside, list) else []
    for at in range(max(len(contents), len(extras))):
        one = contents[at] if at < len(contents) else None
        extra = extras[at] if at < len(extras) else None
        yield from ((item, f"[{at}]") for item in _item(one, extra, child, facts))


def _item(content: Any, beside: Any, child: Child, facts: Facts | None) -> Iterator[Item]:
    if child.primitive:
        extra = beside if isinstance(beside, dict) else None
        if isinstance(content, str | bool | int | Decimal | float) or (content is None and extra):
            yield Item(content, child.type, extra, facts)
        return
    if isinstance(content, dict):
        shape = str(content.get("resourceType", "")) if child.type == "Resource" else child.shape
        if children(shape, facts):
            yield Item(content, shape, None, facts)


def alike(left: Item, right: Item) -> bool:
    """Equality of two nodes (`=`)."""
    one, other = left.value, right.value
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str) and (_MOMENT.fullmatch(one) and _MOMENT.fullmatch(other)):
        found = order(left, right)
        return found == 0
    return bool(one == other)


_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)


def order(left: Item, right: Item) -> int | None:
    """-1, 0 or 1; None where the two cannot be told apart (dates of unequal precision). Raises Undecided."""
    one, other = left.value, right.value
    if isinstance(one, dict) and isinstance(other, dict):
        return _quantities(one, other)
    if isinstance(one, str) and isinstance(other, str):
        first, second = _MOMENT.fullmatch(one), _MOMENT.fullmatch(other)
        return _moments(first, second) if first and second else (one > other) - (one < other)
    if isinstance(one, _NUMBERS) and isinstance(other, _NUMBERS):
        return (one > other) - (one < other)
    raise Undecided


_NUMBERS = (int, Decimal, float)


def _quantities(one: dict[str, Any], other: dict[str, Any]) -> int:
    values = one.get("value"), other.get("value")
    same = all(one.get(name) == other.get(name) for name in ("system", "code", "unit"))
    if not same or not all(isinstance(value, _NUMBERS) for value in values):
        raise Undecided
    return (values[0] > values[1]) - (values[0] < values[1])  # type: ignore[operator]


def _moments(one: re.Match[str], other: re.Match[str]) -> int | None:
    """Part by part, as far as both tell; with a zone each, on one clock."""
    first, second = _parts(one), _parts(other)
    if one[7] and other[7]:
        try:
            clocks = [datetime.fromisoformat(match[0]).timestamp() for match in (one, other)]
        except ValueError:
            raise Undecided from None
        return (clocks[0] > clocks[1]) - (clocks[0] < clocks[1])
    for mine, theirs in zip(first, second, strict=False):
        if mine != theirs:
            return 1 if mine > theirs else -1
    return 0 if len(first) == len(second) else None


def _parts(match: re.Match[str]) -> list[Decimal]:
    return [Decimal(part) for part in match.groups()[:6] if part]
