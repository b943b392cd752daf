"""The joint plan: composed for this caller from the parts this caller may see. GET Patient/{id}/$joint-plan."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.municipality import CODES as MUNICIPALITY_CODES
from gateway.domain.municipality import MUNICIPALITY
from gateway.domain.plan import citizen_of_joint, compose
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.errors import Forbidden, NotFound
from gateway.flows.covering import covers_body
from gateway.flows.looking import NOTHING, Seen, look, look_back, on_record, opened, persons_of, record_of
from gateway.flows.parts import Gateway, Served
from gateway.store import past, resources, wire
from gateway.translate.oio.meanings import meanings

# Nobody's plan by itself: who may see only these may not see that there is a plan.
_FRAME = frozenset({"Patient", "Consent", "Account", "Flag"})


async def joint_plan(gateway: Gateway, caller: Caller, patient: str, at: datetime | None = None) -> Served:
    """A collection Bundle: the joint CarePlan, the joint CareTeam, and every part that this caller may see. With `at`
    as it stood then, of what the caller may see today."""
    return (await told_plan(gateway, caller, patient, at))[0]


async def told_plan(
    gateway: Gateway, caller: Caller, patient: str, at: datetime | None = None
) -> tuple[Served, dict[str, str]]:
    """As `joint_plan`, and who told each part: the name of its source by its reference (`Goal/9f…`). Of what is not
    whole because of a protected address nobody is named: who sees the citizen may be who gives shelter."""
    seen = await _looked(gateway, caller, patient, "CarePlan", operation="joint-plan", at=at)
    bodies = opened(seen)
    plan, team = _composed(seen, bodies, patient, gateway, at)
    made = [one for one in (plan, team) if not caller.narrowed or covers_body(gateway, caller, one)]
    resources_ = [*map(wire.encode, made), *bodies]
    entries = b",".join(b'{"resource":' + one + b"}" for one in resources_)
    body = b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"
    whole = Seen(tuple(one for one in seen.permitted if not one[1].redactions), ())
    tellers = {reference: source.name for reference, source in _sources(gateway, whole).items()}
    return Served(body, _version(body), weak=True), tellers


async def joint_resource(gateway: Gateway, caller: Caller, kind: str, identity: str) -> Served:
    """The joint CarePlan or CareTeam alone, under its own id."""
    patient = citizen_of_joint(identity)
    seen = await _looked(gateway, caller, patient, kind, operation="")
    plan, team = _composed(seen, opened(seen), patient, gateway)
    made = plan if kind == "CarePlan" else team
    if caller.narrowed and not covers_body(gateway, caller, made):
        raise NotFound
    body = wire.encode(made)
    return Served(body, _version(body), weak=True)


async def _looked(
    gateway: Gateway, caller: Caller, patient: str, kind: str, *, operation: str, at: datetime | None = None
) -> Seen:
    """Decide and record. Raises NotFound where this caller may see no part of a plan, or there is none."""
    query = f"GET Patient/{patient}/$joint-plan" if operation else f"GET {kind}/joint-{patient}"
    query += f"?at={at.isoformat(timespec='seconds')}" if at else ""
    seen, there = await _seen(gateway, caller, patient, at) if caller.purposes else (NOTHING, False)
    interaction = "operation" if operation else "read"
    citizen = patient if there else ""
    await on_record(
        gateway, record_of(gateway, caller, interaction, kind, citizen, seen, query=query, operation=operation)
    )
    if not caller.purposes:
        raise Forbidden("The access token names no purpose of use", hint="Ask for a token with purpose_of_use.")
    if not shows_plan(seen):
        raise NotFound
    return seen


async def _seen(gateway: Gateway, caller: Caller, patient: str, at: datetime | None) -> tuple[Seen, bool]:
    """The look at all parts, and whether there is anything of such a citizen."""
    if at is None:
        parts, ground = await resources.parts(gateway.database, patient)
        return await look(gateway, caller, parts, ground, persons_of(parts)), bool(parts)
    now, then, ground = await past.stood(gateway.database, patient, at)
    return await look_back(gateway, caller, then, now, ground), bool(now)


def shows_plan(seen: Seen) -> bool:
    """Whether the look shows anything that makes a plan."""
    return any(part.facts.kind not in _FRAME for part, _ in seen.permitted)


def composed_for(seen: Seen, patient: str, gateway: Gateway) -> tuple[bytes, bytes]:
    """The joint CarePlan and CareTeam of the parts that one caller may see."""
    plan, team = _composed(seen, opened(seen), patient, gateway)
    return wire.encode(plan), wire.encode(team)


def _composed(
    seen: Seen, bodies: Sequence[bytes], patient: str, gateway: Gateway, at: datetime | None = None
) -> tuple[Body, Body]:
    told = _sources(gateway, seen)
    tellers = {one: source.municipality or source.organisation.key for one, source in told.items()}
    states = meanings(gateway.terms.codes)
    plan, team = compose([wire.decode(body) for body in bodies], patient, at or gateway.clock(), tellers, states)
    for one in plan.get("extension", ()):
        if one["url"] == MUNICIPALITY:
            _name(gateway, one)
    return plan, team


def _name(gateway: Gateway, fact: Body) -> None:
    """A municipality that its source told by its code alone gets its name."""
    coding = next(part["valueCoding"] for part in fact["extension"] if part["url"] == "municipality")
    system = gateway.terms.system(MUNICIPALITY_CODES) if "display" not in coding else None
    found = system.find(coding["code"]) if system else None
    if found:
        coding["display"] = found.concept.display


def _sources(gateway: Gateway, seen: Seen) -> dict[str, Source]:
    """Who told each part, as far as that is a registered source."""
    told = {f"{part.facts.kind}/{part.facts.id}": gateway.sources.get(part.facts.source) for part, _ in seen.permitted}
    return {reference: source for reference, source in told.items() if source}


def _version(body: bytes) -> str:
    """A hash of what this reader sees: it changes when and only when that changes."""
    return hashlib.sha256(body).hexdigest()[:16]
