"""HL7 v2 times: `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`.

Policy:
- The precision that was sent is kept: 2025, 2025-03, 2025-03-14. FHIR has no hour without minutes and no time without
  seconds and zone, so those are filled with zero and the zone.
- A time without an offset is in the zone that MSH-7 tells for its message (2.A.22, 2.15.9.7), else in the source's. An
  offset that is simply the one of the source's zone as the message is sent tells of that zone: a time of the other half
  of the year has the other one (docs/decisions/0050). An hour that is skipped in spring is read with the offset of
  before (02:30 becomes 03:30 summer time); an hour that comes twice in autumn is the first one.
- Fractions of a second may stand without their point (20250314091530123), as some senders write milliseconds.
- 24:00:00 is midnight at the end of the day. Second 60 is refused.
- An offset after a date alone says nothing and is left out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_DTM = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\.\d{1,9}|\d{2,4})?)?)?)?)?)?([+-]\d{4})?", re.ASCII
)
WANTED = "an HL7 time such as 20250314, 202503140915 or 20250314091500+0100"
_UTC = ZoneInfo("UTC")


class NoTime(ValueError):
    """The text is no HL7 time. The exception's text says what was wanted and never repeats the value."""


@lru_cache(maxsize=4096)
def fhir(text: str, zone: tzinfo) -> str:
    """As a FHIR dateTime, in the precision sent. Raises NoTime."""
    match = _match(text)
    year, month, day, hour, _, _, fraction, _ = match.groups()
    if hour is None:
        _first_moment(year, month, day)
        return "-".join(part for part in (year, month, day) if part)
    moment = _moment(match, zone)
    offset = moment.strftime("%z")
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S').zfill(19)}{_point(fraction)}{offset[:3]}:{offset[3:5]}"


@lru_cache(maxsize=4096)
def day(text: str) -> str:
    """As a FHIR date, in the precision sent; a time of day is left out. Raises NoTime."""
    match = _match(text)
    year, month, day_of_month = match.group(1, 2, 3)
    moment = _moment(match, _UTC)
    if match[4]:
        return moment.strftime("%Y-%m-%d").zfill(10)
    return "-".join(part for part in (year, month, day_of_month) if part)


@lru_cache(maxsize=4096)
def instant(text: str, zone: tzinfo) -> datetime:
    """As a moment in UTC; a date is its first moment in the zone. Raises NoTime."""
    match = _match(text)
    local = _first_moment(*match.group(1, 2, 3)).replace(tzinfo=zone) if match[4] is None else _moment(match, zone)
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise NoTime(WANTED) from None


def of_message(sent: str, own: tzinfo) -> tzinfo:
    """The zone of a message's times that tell none, by its MSH-7 and the source's own zone."""
    if sent[-5:-4] not in ("+", "-"):
        return own
    return _told(sent[:-5][:10], sent[-5:], own)


@lru_cache(maxsize=4096)
def _told(hour: str, offset: str, own: tzinfo) -> tzinfo:
    """By the hour in which it was sent: no zone changes within one."""
    try:
        sent = _moment(_match(hour + offset), own)
        told = _offset(offset)
        return own if sent.replace(tzinfo=told).astimezone(own).utcoffset() == told.utcoffset(None) else told
    except (NoTime, OverflowError):
        return own


def _match(text: str) -> re.Match[str]:
    match = _DTM.fullmatch(text)
    if match is None:
        raise NoTime(WANTED)
    return match


def _first_moment(year: str, month: str | None, day_of_month: str | None) -> datetime:
    try:
        return datetime(int(year), int(month or 1), int(day_of_month or 1))  # noqa: DTZ001 - the zone comes later
    except ValueError:
        raise NoTime(f"{WANTED}; there is no such day") from None


def _moment(match: re.Match[str], zone: tzinfo) -> datetime:
    """The time with its zone, moved out of a spring gap."""
    year, month, day_of_month, hour, minute, second, fraction, offset = match.groups()
    start = _first_moment(year, month, day_of_month)
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    micro = int((_point(fraction)[1:] + "000000")[:6])
    midnight = hours == 24 and not (minutes or seconds or micro)
    if (hours > 23 and not midnight) or minutes > 59 or seconds > 59:
        raise NoTime(f"{WANTED}; there is no such time of day")
    try:
        local = start + timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=micro)
        if offset:
            return local.replace(tzinfo=_offset(offset))
        aware = local.replace(tzinfo=zone)
        back = aware.astimezone(UTC).astimezone(zone)
    except OverflowError:
        raise NoTime(WANTED) from None
    return back if back.replace(tzinfo=None) != local else aware


def _point(fraction: str | None) -> str:
    """`.123`, whether the point was sent or not; "" without a fraction."""
    return f".{fraction.removeprefix('.')}" if fraction else ""


@lru_cache(maxsize=256)
def _offset(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[3:5])
    if hours * 60 + minutes > 14 * 60 or minutes > 59:
        raise NoTime(f"{WANTED}; there is no such offset")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)
