"""Numbers and quantities: ranges of the digits given, with prefixes and units. R4 3.1.1.4.6, 3.1.1.4.12."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gateway.domain.searching.matching.texts import apart, unescaped
from gateway.errors import BadRequest

Span = tuple[Decimal, Decimal]

_NUMBER = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?([+-]?\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?)", re.ASCII)
_FIRST, _LAST = Decimal("-Infinity"), Decimal("Infinity")


def number(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    """`100`, `gt5.4`: a number without a unit."""
    test = compared(name, value)
    return lambda item: (found := _span(item)) is not None and test(found)


def quantity(name: str, modifier: str, value: str) -> Callable[[Any], bool]:
    """`5.4`, `gt5.4|http://unitsofmeasure.org|mg`, `5.4||mg`. Units are compared as they are written: nothing is
    converted, so 5000 ug is not found by 5 mg."""
    figure, *unit = apart(value, "|")
    if len(unit) not in (0, 2):
        raise BadRequest("This takes a number, or number|system|unit", where=name)
    test = compared(name, figure)
    system, code = map(unescaped, unit or ("", ""))

    def fits(item: Any) -> bool:
        if not isinstance(item, dict):
            return False
        measured = next((item[end] for end in ("low", "high", "origin") if end in item), item)
        if system and (measured.get("system") != system or (code and measured.get("code") != code)):
            return False
        if not system and code and code not in (measured.get("code"), measured.get("unit")):
            return False
        return (found := _span(item)) is not None and test(found)

    return fits


def amount(item: Any) -> Decimal | None:
    """What a value is sorted by: its number, the low end of a range."""
    found = _span(item)
    return None if found is None else next((one for one in found if one.is_finite()), None)


def _span(item: Any) -> Span | None:
    """From and to of a number, a Quantity with its comparator, a Range."""
    if isinstance(item, bool):
        return None
    if isinstance(item, int | Decimal):
        return Decimal(item), Decimal(item)
    if not isinstance(item, dict):
        return None
    if "low" in item or "high" in item:
        low, high = _value(item.get("low", {})), _value(item.get("high", {}))
        return _FIRST if low is None else low, _LAST if high is None else high
    value = _value(item.get("origin", item))
    if value is None:
        return None
    sign = item.get("comparator", "")
    return _FIRST if sign.startswith("<") else value, _LAST if sign.startswith(">") else value


def _value(item: Any) -> Decimal | None:
    value = item.get("value") if isinstance(item, dict) else None
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def compared(name: str, value: str) -> Callable[[Span], bool]:
    """The comparison of a value's prefix with the range of its digits. Raises BadRequest."""
    found = _NUMBER.fullmatch(value)
    if found is None:
        raise BadRequest("This is not a number with an optional prefix", where=name, hint="For instance gt5.4.")
    exact = Decimal(found[2])
    places = int(exact.as_tuple().exponent)
    half = Decimal(1).scaleb(places - (places > 0)) / 2  # of 1e2, as R4 has it: 95 to 105
    low, high = exact - half, exact + half
    near = abs(exact) / 10
    compare: dict[str, Callable[[Span], bool]] = {
        "eq": lambda one: low <= one[0] and one[1] < high,
        "ne": lambda one: not (low <= one[0] and one[1] < high),
        "gt": lambda one: one[1] > exact,
        "lt": lambda one: one[0] < exact,
        "ge": lambda one: one[1] >= exact,
        "le": lambda one: one[0] <= exact,
        "sa": lambda one: one[0] > exact,
        "eb": lambda one: one[1] < exact,
        "ap": lambda one: one[0] <= exact + near and one[1] >= exact - near,
    }
    return compare[found[1] or "eq"]
