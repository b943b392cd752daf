"""Explain a decision: who may see what, why, by which rule, law and consent; as it is, or as it was. `$explain-access`.

The very flow of a look decides, on the resources, identities, consents, care teams, registrations, rows of the policy
table and parts of organisations as they stood then; nothing is opened. What is as of today is told. An auditor asks
about anything; a data controller about what its own organisation sent. What there is of the citizen is told to nobody
else, so the answer and the refusal are on record like a look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from gateway.domain.caller import CONTROLLER, Caller
from gateway.domain.consent.units import Units
from gateway.domain.decide import Denial, Permit, Reason
from gateway.domain.explained import Explained, Question, parameters, unregistered
from gateway.domain.limits import told_why
from gateway.domain.policy import Owners, Policy
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.flows.looking import NOTHING, look, on_record, persons_of, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.flows.registrations import registered_at
from gateway.flows.units import units_at
from gateway.store import past, wire
from gateway.store.resources import Sealed

_PRESENT = timedelta(minutes=1)
_NOT_THEN = "this client was not registered then: nobody got a token by it"
_OWNERS = "which systems sent as which source then was not noted: whose own the data were is taken as it is now"
_TODAY = (
    "whose system each source is (mappings/sources)",
    "the data class of a resource whose labels and content stayed as they were when the tables changed (relabel)",
    "which rows the tables of the law and of units have for that day (mappings/policy, mappings/codes/part-of.csv)",
    "what there is: a stay that another message told better since is another one, and the former is left out",
)
"""What a decision of the past is answered by as it is today."""
_UNKNOWN = "what this client was registered for then was not noted: it is taken as it is registered now"


async def explain(gateway: Gateway, asker: Caller, question: Question) -> Served:
    """Parameters with one decision for each resource. Raises Forbidden for anybody but auditors and data controllers,
    NotFound where the citizen or the resource is none that this asker may ask about."""
    record = await _admitted(gateway, asker, question)
    question, then = await _as_it_was(gateway, question)
    kind, identity = question.resources[0] if question.resources else ("Patient", question.patient)
    parts, ground = await past.parts_at(gateway.database, kind, identity, question.at)
    asked = [part for part in parts if _is_asked(question, part) and _is_open_to(gateway, asker, part)]
    citizen = parts[0].facts.citizen if parts else ""
    if not asked or (question.resources and len(asked) < len(set(question.resources))):
        await on_record(gateway, record.of(citizen))
        raise NotFound
    known = question.reader.scopes
    seen = await look(then, question.reader, parts, ground, persons_of(parts)) if known else NOTHING
    told = dict[tuple[str, str], Explained]()
    looked: list[tuple[Sealed, Permit | Denial]] = [*seen.permitted, *seen.withheld]
    for part, decision in looked:
        told[decision.kind, decision.id] = _explained(question, part, decision, parts)
    closed = Reason.SCOPES if known else Reason.NOT_REGISTERED
    answers = [told.get(part.key) or _uncovered(part, closed) for part in asked]
    versions = {part.facts.id: part.version for part in parts if part.facts.kind == "Consent"}
    await on_record(gateway, replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS).of(citizen))
    return Served(wire.encode(parameters(question, citizen, answers, versions)))


async def _admitted(gateway: Gateway, asker: Caller, question: Question) -> AccessRecord:
    """The record of the asking; the refusal of somebody who may not ask is on record at once."""
    reader = question.reader
    who = f"client={reader.client}&role={reader.role}&purpose={','.join(reader.purposes)}"
    what = ",".join(f"{kind}/{identity}" for kind, identity in question.resources) or f"Patient/{question.patient}"
    query = f"POST $explain-access?{who}&when={question.at.isoformat(timespec='seconds')}&about={what}"
    record = record_of(gateway, asker, "operation", "", "", NOTHING, query=query, operation="explain-access")
    cleared = asker.role == "auditor" or CONTROLLER in asker.rights
    if cleared and asker.purposes:
        return record
    await on_record(gateway, record)
    raise (no_purpose() if cleared else Forbidden("Only auditors and data controllers are told why a decision is so"))


def _is_asked(question: Question, part: Sealed) -> bool:
    return not part.facts.deleted and (not question.resources or part.key in question.resources)


def _is_open_to(gateway: Gateway, asker: Caller, part: Sealed) -> bool:
    """A data controller answers for what its own organisation sent, in whichever of its legal worlds."""
    if asker.role == "auditor":
        return True
    owners = gateway.policy.owners
    tellers = part.facts.sources or (part.facts.source,)
    return any(key == asker.organisation.key for teller in tellers for key, _ in owners.get(teller, ()))


def _explained(question: Question, part: Sealed, decision: Permit | Denial, parts: Sequence[Sealed]) -> Explained:
    limit = ""
    if isinstance(decision, Denial) and decision.reason is Reason.CASE_LIMITS:
        limit = told_why(question.reader, part.facts, [one.facts for one in parts])
    return Explained(decision, part.version, limit)


async def _as_it_was(gateway: Gateway, question: Question) -> tuple[Question, Gateway]:
    """The question with its reader as registered then, without scopes where it was not; and the gateway with the clock
    and the registrations of then. Raises BadRequest for a client of which nothing is known."""
    reader, then = question.reader, replace(gateway, clock=lambda: question.at)
    past = gateway.clock() - question.at > _PRESENT
    if past:
        question = replace(question, today=_TODAY)
        then = replace(then, policy=_policy(gateway, gateway.policy.owners, await units_at(gateway, question.at)))
    known = await registered_at(gateway, question.at) if past else None
    was = known.systems.get(reader.client) if known else None
    if reader.client and was is None and not reader.role:
        raise BadRequest("No client of this id is registered, nor was then", where="client")
    if known is None:
        notes = (*question.notes, _UNKNOWN if reader.client else _OWNERS) if past else question.notes
        return replace(question, notes=notes), then
    then = replace(then, policy=_policy(gateway, known.owners, then.policy.units))
    if not reader.client:
        return question, then
    if was is None:
        return replace(question, reader=replace(reader, scopes=()), notes=(_NOT_THEN,)), then
    now = replace(
        reader, client_name=was.client_name, organisation=was.organisation, organisation_name=was.organisation_name,
        sector=was.sector, role=was.role, scopes=was.scopes, sends=was.sends, cases=was.cases,
        member_of=(*was.member_of, *question.units),
    )  # fmt: skip
    return replace(question, reader=now, notes=unregistered(reader.purposes, was.purposes)), then


def _policy(gateway: Gateway, owners: Owners, units: Units) -> Policy:
    """The tables with whose own the data were, and with what was known of units."""
    return Policy(gateway.policy.rows, owners, gateway.policy.grounds, units)


def _uncovered(part: Sealed, reason: Reason) -> Explained:
    """What the reader's scopes leave out is not decided about at all, nor what is asked by somebody unknown."""
    return Explained(Denial(part.facts.kind, part.facts.id, reason, reason.value), part.version)
