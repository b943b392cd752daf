"""Dates: both sides are ranges of their precision. R4 3.1.1.4.7."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.searching.matching.here import NOWHERE, Here
from gateway.domain.when import BEGINNING, END, instant, last_instant
from gateway.errors import BadRequest

Span = tuple[datetime, datetime]
Compare = Callable[[datetime, datetime, datetime, datetime], bool]

_TIME = r"T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?"
_DATE = re.compile(rf"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d{{4}}(?:-\d{{2}}(?:-\d{{2}}(?:{_TIME})?)?)?)", re.ASCII)


def make(name: str, modifier: str, value: str, here: Here = NOWHERE) -> Callable[[Any], bool]:
    """A test of a date, dateTime, instant, Period or Timing. `ap` reaches further by a tenth of the time between today
    and the date, as R4 recommends."""
    compare, low, high = compiled(name, value)
    if value.startswith("ap") and here.today is not None:
        wider = abs(instant(here.today.isoformat()) - low) / 10
        low = BEGINNING + max(low - BEGINNING - wider, timedelta())
        high = END - max(END - high - wider, timedelta())
    return lambda item: (found := span(item)) is not None and compare(*found, low, high)


def compiled(name: str, value: str) -> tuple[Compare, datetime, datetime]:
    """The comparison of a value's prefix, and the range that the value covers. A + that was not written %2B in a URL
    arrives as a blank, which can stand for nothing else here. Raises BadRequest."""
    found = _DATE.fullmatch(value.replace(" ", "+"))
    if found is None:
        hint = "For instance ge2025-03-14, or 2025-03-14T09:30:00Z (with minutes where there are hours)."
        raise BadRequest("This is not a date with an optional prefix", where=name, hint=hint)
    try:
        low, high = instant(found[2]), _end(found[2])
    except ValueError:
        raise BadRequest("This date does not exist", where=name) from None
    return _COMPARE[found[1] or "eq"], low, high


def exactly(name: str, value: str) -> tuple[datetime, datetime]:
    """The range that a time covers where none may be compared with it (`_since`, `_at`, `start`, `end`): a prefix that
    is left out of account would be an answer to another question. Raises BadRequest."""
    if value[:1].isalpha():
        raise BadRequest("This takes a date or time, and no prefix", where=name, hint="For instance 2025-03-14.")
    _, low, high = compiled(name, value)
    return low, high


def span(item: Any) -> Span | None:
    """The time that a value covers: [from, to). An open period has no bound on that side; a Timing covers all of its
    events, or its bounds. None for what has no time, or one that is no date."""
    try:
        return _span(item)
    except ValueError:
        return None


def _span(item: Any) -> Span | None:
    if isinstance(item, str):
        return instant(item), _end(item)
    if not isinstance(item, dict):
        return None
    if "start" in item or "end" in item:
        start = instant(item["start"]) if "start" in item else BEGINNING
        return start, _end(item["end"]) if "end" in item else END
    spans = [_span(one) for one in item.get("event", ())]
    bounds = item.get("repeat", {}).get("boundsPeriod")
    known = [one for one in [*spans, _span(bounds)] if one is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def _end(text: str) -> datetime:
    """The first moment after what a text names: a minute for 10:30, a second for 10:30:00, then the digits given."""
    if len(text) <= 10:
        return last_instant(text)
    clock = re.split(r"Z|[+-]", text[11:])[0]
    fraction = clock.partition(".")[2]
    if fraction:
        step = timedelta(microseconds=max(1, 10 ** (6 - min(len(fraction), 6))))
    else:
        step = timedelta(seconds=1) if clock.count(":") == 2 else timedelta(minutes=1)
    moment = instant(text)
    return moment + step if moment < END - step else END


# The value's range against the search range, both half open.
_COMPARE: dict[str, Compare] = {
    "eq": lambda start, end, low, high: start >= low and end <= high,
    "ne": lambda start, end, low, high: not (start >= low and end <= high),
    "gt": lambda start, end, low, high: end > high,
    "lt": lambda start, end, low, high: start < low,
    "ge": lambda start, end, low, high: end > low,  # a value that reaches into the searched day counts, as in practice
    "le": lambda start, end, low, high: start < high,
    "sa": lambda start, end, low, high: start >= high,
    "eb": lambda start, end, low, high: end <= low,
    "ap": lambda start, end, low, high: start <= high and end >= low,
}
