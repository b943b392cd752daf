"""FHIR dates and periods as Danes read them, in Danish time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

_ZONE = ZoneInfo("Europe/Copenhagen")
_MONTHS = "januar februar marts april maj juni juli august september oktober november december".split()


def period(told: Mapping[str, Any] | None) -> str:
    """A Period: `2. marts 2026 til 16. marts 2026 kl. 11.00`, `fra …`, `til …`. A midnight that something begins at is
    a day: nobody decided or met then."""
    start, end = moment((told or {}).get("start")).removesuffix(" kl. 0.00"), moment((told or {}).get("end"))
    if start and end:
        return start if start == end else f"{start} til {end}"
    return f"fra {start}" if start else f"til {end}" if end else ""


def moment(text: object) -> str:
    """A date or dateTime, as precise as it is: `2025`, `marts 2025`, `14. marts 2025 kl. 9.30`; else as it came."""
    told = str(text or "")
    try:
        if "T" in told:
            at = datetime.fromisoformat(told).astimezone(_ZONE)
            return f"{_day(at.date())} kl. {at.hour}.{at:%M}"
        if len(told) == 10:
            return _day(date.fromisoformat(told))
        if len(told) == 7:
            return f"{_MONTHS[int(told[5:]) - 1]} {int(told[:4])}"
    except (ValueError, IndexError):
        return told
    return told


def _day(day: date) -> str:
    return f"{day.day}. {_MONTHS[day.month - 1]} {day.year}"
