"""Write a message: a caregiver's Communication goes out as a CareCommunication, or a letter, and stands on the plan.

What goes out is read like what comes in, by the same rules and as the same source, and kept in the same commit in which
it enters the outbox: nothing is sent that is not on the plan, and nothing stands there that would be refused elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.identifier import normal
from gateway.domain.outgoing import Outgoing
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.source import Source
from gateway.errors import BadRequest, Forbidden, GatewayError, NotFound, Unavailable
from gateway.flows.looking import NOTHING, location_of, look_at_one, on_record, opened, record_of, served
from gateway.flows.parts import Gateway, Served
from gateway.flows.receive import keep_message, may_send
from gateway.store import resources, wire
from gateway.translate.fhir import write_json
from gateway.translate.medcom.carecommunication.draft import Writer, draft, former_of, given
from gateway.translate.medcom.carecommunication.write import letter
from gateway.translate.oioxml.out.correspondence import letters

Json = dict[str, Any]

_PLACE = "Bundle.entry[2].resource"  # where letter() puts the Communication


@dataclass(frozen=True, slots=True)
class _Work:
    """A message on its way: `told` as it is written, `patient` whom it is about, `answers` a former message's id."""

    told: Json
    patient: Json
    citizen: str
    answers: str


async def write_message(gateway: Gateway, caller: Caller, raw: bytes) -> Served:
    """Send one Communication and give it back as it stands.

    Raises Refused with the place, NotFound for a citizen or a former message that this caller may not see, Forbidden
    where it may not send as the sender. A refused write is on record like a refused look.
    """
    record = replace(record_of(gateway, caller, "create", "Communication", "", NOTHING), query="POST Communication")
    try:
        if not caller.user_name:
            raise Forbidden("A message has an author: the access token names no person", hint="Ask for one that does.")
        told = given(raw)
        record = record.of(await _about(gateway, told))
        identity = await _sent(gateway, caller, await _drafted(gateway, caller, told), record)
    except Unavailable:
        raise
    except GatewayError as error:
        await on_record(gateway, record)
        error.seen_from(lambda place: place.replace(_PLACE, "Communication"))
        raise
    return await _shown(gateway, caller, identity)


async def _about(gateway: Gateway, told: Json) -> str:
    """The citizen that the message names, for the record: also where its writer may not know of them."""
    found = await resources.find(gateway.database, "Patient", told["subject"]["reference"].rpartition("/")[2])
    return found.sealed.facts.citizen if found else ""


async def _drafted(gateway: Gateway, caller: Caller, told: Json) -> _Work:
    """The finished Communication; whom it is about and what it answers must be this caller's to see."""
    patient, citizen = await _seen(gateway, caller, "Patient", told["subject"]["reference"].rpartition("/")[2])
    former: Json | None = None
    if identity := former_of(told):
        former, about = await _seen(gateway, caller, "Communication", identity)
        if about != citizen:
            raise NotFound
    here = [gateway.sources[name] for name in caller.sends if name in gateway.sources]
    own = next((one for one in here if one.language == "medcom"), None)
    organisation, name = (own.organisation, own.name) if own else (caller.organisation, caller.organisation_name)
    writer = Writer(caller.user_name, caller.user_role or caller.role, organisation, name)
    answers = former["identifier"][0]["value"] if former else ""
    return _Work(draft(told, writer, former, gateway.clock()), patient, citizen, answers)


async def _seen(gateway: Gateway, caller: Caller, kind: str, identity: str) -> tuple[Json, str]:
    """A resource as this caller may see it, and its citizen. Raises NotFound."""
    found = await resources.find(gateway.database, kind, identity)
    seen = await look_at_one(gateway, gateway.database, caller, found)
    if found is None or not seen.permitted or found.sealed.facts.deleted:
        raise NotFound
    return wire.decode(opened(seen)[0]), found.sealed.facts.citizen


async def _sent(gateway: Gateway, caller: Caller, work: _Work, record: AccessRecord) -> str:
    """Keep it and put it into the outbox, in one commit; gives the id of the Communication.

    It is on record before: of a citizen without a case (§ 12 c) it goes out all the same, and nothing else tells of it.
    """
    now = gateway.clock()
    made = letter(work.told, work.patient, gateway.letters.locations, now, {})
    raw = write_json(made.bundle)
    translation = gateway.languages.of("fhir-message").translate(raw)
    may_send(caller.sends, translation)
    said = tuple(one for one in translation.statements if one.kind == "Communication")
    going = _outgoing(gateway, work, made.id, raw)
    identity = gateway.ids("Communication", said[0].key)
    kept = (f"Communication/{identity}",)
    await on_record(gateway, replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=kept))
    await keep_message(gateway, "fhir-message", raw, replace(translation, statements=said), caller, going)
    return identity


def _outgoing(gateway: Gateway, work: _Work, header: str, raw: bytes) -> Sequence[Outgoing]:
    """To the receiver's FHIR connection, else as a letter of the old kind. Raises BadRequest without any."""
    number = work.told["recipient"][0].get("identifier", {})
    wanted = normal(number.get("system", ""), number.get("value", ""))
    lines = [
        one for one in gateway.sources.values()
        if one.deliver is not None and (one.organisation == wanted or wanted.value in one.senders)
    ]  # fmt: skip
    if fhir := _speaking(lines, "medcom"):
        return (Outgoing(fhir.id, "fhir-message", header, raw, work.citizen, work.answers),)
    if old := _speaking(lines, "oioxml"):
        told = letters(work.told, work.patient, gateway.letters, gateway.clock())
        return [Outgoing(old.id, "oioxml", one.id, one.body, work.citizen, work.answers) for one in told]
    raise BadRequest(
        "No connection leads to this receiver",
        where="Communication.recipient[0]",
        hint="See deliver in mappings/sources.",
    )


def _speaking(lines: Sequence[Source], language: str) -> Source | None:
    return next((one for one in lines if one.language == language), None)


async def _shown(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """The Communication as its writer may see it; where it is at least, when the writer may not, or the database has
    gone away: it is sent, and sent again it would go out twice."""
    try:
        found = await resources.find(gateway.database, "Communication", identity)
        seen = await look_at_one(gateway, gateway.database, caller, found)
    except Unavailable:
        return Served(b"", location=f"{gateway.public_url}/fhir/Communication/{identity}", created=True)
    if found is None:  # § 12 c: sent, and of a citizen without a case not kept
        return Served(b"", created=True)
    where = location_of(gateway, found.sealed)
    shown = served(gateway, seen) if seen.permitted else Served(b"", str(found.sealed.version), location=where)
    return replace(shown, created=True)
