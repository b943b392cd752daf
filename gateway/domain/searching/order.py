"""`_sort`: the order of matches, and the place of each in it, so that a page goes on where the last one ended.

R4 3.1.1.5.2. Of several values the first counts going up and the last going down; what has no value comes last either
way; what is alike in all of it stands in the order of ids. A place is JSON values: a link carries it to the next page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from functools import cmp_to_key
from typing import Any

from gateway.domain.searching.matching import dates, numbers
from gateway.domain.searching.matching.texts import folded, strings
from gateway.domain.searching.parameter import Parameter
from gateway.domain.searching.world import Body
from gateway.errors import BadRequest

Place = list[str | None]
"""One text for each order, None for no value, then what tells all apart: rank of the citizen, composed or not, id."""

MOST_ORDERS = 5
_WITHOUT = ("composite", "special")
_EXACT = Context(prec=60)  # the usual 28 digits are used up by what a number is shifted by
_UNORDERED = ("_content", "_text", "phonetic", "age")  # `birthdate` orders by age


@dataclass(frozen=True, slots=True)
class Order:
    """One parameter to sort by."""

    parameter: Parameter
    down: bool


def compile_orders(value: str, served: dict[str, Parameter]) -> tuple[Order, ...]:
    """`-date,status` understood. Raises BadRequest with what can be sorted by."""
    names = [one for one in value.split(",") if one]
    able = {name: one for name, one in served.items() if one.kind not in _WITHOUT and name not in _UNORDERED}
    if len(names) > MOST_ORDERS or any(name.removeprefix("-") not in able for name in names):
        raise BadRequest(
            "This cannot be sorted by", where="_sort", hint=f"Up to {MOST_ORDERS} of: {', '.join(sorted(able))}."
        )
    return tuple(Order(able[name.removeprefix("-")], name.startswith("-")) for name in names)


def place_of(orders: Sequence[Order], body: Body | None, rest: Sequence[str]) -> Place:
    """Where a resource stands."""
    return [*(_key(one, body or {}) for one in orders), *rest]


def sort_key(orders: Sequence[Order]) -> Callable[[Place], Any]:
    """For `sorted`, and to compare a place with the one that the last page ended at."""
    down = [one.down for one in orders]

    def compare(one: Place, other: Place) -> int:
        for at, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            if mine != theirs:
                if mine is None or theirs is None:
                    return 1 if mine is None else -1
                less = -1 if mine < theirs else 1
                return -less if at < len(down) and down[at] else less
        return 0

    return cmp_to_key(compare)


def _key(order: Order, body: Body) -> str | None:
    found = [text for item in order.parameter.extract(body) for text in _texts(order, item)]
    return (max(found) if order.down else min(found)) if found else None


def _texts(order: Order, item: Any) -> list[str]:
    kind = order.parameter.kind
    if kind == "date":
        span = dates.span(item)
        return [_moment(span[1] if order.down else span[0])] if span else []
    if kind in ("number", "quantity"):
        amount = numbers.amount(item)
        return [] if amount is None else [_figure(amount)]
    if kind == "string":
        return [folded(one) for one in strings(item)]
    return _codes(item)


def _codes(item: Any) -> list[str]:
    """Of a token its code or value, of a reference or uri its text."""
    if isinstance(item, bool):
        return [str(item).lower()]
    if isinstance(item, str):
        return [item]
    if not isinstance(item, dict):
        return []
    if "coding" in item:
        return [str(one["code"]) for one in item["coding"] if "code" in one]
    named = (item.get(name) for name in ("reference", "code", "value", "display", "text"))
    return [one for one in named if isinstance(one, str)][:1]


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def _figure(amount: Decimal) -> str:
    """A number as a text of the same order: numbers below zero first, turned about."""
    shifted = _EXACT.add(amount, Decimal(10**24))
    return f"{max(min(shifted, Decimal(10**25)), Decimal(0)):041.15f}"
