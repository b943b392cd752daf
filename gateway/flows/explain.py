"""Explain a decision: who may see what, why, by which rule, law and consent; as it is, or as it was. `$explain-access`.

The very flow of a look decides, on the resources, consents, care teams and rows of the policy table as they stood then;
nothing is opened. An auditor asks about anything; a data controller about what its own organisation sent. What there is
of the citizen is told to nobody else, so the answer and the refusal are on record like a look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.caller import CONTROLLER, Caller
from gateway.domain.decide import Denial, Permit, Reason
from gateway.domain.explained import Explained, Question, parameters
from gateway.domain.limits import told_why
from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.errors import Forbidden, NotFound
from gateway.flows.looking import NOTHING, look, on_record, persons_of, record_of
from gateway.flows.parts import Gateway, Served
from gateway.flows.read import no_purpose
from gateway.store import past, wire
from gateway.store.resources import Sealed


async def explain(gateway: Gateway, asker: Caller, question: Question) -> Served:
    """Parameters with one decision for each resource. Raises Forbidden for anybody but auditors and data controllers,
    NotFound where the citizen or the resource is none that this asker may ask about."""
    record = await _admitted(gateway, asker, question)
    kind, identity = question.resources[0] if question.resources else ("Patient", question.patient)
    parts, ground = await past.parts_at(gateway.database, kind, identity, question.at)
    asked = [part for part in parts if _is_asked(question, part) and _is_open_to(gateway, asker, part)]
    citizen = parts[0].facts.citizen if parts else ""
    if not asked or (question.resources and len(asked) < len(set(question.resources))):
        await on_record(gateway, record.of(citizen))
        raise NotFound
    then = replace(gateway, clock=lambda: question.at)
    seen = await look(then, question.reader, parts, ground, persons_of(parts))
    told = dict[tuple[str, str], Explained]()
    looked: list[tuple[Sealed, Permit | Denial]] = [*seen.permitted, *seen.withheld]
    for part, decision in looked:
        told[decision.kind, decision.id] = _explained(question, part, decision, parts)
    answers = [told.get(part.key) or _uncovered(part) for part in asked]
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


def _uncovered(part: Sealed) -> Explained:
    """What the reader's scopes leave out is not decided about at all."""
    reason = Reason.SCOPES
    return Explained(Denial(part.facts.kind, part.facts.id, reason, reason.value), part.version)
