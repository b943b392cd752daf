"""Write a message: a caregiver's Communication goes out as a CareCommunication, or a letter, and stands on the plan.

What goes out is read like what comes in, by the same rules and as the same source, and kept in the same commit in which
it enters the outbox: nothing is sent that is not on the plan, and nothing stands there that would be refused elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from gateway.domain.caller import Caller
from gateway.domain.identifier import normal
from gateway.domain.outgoing import Outgoing
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.source import Source
from gateway.errors import BadRequest, Contradiction, Forbidden, GatewayError, NotFound, Unavailable
from gateway.flows.beside import beside
from gateway.flows.looking import NOTHING, location_of, look_at_one, on_record, opened, record_of, served
from gateway.flows.parts import Gateway, Served
from gateway.flows.receive import may_send
from gateway.flows.taking import Taken, keep_taken, taken
from gateway.store import messages, resources, wire
from gateway.translate.fhir import parse, write_json
from gateway.translate.medcom.carecommunication.draft import Writer, draft, former_of, given
from gateway.translate.medcom.carecommunication.write import letter
from gateway.translate.oioxml.out.correspondence import letters

Json = dict[str, Any]

_PLACE = "Bundle.entry[2].resource"  # where letter() puts the Communication


@dataclass(frozen=True, slots=True)
class _Work:
    """A message on its way: `told` as it is written, `given` as its writer gave it, `patient` whom it is about,
    `answers` a former message's id."""

    told: Json
    given: Json
    patient: Json
    citizen: str
    answers: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that was understood: kept and put into the outbox in one commit. It is on record with that: of a
    citizen without a case (§ 12 c) it goes out all the same, and nothing else tells of it."""

    created: ClassVar[bool] = True
    identity: str
    message: Taken

    @property
    def reference(self) -> str:
        """`Communication/9f…`"""
        return f"Communication/{self.identity}"

    def check(self, before: bytes | None) -> None:
        """Under one number there is one message: a second one would stand on the plan and go out to nobody. `before` is
        what was kept as its answer. Raises Contradiction."""
        if before not in (None, self.message.arrival.answer):
            raise Contradiction(
                "This number stands for another message", where="Communication.identifier",
                hint="Give each message a number of its own, or none.",
            )  # fmt: skip

    def told(self, record: AccessRecord) -> AccessRecord:
        """The record of the write, as it takes place."""
        return replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS, resources=(self.reference,))


async def write_message(gateway: Gateway, caller: Caller, raw: bytes) -> Served:
    """Send one Communication and give it back as it stands.

    Raises Refused with the place, NotFound for a citizen or a former message that this caller may not see, Forbidden
    where it may not send as the sender. A refused write is on record like a refused look.
    """
    record = replace(record_of(gateway, caller, "create", "Communication", "", NOTHING), query="POST Communication")

    def about(citizen: str) -> None:
        nonlocal record
        record = record.of(citizen)

    try:
        sending = await understood(gateway, caller, parse(raw), about)
    except Unavailable:
        raise
    except GatewayError:
        await on_record(gateway, record)
        raise
    await on_record(gateway, sending.told(record))
    kept = await keep_taken(gateway, sending.message)
    sending.check(kept.before.body if kept.before else None)
    return await shown(gateway, caller, sending.identity)


async def understood(gateway: Gateway, caller: Caller, resource: Json, about: Callable[[str], None]) -> Sending:
    """The message that a Communication is, and what goes out. `about` hears of the citizen as soon as that is known,
    also where the writer may not know of them. Raises what is wrong with it."""
    if not caller.user_name:
        raise Forbidden("A message has an author: the access token names no person", hint="Ask for one that does.")
    told = await beside(given, resource)
    found = await resources.find(gateway.database, "Patient", told["subject"]["reference"].rpartition("/")[2])
    if found:
        about(found.sealed.facts.citizen)
    work = await _drafted(gateway, caller, told)
    try:
        return await _going_out(gateway, caller, work)
    except GatewayError as error:
        error.seen_from(lambda place: place.replace(_PLACE, "Communication"))
        raise


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
    return _Work(draft(told, writer, former, gateway.clock()), told, patient, citizen, answers)


async def _seen(gateway: Gateway, caller: Caller, kind: str, identity: str) -> tuple[Json, str]:
    """A resource as this caller may see it, and its citizen. Raises NotFound."""
    found = await resources.find(gateway.database, kind, identity)
    seen = await look_at_one(gateway, gateway.database, caller, found)
    if found is None or not seen.permitted or seen.gone:
        raise NotFound
    return wire.decode(opened(seen)[0]), found.sealed.facts.citizen


async def _going_out(gateway: Gateway, caller: Caller, work: _Work) -> Sending:
    now = gateway.clock()
    made = letter(work.told, work.patient, gateway.letters.locations, now, {})
    raw = write_json(made.bundle)
    translation = gateway.languages.of("fhir-message").translate(raw)
    may_send(caller.sends, translation)
    said = tuple(one for one in translation.statements if one.kind == "Communication")
    going = _outgoing(gateway, work, made.id, raw)
    identity = gateway.ids("Communication", said[0].key)
    number = hashlib.sha256(f"written|{made.id}".encode()).digest()  # it is recognised by that alone, whenever it comes
    translation = replace(translation, statements=said, fingerprint=number, concerns=b"")
    message = await taken(gateway, "fhir-message", raw, translation, caller, going)
    message = replace(message, arrival=replace(message.arrival, answer=_content(gateway, work)))
    sending = Sending(identity, message)
    sending.check(await messages.answer_to(gateway.database, message.arrival.fingerprint))
    return sending


def _content(gateway: Gateway, work: _Work) -> bytes:
    """What tells a message from another: whom it is about, and what its writer gave. It is kept in the place of an
    answer, as nobody waits for one."""
    given_ = {name: value for name, value in work.given.items() if name != "subject"}
    said = json.dumps([work.citizen, given_], sort_keys=True, default=str)
    return gateway.fingerprint(b"content", said.encode())


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


async def shown(gateway: Gateway, caller: Caller, identity: str) -> Served:
    """The Communication as its writer may see it; where it is at least, when the writer may not, or the database has
    gone away: it is sent, and sent again it would go out twice."""
    try:
        found = await resources.find(gateway.database, "Communication", identity)
        seen = await look_at_one(gateway, gateway.database, caller, found)
    except Unavailable:
        return Served(b"", location=f"{gateway.public_url}/fhir/Communication/{identity}", created=True)
    if found is None:  # § 12 c: sent, and of a citizen without a case not kept
        return Served(b"", location=f"{gateway.public_url}/fhir/Communication/{identity}/_history/1", created=True)
    where = location_of(gateway, found.sealed)
    shown = served(gateway, seen) if seen.permitted else Served(b"", str(found.sealed.version), location=where)
    return replace(shown, created=True)
