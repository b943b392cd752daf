"""The Encounter of a notification: what it must hold, its times, and what its episode is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.episode import anywhere, bare, key_of
from gateway.errors import MissingField, RuleBroken, UnknownCode
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.times import moment
from gateway.translate.medcom.header import Dangling
from gateway.translate.medcom.names import LEAVE, LPR3, LPR3_SPELLINGS

Json = dict[str, Any]

_CLASSES = frozenset({"EMER", "IMP"})
_STATUSES = frozenset({"entered-in-error", "finished", "in-progress", "onleave"})


def check_stay(message: Message, encounter: Json) -> None:
    """The elements that MedCom requires, and their codes. Raises MissingField, UnknownCode, Dangling."""
    place = message.place(encounter)
    for name in ("status", "class", "episodeOfCare", "serviceProvider"):
        if not encounter.get(name):
            raise MissingField(where=f"{place}.{name}")
    if encounter["class"].get("code") not in _CLASSES:
        raise UnknownCode("A notified stay is IMP or EMER.", where=f"{place}.class.code")
    if encounter["status"] not in _STATUSES:
        raise UnknownCode("A notified stay has one of MedCom's four statuses.", where=f"{place}.status")
    for at, episode in enumerate(encounter["episodeOfCare"]):
        for name in ("system", "value"):
            if not episode.get("identifier", {}).get(name, "").strip():
                raise MissingField(where=f"{place}.episodeOfCare[{at}].identifier.{name}")
    provider = encounter["serviceProvider"]
    organisation = message.resolve(provider, "Organization") or {"identifier": [provider.get("identifier", {})]}
    if not any(i.get("system") and i.get("value") for i in organisation.get("identifier", ())):
        raise Dangling("The provider has no number, here or in this Bundle.", where=f"{place}.serviceProvider")


def times_of(message: Message, encounter: Json, zone: ZoneInfo) -> dict[str, datetime]:
    """The moments of the stay and of the leave, by name: `period.start`, `period.end`, `leave.start`, `leave.end`.

    Raises MissingField without a start, RuleBroken for an end before its start, WrongType for what is no time.
    """
    times: dict[str, datetime] = {}
    for name, period, where in _periods(message, encounter):
        edges = {edge: moment(period[edge], f"{where}.{edge}", zone) for edge in ("start", "end") if edge in period}
        if len(edges) == 2 and edges["end"] < edges["start"]:
            raise RuleBroken("A period ends before it starts.", where=where)
        times |= {f"{name}.{edge}": at for edge, at in edges.items()}
    if "period.start" not in times:
        raise MissingField(where=f"{message.place(encounter)}.period.start")
    return times


def _periods(message: Message, encounter: Json) -> Iterator[tuple[str, Json, str]]:
    place = message.place(encounter)
    yield "period", encounter.get("period", {}), f"{place}.period"
    leaves = [(at, e) for at, e in enumerate(encounter.get("extension", ())) if e.get("url") in LEAVE]
    if len(leaves) > 1:
        raise RuleBroken("A notification tells of one leave at most.", where=f"{place}.extension[{leaves[1][0]}]")
    for at, extension in leaves:
        yield "leave", extension.get("valuePeriod", {}), f"{place}.extension[{at}].valuePeriod"


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
    if anywhere(value):
        text = bare(value)
        value = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
        value = f"urn:uuid:{value}" if system in LPR3_SPELLINGS else value
    return {"system": LPR3 if system in LPR3_SPELLINGS else system, "value": value}
