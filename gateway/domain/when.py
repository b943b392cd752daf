"""FHIR dateTime and the moments behind it. Moments are UTC inside, Danish time with its offset outside."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DANISH = ZoneInfo("Europe/Copenhagen")
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)
"""The first and the last moment: what a text names beyond them is one of them. Many systems write 9999-12-31."""


def in_force(day: str, first: str, last: str) -> bool:
    """Whether a row of a table holds on a day (2026-01-31): `first` and `last` are included, "" is no bound."""
    return first <= day and (not last or day <= last)


def danish_day(moment: datetime) -> str:
    """The day in Denmark (2026-01-31), by which rows of tables hold. Days there begin on a full hour of UTC."""
    return _day_of_hour(moment.timestamp() // 3600)


@lru_cache(maxsize=64)
def _day_of_hour(hour: float) -> str:
    return datetime.fromtimestamp(hour * 3600, DANISH).date().isoformat()


@lru_cache(maxsize=4096)
def said_time(moment: datetime) -> str:
    """A moment as FHIR dateTime in Danish time, to the second (finer only where it is finer)."""
    local = moment.astimezone(DANISH)
    return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds")


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """The first moment of a FHIR dateTime of any precision (R4 2.24.0.1); dates without a time are Danish days.

    A leap second is the second before it. Raises ValueError for what is no date.
    """
    return _parse(text)


@lru_cache(maxsize=4096)
def last_instant(text: str) -> datetime:
    """The first moment after a FHIR dateTime's precision has run out: an end day lasts until midnight."""
    if len(text) > 10:
        return _parse(text)
    year, month = int(text[:4]), int(text[5:7] or 12)
    if len(text) < 10:
        return END if (year, month) == (MAXYEAR, 12) else _midnight(date(year + month // 12, month % 12 + 1, 1))
    day = date.fromisoformat(text)
    return END if day == date.max else _midnight(day + timedelta(days=1))


def _parse(text: str) -> datetime:
    if len(text) > 10:
        moment = datetime.fromisoformat(text[:17] + "59" + text[19:] if text[17:19] == "60" else text)
        return _utc(moment if moment.tzinfo else moment.replace(tzinfo=DANISH))
    parts = [int(part) for part in text.split("-")]
    return _midnight(date(*[*parts, 1, 1][:3]))


def _midnight(day: date) -> datetime:
    return _utc(datetime.combine(day, time(), DANISH))


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return BEGINNING if moment.year == 1 else END
