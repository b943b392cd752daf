"""The Encounter of a notification: what it must hold, its times, and what its episode is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.episode import EPISODE, anywhere, key_of
from gateway.errors import MissingField, RuleBroken, UnknownCode
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.times import moment_in
from gateway.translate.medcom.header import Dangling
from gateway.translate.medcom.names import LEAVE, LPR3, LPR3_SPELLINGS

Json = dict[str, Any]

_CLASSES = frozenset({"EMER", "IMP"})
_STATUSES = frozenset({"entered-in-error", "finished", "in-progress", "onleave"})


def check_stay(message: Message, encounter: Json) -> None:
    """The elements that MedCom requires, and their codes. Raises MissingField, UnknownCode, Dangling."""
    for name in ("status", "class", "episodeOfCare", "serviceProvider"):
        if not encounter.get(name):
            raise MissingField(where=message.place(encounter, name))
    if encounter["class"].get("code") not in _CLASSES:
        raise UnknownCode("A notified stay is IMP or EMER.", where=message.place(encounter, "class.code"))
    if encounter["status"] not in _STATUSES:
        raise UnknownCode(
            "A notified stay has one of MedCom's four statuses.", where=message.place(encounter, "status")
        )
    for at, episode in enumerate(encounter["episodeOfCare"]):
        for name in ("system", "value"):
            if not episode.get("identifier", {}).get(name, "").strip():
                raise MissingField(where=message.place(encounter, f"episodeOfCare[{at}].identifier.{name}"))
    provider = encounter["serviceProvider"]
    organisation = message.resolve(provider, "Organization") or {"identifier": [provider.get("identifier", {})]}
    if not any(i.get("system") and i.get("value") for i in organisation.get("identifier", ())):
        where = message.place(encounter, "serviceProvider")
        raise Dangling("The provider has no number, here or in this Bundle.", where=where)


def times_of(message: Message, encounter: Json, zone: ZoneInfo) -> dict[str, datetime]:
    """The moments of the stay and of the leave, by name: `period.start`, `period.end`, `leave.start`, `leave.end`.

    Raises MissingField without a start, RuleBroken for an end before its start, WrongType for what is no time.
    """
    times: dict[str, datetime] = {}
    for (start, end), period in _periods(message, encounter):
        if "start" in period:
            times[start] = moment_in(message, period, "start", zone)
        if "end" in period:
            times[end] = moment_in(message, period, "end", zone)
            if start in times and times[end] < times[start]:
                raise RuleBroken("A period ends before it starts.", where=message.place(period))
    if "period.start" not in times:
        raise MissingField(where=message.place(encounter, "period.start"))
    return times


def _periods(message: Message, encounter: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    """Those of the stay and of the leave, and what their edges are called."""
    yield ("period.start", "period.end"), encounter.get("period", {})
    leaves = [one for one in encounter.get("extension", ()) if one.get("url") in LEAVE]
    if len(leaves) > 1:
        raise RuleBroken("A notification tells of one leave at most.", where=message.place(leaves[1]))
    for extension in leaves:
        yield ("leave.start", "leave.end"), extension.get("valuePeriod", {})


def episode_keys(identifiers: Iterable[Json]) -> tuple[str, ...]:
    """The keys of an episode: the local number first, which the reply rule prefers to LPR3's; then all others."""
    local: set[str] = set()
    national: set[str] = set()
    for identifier in identifiers:
        system, value = identifier.get("system", ""), identifier.get("value", "")
        (national if system in LPR3_SPELLINGS else local).add(key_of(system, value))
    return (*sorted(local), *sorted(national - local))


def episode_identifier(identifier: Json) -> Json:
    """An episode's number in one spelling: LPR3's with `urn:uuid:`, a local UUID without, others as they are."""
    system, value = identifier.get("system", ""), identifier.get("value", "").strip()
    text = anywhere(value).removeprefix(EPISODE)
    if text:
        value = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
        value = f"urn:uuid:{value}" if system in LPR3_SPELLINGS else value
    return {"system": LPR3 if system in LPR3_SPELLINGS else system, "value": value}
