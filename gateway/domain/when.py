"""FHIR dateTime and the moments behind it. Moments are UTC inside, Danish time with its offset outside."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DANISH = ZoneInfo("Europe/Copenhagen")


@lru_cache(maxsize=4096)
def said_time(moment: datetime) -> str:
    """A moment as FHIR dateTime in Danish time, to the second (finer only where it is finer)."""
    local = moment.astimezone(DANISH)
    return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds")


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """The first moment of a FHIR dateTime of any precision (R4 2.24.0.1); dates without a time are Danish days."""
    return _parse(text)


@lru_cache(maxsize=4096)
def last_instant(text: str) -> datetime:
    """The first moment after a FHIR dateTime's precision has run out: an end day lasts until midnight."""
    if len(text) > 10:
        return _parse(text)
    if len(text) == 4:
        return _midnight(date(int(text) + 1, 1, 1))
    if len(text) == 7:
        year, month = int(text[:4]), int(text[5:7])
        return _midnight(date(year + month // 12, month % 12 + 1, 1))
    return _midnight(date.fromisoformat(text) + timedelta(days=1))


def _parse(text: str) -> datetime:
    if len(text) > 10:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=DANISH)).astimezone(UTC)
    parts = [int(part) for part in text.split("-")]
    return _midnight(date(*[*parts, 1, 1][:3]))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), DANISH).astimezone(UTC)
