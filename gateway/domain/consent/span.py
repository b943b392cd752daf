"""The first and the last moment that a FHIR date or period means; nothing where it means none.

Days, months and years are Danish ones, and the last day is included (rule 1). Years that no clock
reaches, such as the 9999-12-31 that many Danish systems write for "no end", are the end of time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from gateway.domain.when import BEGINNING, DANISH, END, instant, last_instant

_TICK = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


class Span(NamedTuple):
    """Two moments, both included."""

    low: datetime
    high: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies inside."""
        return self.low <= moment <= self.high


def span(text: object) -> Span | None:
    """All that a FHIR dateTime of any precision covers, or None when it is not one."""
    if not isinstance(text, str):
        return None
    try:
        return Span(instant(text), _last(text))
    except OverflowError:
        return Span(END, END) if text[:1] == "9" else Span(BEGINNING, BEGINNING)
    except ValueError:
        return None


def _last(text: str) -> datetime:
    if len(text) > 10:  # to the second, which is included whole; finer times mean themselves
        return instant(text) if "." in text else instant(text) + _SECOND - _TICK
    if text.startswith("9999"):
        return END
    return last_instant(text) - _TICK


def period(value: object) -> Span | None:
    """A FHIR Period, open where an end is left out; None when it says nothing, or nothing that can be understood."""
    if not isinstance(value, dict) or not value.keys() & {"start", "end"}:
        return None
    first = span(value["start"]) if "start" in value else Span(BEGINNING, BEGINNING)
    last = span(value["end"]) if "end" in value else Span(END, END)
    if first is None or last is None or first.low > last.high:
        return None
    return Span(first.low, last.high)


def year_after(moment: datetime) -> datetime:
    """The same day and time one year later by the Danish calendar; 29 February becomes 28 February."""
    try:
        local = moment.astimezone(DANISH)
        day = 28 if (local.month, local.day) == (2, 29) else local.day
        return local.replace(year=local.year + 1, day=day).astimezone(UTC)
    except (ValueError, OverflowError):
        return END
