"""The chain of Provenances: one per message so far; the current one has this message's header as its target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.errors import MissingField, RuleBroken, UnknownCode
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.times import moment_in

Json = dict[str, Any]


class Chain(Struct, frozen=True):
    """`activity` is the current one's code. `goes_back_to` is the id of the MessageHeader before this one, as far as
    it is told, and `role` what this message does to it. `previous` is that message's Provenance, None when it is not
    in the Bundle. `recorded` is when the sender registered what it says now."""

    current: Json
    others: tuple[Json, ...]
    activity: str
    goes_back_to: str
    role: str
    previous: Json | None
    recorded: datetime

    def about(self, header: str) -> Json | None:
        """The Provenance of an earlier message, None when it is not in the Bundle."""
        return _about(self.others, header)


def chain_of(message: Message, activities: Collection[str], zone: ZoneInfo) -> Chain:
    """The chain of a message. Raises RuleBroken, UnknownCode, MissingField, WrongType with the place."""
    found = message.roots.get("Provenance", [])
    for one in found:
        codings = one.get("activity", {}).get("coding", ())
        if len(codings) != 1:
            where = message.place(one, "activity.coding")
            raise RuleBroken("A Provenance has exactly one activity.", where=where)
        if codings[0].get("code") not in activities:
            where = message.place(one, "activity.coding[0].code")
            raise UnknownCode("The activity is none of this kind of message.", where=where)
    own = _names(message)
    about = [at for at, one in enumerate(found) if not own.isdisjoint(targets(one))]
    current = [(_recorded(message, found[at], zone), at) for at in about]
    if not current:
        raise RuleBroken("No Provenance is about this message.", where="Bundle.entry", hint="Its target is the header.")
    recorded, at = max(current)
    others = tuple(found[:at] + found[at + 1 :])
    before, role = _entity(found[at])
    return Chain(found[at], others, activity_of(found[at]), before, role, _about(others, before), recorded)


def _about(provenances: Iterable[Json], header: str) -> Json | None:
    return next((one for one in provenances if header in targets(one)), None) if header else None


def is_about(provenance: Json, message: Message) -> bool:
    """Whether a Provenance is this message's own: its target is the header, by its id or by the entry's fullUrl."""
    return not _names(message).isdisjoint(targets(provenance))


def _names(message: Message) -> set[str]:
    """What the header is called: by its id, and by the entry's fullUrl."""
    return {message.header["id"], _identity(message.bundle["entry"][0].get("fullUrl", ""))}


def activity_of(provenance: Json) -> str:
    """The activity code of a Provenance."""
    return str(next((c.get("code", "") for c in provenance.get("activity", {}).get("coding", ())), ""))


def targets(provenance: Json) -> Iterator[str]:
    """The ids of the MessageHeaders that a Provenance is about."""
    for target in provenance.get("target", ()):
        if target.get("reference"):
            yield _identity(target["reference"])


def goes_back_to(provenance: Json) -> str:
    """The id of the MessageHeader that a Provenance names as the one before its own; empty without one."""
    return _entity(provenance)[0]


def _entity(provenance: Json) -> tuple[str, str]:
    """Which message it goes back to, and in which role; a letter of the old kind is named `location#letter`."""
    for entity in provenance.get("entity", ()):
        what = entity.get("what", {})
        named = _identity(what.get("reference", "")) or what.get("identifier", {}).get("value", "")
        if named:
            return str(named), str(entity.get("role", ""))
    return "", ""


def _identity(url: str) -> str:
    return url.partition("/_history/")[0].rpartition("/")[2].removeprefix("urn:uuid:")


def _recorded(message: Message, provenance: Json, zone: ZoneInfo) -> datetime:
    for name in ("recorded", "occurredDateTime"):
        if name in provenance:
            return moment_in(message, provenance, name, zone)
    raise MissingField(where=message.place(provenance, "recorded"))
