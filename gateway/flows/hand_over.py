"""Hand over: a citizen's case goes from the municipality that acted to the one that acts now.

What the old one wrote of its case, with its history, goes as far as the law and the citizen's consent let the new one
have it, decided as if it looked now. The record of that, the old one's word that it has left the case, and the message
in the outbox are one commit: nothing leaves that is not on record (docs/municipalities.md).
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from gateway.domain.acting import Acting, acting_at, acting_over_time
from gateway.domain.caller import Caller
from gateway.domain.decide import Denial, Permit
from gateway.domain.handover import team_of
from gateway.domain.identifier import CVR, Identifier
from gateway.domain.intake import Change
from gateway.domain.municipality import facts_of
from gateway.domain.outgoing import Outgoing
from gateway.domain.placements import placements_of
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.resource import Facts
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.domain.when import DANISH
from gateway.errors import BadRequest, Forbidden, NotFound, RuleBroken
from gateway.flows.keeping import About, keep
from gateway.flows.looking import Seen, look, on_record, opened, persons_of, record_of
from gateway.flows.parts import Gateway
from gateway.store import attachments, intake, resources, wire
from gateway.store.resources import Sealed
from gateway.translate.handing_over import KINDS, LANGUAGE, HandingOver
from gateway.translate.municipalities import Municipality

Decided = TypeVar("Decided", Permit, Denial)

OPERATION = "hand-over"
BY_HAND = "by-hand"


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants which citizen's case (a Patient id) handed over, to whom, and why. `old` and `new` are municipality
    codes in any spelling, `old` "" where only one has a case. `to_file`: it is not sent, the caller has the bytes."""

    patient: str
    new: str
    who: str
    reason: str
    old: str = ""
    to_file: bool = False


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What left: the Bundle, how many parts are in it and how many of the case were withheld. `destination` is the
    source that it waits for, "" where it goes to a file. `regions` are those of the old and new municipality today."""

    body: bytes
    parts: int
    withheld: int
    destination: str
    regions: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Case:
    """The old municipality's case: `mine` as it sees it, `theirs` as the new one may."""

    old: Municipality
    new: Municipality
    reader: Caller
    mine: Seen
    theirs: Seen


async def hand_over(gateway: Gateway, handing: HandingOver, wish: Wish) -> HandedOver:
    """Decide, record, and let go. Raises NotFound for a citizen whom nobody knows, BadRequest for an unclear wish,
    RuleBroken where the old municipality still acts by law, Forbidden where the new one may have nothing."""
    case = await _case(gateway, handing, wish)
    destination = "" if wish.to_file else _destination(gateway, case.new)
    leaving = _leaving(gateway, case)
    record = record_of(gateway, case.reader, "export", "CarePlan", wish.patient, leaving, operation=OPERATION)
    record = replace(record, override_reason=wish.reason)
    try:
        _check_consent(leaving)
        _check_acting(handing, case, gateway.clock())
    except (Forbidden, RuleBroken):
        await on_record(gateway, replace(record, resources=(), decision=Decision.DENY, outcome=Outcome.MINOR))
        raise
    body = await _written(gateway, handing, case, leaving)
    message = Outgoing(destination, LANGUAGE, json.loads(body)["id"], body, wish.patient)
    await _keep(gateway, wish, case, leaving, record, message)
    shown, day = len(leaving.permitted), gateway.clock().astimezone(DANISH).date()
    regions = [handing.municipalities.region_of(one.code, day) for one in (case.old, case.new)]
    old_region, new_region = (one.name if one else "" for one in regions)
    return HandedOver(body, shown, len(leaving.withheld), destination, (old_region, new_region))


def is_case(message: Outgoing) -> bool:
    """Whether what stands in the outbox is a case that was handed over."""
    return message.language == LANGUAGE


async def may_go(gateway: Gateway, message: Outgoing) -> bool:
    """Whether the new municipality may still have all that is in a case which waits in the outbox: a consent that was
    withdrawn while the receiver was away holds. If not, that is on record."""
    destination = gateway.sources[message.destination]
    parts, ground = await resources.parts(gateway.database, message.about)
    reader = _reader(destination.organisation.value, destination.name, "")
    seen = await look(gateway, reader, parts, ground, persons_of(parts))
    resources_ = [entry["resource"] for entry in json.loads(message.body)["entry"]]
    told = {(one["resourceType"], one["id"]) for one in resources_ if one["resourceType"] in KINDS}
    lets = told <= {part.key for part, _ in seen.permitted}
    if not lets:
        record = record_of(gateway, reader, "export", "CarePlan", message.about, seen, operation=OPERATION)
        refused = replace(record, resources=(), decision=Decision.DENY, outcome=Outcome.MINOR)
        await on_record(gateway, replace(refused, messages=(message.message_id,)))
    return lets


async def _case(gateway: Gateway, handing: HandingOver, wish: Wish) -> _Case:
    """Both looks: of the old municipality at its case, and of the new one at the same."""
    new = handing.municipalities.find(wish.new)
    parts, ground = await resources.parts(gateway.database, wish.patient)
    if not parts:
        raise NotFound("There is no citizen with this id")
    told = {source for part in parts for source in part.facts.sources or (part.facts.source,)}
    old = _old(gateway, handing, wish, told, new)
    if new is None or not new.cvr or new == old:
        raise BadRequest(
            "A case is handed to another municipality, named by its code of four digits", hint="As in --to 0147."
        )
    mine, theirs = (_reader(one.cvr, one.name, wish.who) for one in (old, new))
    persons = persons_of(parts)
    seen = [await look(gateway, reader, parts, ground, persons) for reader in (mine, theirs)]
    return _Case(old, new, theirs, *seen)


def _old(gateway: Gateway, handing: HandingOver, wish: Wish, told: set[str], new: Municipality | None) -> Municipality:
    """The municipality that hands over: the one that is named, or the only one that told anything of the citizen."""
    others = {"", new.code if new else ""}
    codes = {gateway.sources[one].municipality for one in told if one in gateway.sources} - others
    named = wish.old or (next(iter(codes)) if len(codes) == 1 else "")
    found = handing.municipalities.find(named)
    if found is None or not found.cvr:
        raise BadRequest("It is not clear which municipality hands over", hint="Name it: --from 0101.")
    return found


def _reader(cvr: str, name: str, who: str) -> Caller:
    """A municipality's social authority at work on the citizen's case; who does it here is named."""
    return Caller(
        client=OPERATION, client_name="Overlevering", organisation=Identifier(CVR, cvr), organisation_name=name,
        sector="municipality", role="social", user=f"urn:faellesplan:operator|{who}" if who else "", user_name=who,
        user_role="", purposes=("COC",), scopes=("system/*.r",),
    )  # fmt: skip


def _leaving(gateway: Gateway, case: _Case) -> Seen:
    """What the old municipality wrote of its case and may read itself, as far as the new one may have it; and the
    citizen. What others told the old one is theirs to tell."""
    own = {one.id for one in gateway.sources.values() if one.municipality == case.old.code}
    read = {part.key for part, _ in case.mine.permitted}

    def goes(facts: Facts) -> bool:
        theirs = facts.kind == "Patient" or not own.isdisjoint(facts.sources or (facts.source,))
        return facts.kind in KINDS and (facts.kind, facts.id) in read and theirs

    def those(several: Sequence[tuple[Sealed, Decided]]) -> tuple[tuple[Sealed, Decided], ...]:
        return tuple((part, word) for part, word in several if goes(part.facts))

    return Seen(those(case.theirs.permitted), those(case.theirs.withheld), case.theirs.hidden)


def _check_consent(leaving: Seen) -> None:
    """Raises Forbidden unless the citizen is named and anything but the name may go."""
    kinds = {part.facts.kind for part, _ in leaving.permitted}
    if "Patient" not in kinds or len(kinds) == 1:
        raise Forbidden(
            "The new municipality may have nothing of the case",
            hint="The citizen consents first (POST /fhir/Consent): its social authority may see the case, purpose COC.",
        )


def _check_acting(handing: HandingOver, case: _Case, at: datetime) -> None:
    """A municipality that acts by law, since it or another authority has helped the citizen into a place elsewhere,
    does not stop by handing over (retssikkerhedsloven § 9). Raises RuleBroken with the reason."""
    now = _acting(handing, case, at)
    if now.kept and case.old.code in now.codes and case.new.code not in now.codes:
        raise RuleBroken(f"The old municipality still acts: {now.reason}", hint="Hand over when that has ended.")


def _acting(handing: HandingOver, case: _Case, at: datetime) -> Acting:
    """As far as the old municipality may see: what it may not must not be told to it by a refusal."""
    bodies: list[Body] = [wire.decode(raw) for raw in opened(case.mine)]
    stays = placements_of(bodies, handing.places, lambda plan: handing.author_of(plan) or case.old.code)
    facts = (fact for body in bodies for fact in facts_of(body))
    return acting_at(acting_over_time(stays, (), facts), at)


async def _written(gateway: Gateway, handing: HandingOver, case: _Case, leaving: Seen) -> bytes:
    bodies: list[Body] = [wire.decode(raw) for raw in opened(leaving)]
    citizen = next(one for one in bodies if one["resourceType"] == "Patient")
    files = [
        await _file(gateway, url.removeprefix("Binary/"), permit)
        for (_, permit), body in zip(leaving.permitted, bodies, strict=True)
        for content in body.get("content", []) if body["resourceType"] == "DocumentReference"
        if (url := content.get("attachment", {}).get("url", "")).startswith("Binary/")
    ]  # fmt: skip
    return handing.bundle([*bodies, *files], citizen, gateway.clock(), case.old)


async def _file(gateway: Gateway, identity: str, permit: Permit) -> Body:
    file = await attachments.open_(gateway.database, identity, permit)
    data = b"".join([piece async for piece in file.pieces])
    return {"resourceType": "Binary", "id": identity, "data": b64encode(data).decode()}


def _destination(gateway: Gateway, new: Municipality) -> str:
    """The new municipality's system that takes KL collections. Raises BadRequest where none is reached."""
    theirs = (s for s in gateway.sources.values() if s.organisation == Identifier(CVR, new.cvr) and s.language == "kl")
    found = min((source.id for source in theirs if source.deliver), default="")
    if not found:
        raise BadRequest(
            "No system of the new municipality takes a case",
            hint="Say where it is reached (deliver, mappings/sources), or write a file.",
        )
    return found


async def _keep(
    gateway: Gateway, wish: Wish, case: _Case, leaving: Seen, record: AccessRecord, message: Outgoing
) -> None:
    now = gateway.clock()
    own = {one.id for one in gateway.sources.values() if one.municipality == case.old.code}
    source = min(part.facts.source for part, _ in leaving.permitted if part.facts.source in own)  # its social authority
    body = team_of((case.old.cvr, case.old.name), (case.new.cvr, case.new.name), now)
    number = hashlib.sha256(f"{wish.patient}|{case.old.code}|{case.new.code}|{now.isoformat()}".encode()).hexdigest()[
        :16
    ]
    key = f"{source}|CareTeam|hand-over|{number}"
    one = Statement("CareTeam", key, Act.STATE, Verb.ASSERT, now, now, body, source, f"{number}/0")
    person = await resources.identity_of(gateway.database, wish.patient, gateway.ids)
    seen = gateway.fingerprint(BY_HAND.encode(), number.encode())
    arrival = intake.Arrival(BY_HAND, source, number, OPERATION, seen, now, b"", b"")

    def recorded(change: Change) -> AccessRecord:
        return replace(record.of(change.citizen), messages=(message.message_id,))

    def outgoing(change: Change) -> Sequence[Outgoing]:
        return (replace(message, about=change.citizen),) if message.destination else ()

    await keep(gateway, arrival, About((person,), (), (one,)), recorded, outgoing=outgoing)
