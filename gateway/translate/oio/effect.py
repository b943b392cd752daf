"""Virkning: from when to when something is true (SF1470 general guide, chapter 11).

`FraTidspunkt` is inclusive, `TilTidspunkt` exclusive; FHIR `Period.end` is inclusive. An end that never comes is
written `<GraenseIndikator>true</GraenseIndikator>`, `infinity` or 9999-12-31, and becomes an absent end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from gateway.domain.registered import moment_text
from gateway.translate.oio.tree import Inside, Node

# xs:dateTime, and what the guide prints instead: "2014-03-23 T14:54:23.234+01.00".
_WRITTEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:\s*[T ]\s*(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?)?"
    r"\s*(Z|[+-]\d\d[:.]?\d\d)?",
    re.ASCII,
)
_START, _END = "Virkning/FraTidspunkt", "Virkning/TilTidspunkt"
_START_STAMP, _END_STAMP = f"{_START}/TidsstempelDatoTid", f"{_END}/TidsstempelDatoTid"
_START_LIMIT, _END_LIMIT = f"{_START}/GraenseIndikator", f"{_END}/GraenseIndikator"
UNREADABLE, EARLY = "unreadable", "early"
_MOST = 4096  # times that are remembered: most parts of a case are true from the same day on
_LONGEST = 128  # characters of one: anybody may send longer ones, and what is remembered stays
_DAY, _SECOND, _MILLISECOND, _MICROSECOND = (
    timedelta(**{f"{unit}s": 1}) for unit in ("day", "second", "millisecond", "microsecond")
)
_FOREVER = re.compile(r"\+?infinity|9999-12-31.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time as finely as it was written: `step` is one unit of that fineness (a day to a microsecond)."""

    at: datetime
    step: timedelta

    def fhir(self) -> str:
        """FHIR date or dateTime of the same fineness.

        >>> Instant(datetime(2025, 3, 1, tzinfo=UTC), timedelta(days=1)).fhir()
        '2025-03-01'
        """
        if self.step >= _DAY:
            return self.at.date().isoformat()
        if self.step >= _SECOND:
            return self.at.isoformat(timespec="seconds")
        return self.at.isoformat(timespec="milliseconds" if self.step >= _MILLISECOND else "microseconds")

    @property
    def utc(self) -> datetime:
        """The same moment in UTC."""
        return self.at.astimezone(UTC)

    def before(self) -> Instant:
        """The last instant that lies before this one: what an inclusive end says of an exclusive one."""
        if self.step >= _DAY:
            return Instant(self.at - self.step, self.step)
        return Instant((self.at.astimezone(UTC) - self.step).astimezone(self.at.tzinfo), self.step)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open: `start` belongs to it, `end` does not. None is open."""

    start: Instant | None = None
    end: Instant | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether it is true at this moment."""
        after_start = self.start is None or self.start.at <= moment
        return after_start and (self.end is None or moment < self.end.at)

    def period(self) -> dict[str, str]:
        """FHIR Period: the same span with its end included; {} when open at both ends. What ends as it begins (so OIO
        takes back what never was) ends with its beginning: without an end it would go on."""
        period = {}
        if self.start:
            period["start"] = self.start.fhir()
        if self.end:
            empty = self.start is not None and self.end.at <= self.start.at
            period["end"] = period["start"] if empty else self.end.before().fhir()
        return period


def instant(text: str, timezone: tzinfo) -> Instant | None:
    """What was written as a point in time; None for an end that never comes. Raises ValueError.

    A time without a zone is local time in `timezone`.

    >>> instant("2014-03-23 T14:54:23.234+01.00", ZoneInfo("Europe/Copenhagen")).fhir()
    '2014-03-23T14:54:23.234+01:00'
    """
    return (_instant if len(text) <= _LONGEST else _instant.__wrapped__)(text, timezone)


@lru_cache(_MOST)
def _instant(text: str, timezone: tzinfo) -> Instant | None:
    text = text.strip()
    if _FOREVER.fullmatch(text):
        return None
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise ValueError("not a date and time")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        midnight = datetime(int(year), int(month), int(day), tzinfo=_zone(zone, timezone))
        at = midnight + _clock(hour, minute, second, fraction)
        # Only times that survive one step back and a change of zone can be used.
        _ = (at - timedelta(days=2), at + timedelta(days=2), at.astimezone(UTC))
    except (ValueError, OverflowError):
        raise ValueError("not a date and time") from None
    return Instant(at, _step(hour, fraction))


def _clock(hour: str | None, minute: str | None, second: str | None, fraction: str | None) -> timedelta:
    """The time of day; 24:00:00 is the next midnight (XML Schema part 2, 3.2.7.1)."""
    parts = (int(hour or 0), int(minute or 0), int(second or 0))
    if parts[0] > 24 or parts[1] > 59 or parts[2] > 59 or (parts[0] == 24 and parts != (24, 0, 0)):
        raise ValueError("not a time of day")
    return timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2], microseconds=int(f"{fraction or 0:0<6}"[:6]))


def _step(hour: str | None, fraction: str | None) -> timedelta:
    if hour is None:
        return _DAY
    if not fraction:
        return _SECOND
    return _MILLISECOND if len(fraction) <= 3 else _MICROSECOND


def _zone(zone: str | None, timezone: tzinfo) -> tzinfo:
    """The zone as written; local when it was not."""
    if zone is None:
        return timezone
    return datetime.strptime(zone.replace(".", ":"), "%z").tzinfo or UTC


def _written(node: Node | None) -> str:
    """The text of a Tidspunkt, "" for one that never comes. It is a choice of TidsstempelDatoTid and GraenseIndikator;
    text straight in it is read as well."""
    if node is None:
        return ""
    text = node.text
    for part in node.parts:
        if part.name == "GraenseIndikator":
            return ""
        if part.name == "TidsstempelDatoTid":
            text = part.text or text
    return text


class Effect:
    """What a Virkning says, worked out once for its texts; nobody changes it. `begins`: its start is told. `span` is
    open at both ends where it cannot be read, `period` is that as FHIR Period, and `part` what a part tells of it
    (gateway/domain/registered.py). `fault`: UNREADABLE, EARLY (it ends before it begins), "" for nothing."""

    __slots__ = ("begins", "fault", "part", "period", "span")

    def __init__(self, start: str, end: str, timezone: tzinfo) -> None:
        self.begins = bool(start)
        self.fault, self.span = "", Span()
        try:
            self.span = Span(instant(start, timezone) if start else None, instant(end, timezone) if end else None)
        except ValueError:
            self.fault = UNREADABLE
        first, last = self.span.start, self.span.end
        if first and last and last.at < first.at:
            self.fault = EARLY
        self.period = self.span.period()
        self.part: dict[str, Any] = {}
        if first:
            self.part |= {"from": moment_text(first.at), "before": first.before().fhir()}
        if last:
            self.part["to"] = moment_text(last.at)
        if self.period:
            self.part["period"] = self.period


_remembered = lru_cache(_MOST)(Effect)  # by texts, as equal times may be spelled in two zones


def _effect(start: str, end: str, timezone: tzinfo) -> Effect:
    return (_remembered if len(start) + len(end) <= 2 * _LONGEST else Effect)(start, end, timezone)


def effect_of(holder: Node, timezone: tzinfo) -> Effect:
    """The Virkning of a property, state or relation; open at both ends when it has none."""
    kept = holder.effect
    if kept is None or kept[0] is not timezone:
        kept = holder.effect = (timezone, _effect(*written(holder), timezone))
    return kept[1]


def span(holder: Node, timezone: tzinfo) -> Span:
    """The Virkning of a property, state or relation; open at both ends when it has none. Raises ValueError."""
    effect = effect_of(holder, timezone)
    if effect.fault == UNREADABLE:
        raise ValueError("not an effect")
    return effect.span


def written(holder: Node) -> tuple[str, str]:
    """The texts of the Virkning of a property, state or relation, "" for an end that is open."""
    flat = holder.flat
    if flat is None:
        effect = holder.first("Virkning")
        return edges(effect) if effect else ("", "")
    start = "" if _START_LIMIT in flat else flat.get(_START_STAMP)
    end = "" if _END_LIMIT in flat else flat.get(_END_STAMP)
    return flat.get(_START, "") if start is None else start, flat.get(_END, "") if end is None else end


def edges(effect: Node) -> tuple[str, str]:
    """The texts of a Virkning, "" for an end that is open."""
    if type(effect) is Inside and effect.below == "Virkning":
        return written(effect.holder)
    return _written(effect.first("FraTidspunkt")), _written(effect.first("TilTidspunkt"))


def of_itself(effect: Node, timezone: tzinfo) -> Effect:
    """What a Virkning says that was found by its own path."""
    if type(effect) is Inside and effect.below == "Virkning":
        return effect_of(effect.holder, timezone)
    return _effect(*edges(effect), timezone)


def moment_of(text: str, timezone: tzinfo) -> datetime | None:
    """What was written as a point in time, in UTC; None for an end that never comes. Raises ValueError."""
    found = instant(text, timezone)
    return found.utc if found else None


def lenient_span(holder: Node, timezone: tzinfo) -> Span:
    """As `span`; open at both ends when it cannot be read (the reading rule itself reports that)."""
    return effect_of(holder, timezone).span


def in_effect(holders: Iterable[Node], moment: datetime, timezone: tzinfo) -> list[Node]:
    """Those whose Virkning covers the moment, in document order."""
    return [holder for holder in holders if lenient_span(holder, timezone).covers(moment)]


def standing(holders: Iterable[Node], moment: datetime, timezone: tzinfo) -> list[Node]:
    """Those that count at the moment: in force then, else those that begin last; in document order."""
    holders = list(holders)
    if len(holders) < 2:
        return holders
    spans = [(holder, lenient_span(holder, timezone)) for holder in holders]
    covering = [holder for holder, effect in spans if effect.covers(moment)]
    if covering:
        return covering
    last = max(_begun(effect) for _, effect in spans)
    return [holder for holder, effect in spans if _begun(effect) == last]


def _begun(effect: Span) -> datetime:
    return effect.start.utc if effect.start else datetime.min.replace(tzinfo=UTC)
