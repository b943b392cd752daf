"""FHIR dates and periods as people read them, in Danish time: in Danish, or in English where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

_ZONE = ZoneInfo("Europe/Copenhagen")
_MONTHS = {
    "da": "januar februar marts april maj juni juli august september oktober november december".split(),
    "en": "January February March April May June July August September October November December".split(),
}
_PERIODS = {"da": ("fra", "til", " kl. 0.00"), "en": ("from", "to", ", 0:00")}


def period(told: Mapping[str, Any] | None, language: str = "da") -> str:
    """A Period: `2. marts 2026 til 16. marts 2026 kl. 11.00`, `fra …`, `til …`. A midnight that something begins at is
    a day: nobody decided or met then.

    >>> period({"start": "2025-03-14", "end": "2025-04-01"}, "en")
    '14 March 2025 to 1 April 2025'
    """
    begins, to, midnight = _PERIODS.get(language, _PERIODS["da"])
    start, end = (moment((told or {}).get(name), language) for name in ("start", "end"))
    start = start.removesuffix(midnight)
    if start and end:
        return start if start == end else f"{start} {to} {end}"
    return f"{begins} {start}" if start else f"{to} {end}" if end else ""


def moment(told: object, language: str = "da") -> str:
    """A date or dateTime, as precise as it is: `2025`, `marts 2025`, `14. marts 2025 kl. 9.30`; else as it came.

    >>> moment("2025-03-14T09:30:00+01:00", "en")
    '14 March 2025, 9:30'
    """
    text, danish, months = _written(told), language != "en", _MONTHS.get(language, _MONTHS["da"])
    try:
        if "T" in text:
            at = datetime.fromisoformat(text).astimezone(_ZONE)
            day = _day(at.date(), months, danish)
            return f"{day} kl. {at.hour}.{at:%M}" if danish else f"{day}, {at.hour}:{at:%M}"
        if len(text) == 10:
            return _day(date.fromisoformat(text), months, danish)
        if len(text) == 7:
            return f"{months[int(text[5:]) - 1]} {int(text[:4])}"
    except (ValueError, IndexError):
        return text
    return text


def _written(told: object) -> str:
    return told.isoformat() if isinstance(told, date) else str(told or "")


def _day(day: date, months: Sequence[str], danish: bool) -> str:
    return f"{day.day}{'.' if danish else ''} {months[day.month - 1]} {day.year}"
