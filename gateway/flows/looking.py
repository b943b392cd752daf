"""What every look-up shares: decide about each part, put the look on record, open what is permitted.

The order is the point: nothing is opened before the record of the look is durable (DESIGN, Record commit speak).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from gateway.domain.caller import Caller
from gateway.domain.decide import Denial, Permit, decide_all, of_both
from gateway.domain.override import OverrideRecord
from gateway.domain.record import AccessRecord, Decision, Outcome, person_key
from gateway.domain.redact import redact
from gateway.domain.references import WHOLE, points_at, without
from gateway.domain.resource import Facts
from gateway.domain.security_label import PROTECTED_ADDRESS
from gateway.domain.when import DANISH
from gateway.flows.covering import covered as within_scopes
from gateway.flows.departed import as_left, when_left
from gateway.flows.ground import Known, known_of
from gateway.flows.overrides import owe
from gateway.flows.parts import Gateway, Served
from gateway.store import resources, wire
from gateway.store.resources import Found, Ground, Reader, Sealed


@dataclass(frozen=True, slots=True)
class Seen:
    """The parts of one citizen as one caller may see them. `hidden` are the references in them that lead to nothing
    this caller may see."""

    permitted: tuple[tuple[Sealed, Permit], ...]
    withheld: tuple[tuple[Sealed, Denial], ...]
    hidden: frozenset[str] = frozenset()

    @property
    def gone(self) -> bool:
        """Whether the one resource that was looked at is deleted in the version that is shown."""
        return bool(self.permitted) and self.permitted[0][0].facts.deleted

    def of(self, kinds: Collection[str]) -> Seen:
        """The look as far as it is at resources of these types."""
        return Seen(
            tuple(one for one in self.permitted if one[0].facts.kind in kinds),
            tuple(one for one in self.withheld if one[0].facts.kind in kinds),
            self.hidden,
        )


NOTHING = Seen((), ())


@dataclass(frozen=True, slots=True)
class Beside:
    """What came with the parts of a citizen: everything the citizen goes by, and older versions of the parts, where
    this caller's decision asks for them."""

    names: frozenset[str]
    past: Sequence[Sealed]


async def look(
    gateway: Gateway, caller: Caller, parts: Sequence[Sealed], ground: Sequence[Ground], persons: Sequence[Facts],
    beside: Beside | None = None,
) -> Seen:  # fmt: skip
    """Decide about every part of one citizen that the token's scopes cover. `persons` are the citizen's identities.
    What is known `beside` is not asked of the database."""
    known = known_of(ground)
    left = when_left(gateway, caller, known)
    covered = [part for part in parts if caller.covers(part.facts.kind) and (left or not part.facts.deleted)]
    facts = [part.facts for part in covered]
    around = [part.facts for part in parts if not caller.covers(part.facts.kind)]
    permits, denials = await _decided(
        gateway, gateway.database, caller, facts, known, persons, away=left is not None, around=around,
        names=beside.names if beside else None,
    )  # fmt: skip
    if left:
        past = beside.past if beside else None
        covered = await as_left(gateway, gateway.database, caller, covered, permits, denials, left, past=past)
        covered, permits = _undeleted(covered, permits)
    if caller.narrowed:
        permits = within_scopes(gateway, caller, covered, permits, persons)
    there = {f"{kind}/{identity}" for kind, identity in permits}
    named = (points_at(part.facts, persons) for part in covered)
    return _seen(covered, permits, denials, frozenset().union(*named) - there)


async def look_back(
    gateway: Gateway, caller: Caller, then: Sequence[Sealed], now: Sequence[Sealed], ground: Sequence[Ground]
) -> Seen:
    """As `look`, at what there was of the citizen at a time (`then`): like an older version it is decided about by what
    is known of it today (`now`) as well."""
    stands = {part.key: part.facts for part in now}
    known = known_of(ground)
    persons, left, database = persons_of(now), when_left(gateway, caller, known), gateway.database
    covered = [part for part in then if caller.covers(part.facts.kind) and (left or not part.facts.deleted)]
    around = [facts for facts in stands.values() if not caller.covers(facts.kind)]
    (permits, denials), (today, closed) = [
        await _decided(gateway, database, caller, facts, known, persons, away=left is not None, around=around)
        for facts in ([part.facts for part in covered], [stands[part.key] for part in covered])
    ]
    permits, denials = _of_both(permits, today), denials | closed
    if left:
        covered = await as_left(gateway, database, caller, covered, permits, denials, left)
        covered, permits = _undeleted(covered, permits)
    if caller.narrowed:
        permits = within_scopes(gateway, caller, covered, permits, persons)
    there = {f"{kind}/{identity}" for kind, identity in permits}
    named = (points_at(part.facts, persons) for part in covered)
    return _seen(covered, permits, denials, frozenset().union(*named) - there)


async def look_at_one(gateway: Gateway, database: Reader, caller: Caller, found: Found | None) -> Seen:
    """Decide about one resource, in an older version by what is known of it today as well, and about what it refers
    to."""
    if found is None:
        return NOTHING
    part, known, persons = found.sealed, known_of(found.ground), found.persons
    named = points_at(part.facts, persons)
    covered = [target for target in found.targets if caller.covers(target.kind) and _is_asked(target, named)]
    left = when_left(gateway, caller, known)
    around = [target for target in found.targets if not caller.covers(target.kind)]
    permits, denials = await _decided(
        gateway, database, caller, [part.facts, *covered], known, persons, away=left is not None, around=around,
        names=found.names,
    )  # fmt: skip
    if left:
        old = found.now is not None
        (part,) = await as_left(gateway, database, caller, [part], permits, denials, left, version=old)
        named = points_at(part.facts, persons)
    if found.now is not None:
        today, closed = await _decided(
            gateway, database, caller, [found.now, *covered], known, persons, away=left is not None, around=around,
            names=found.names,
        )  # fmt: skip
        stands = (found.now.kind, found.now.id) in today
        permits, denials = (_of_both(permits, today), denials) if stands else ({}, closed)
    if caller.narrowed:
        permits = within_scopes(gateway, caller, [part], permits, persons)
    there = {f"{kind}/{identity}" for kind, identity in permits}
    return _seen([part], permits, denials, named - there)


def _is_asked(target: Facts, named: Collection[str]) -> bool:
    """Whether what a resource refers to is to be decided about. Whose it is (the Patient, who is not among what is
    `named`) goes without saying: deciding about it would cost a third of most reads."""
    return not target.deleted and (target.kind != "Patient" or f"Patient/{target.id}" in named)


def persons_of(parts: Sequence[Sealed]) -> list[Facts]:
    """The identities among all parts of one citizen."""
    return [part.facts for part in parts if part.facts.kind == "Patient"]


_Permits = dict[tuple[str, str], Permit]
_Denials = dict[tuple[str, str], Denial]


def _undeleted(parts: Sequence[Sealed], permits: _Permits) -> tuple[list[Sealed], _Permits]:
    """Without what is deleted in the version that is shown."""
    left = [part for part in parts if not part.facts.deleted]
    keys = {part.key for part in left}
    return left, {key: permit for key, permit in permits.items() if key in keys}


def _of_both(then: _Permits, today: _Permits) -> _Permits:
    return {key: of_both(one, today[key]) for key, one in then.items() if key in today}


def _seen(parts: Sequence[Sealed], permits: _Permits, denials: _Denials, hidden: frozenset[str] = frozenset()) -> Seen:
    keyed = [((part.facts.kind, part.facts.id), part) for part in parts]
    return Seen(
        tuple((part, permits[key]) for key, part in keyed if key in permits),
        tuple((part, denials[key]) for key, part in keyed if key in denials),
        hidden,
    )


async def _decided(
    gateway: Gateway, database: Reader, caller: Caller, facts: Sequence[Facts], known: Known, persons: Sequence[Facts],
    *, away: bool, around: Sequence[Facts], names: frozenset[str] | None = None,
) -> tuple[_Permits, _Denials]:  # fmt: skip
    """With the citizen's consents and the caller's place in the care teams as they are now."""
    now = gateway.clock()
    own = {caller.user, caller.organisation.key, *caller.member_of}
    protected = [person.citizen for person in persons if PROTECTED_ADDRESS in person.labels]
    same = await _same(database, facts, names) if caller.role == "citizen" else {}
    permits, denials = decide_all(
        caller, facts, known.consents, gateway.policy, now,
        care_teams=known.teams_of(own, now), same=same, protected=protected, away=away, around=around,
    )  # fmt: skip
    return {(p.kind, p.id): p for p in permits}, {(d.kind, d.id): d for d in denials}


async def _same(database: Reader, facts: Sequence[Facts], names: frozenset[str] | None) -> dict[str, frozenset[str]]:
    """By what names a citizen who looks at the own plan is known; nobody else's decision asks for it."""
    citizen = facts[0].citizen if facts else ""  # of nobody too: who is there shows in no statement more
    names = await resources.names_of(database, citizen) if names is None else names
    return {citizen: names | {f"Patient/{citizen}"}}


def record_of(
    gateway: Gateway, caller: Caller, interaction: str, kind: str, citizen: str, seen: Seen, *, query: str = "",
    operation: str = "",
) -> AccessRecord:  # fmt: skip
    """The record of one look at one citizen: what was shown, what was withheld by which rule, and on whose word."""
    permits = [permit for _, permit in seen.permitted]
    hidden = Counter([denial.rule for _, denial in seen.withheld]) if seen.withheld else {}
    if not permits:
        decision = Decision.DENY
    elif True in [permit.override for permit in permits]:
        decision = Decision.OVERRIDE
    else:
        decision = Decision.FILTERED if hidden else Decision.PERMIT
    made = _overriding(gateway, caller) if decision is Decision.OVERRIDE else AccessRecord
    return made(
        time=gateway.clock(),
        interaction=interaction,
        decision=decision,
        citizen=citizen,
        kind=kind,
        resources=tuple([f"{s.facts.kind}/{s.facts.id}/_history/{s.version}" for s, _ in seen.permitted]),
        operation=operation,
        user=person_key(caller.user, gateway.ids),
        user_name=caller.user_name,
        user_role=caller.user_role or caller.role,
        user_authorisation=caller.user_authorisation,
        on_behalf_of=person_key(caller.on_behalf_of, gateway.ids),
        organisation=caller.organisation.key,
        organisation_name=caller.organisation_name,
        sector=caller.sector,
        client=caller.client,
        client_name=caller.client_name,
        client_version=caller.client_version,
        client_owner=caller.organisation_name,
        address=caller.address,
        purposes=caller.purposes,
        basis=_each([permit.law for permit in permits]),
        consents=_each([permit.consent for permit in permits]),
        rules=_each([permit.rule for permit in permits]),
        override_code=caller.override.code if caller.override else "",
        override_reason=caller.override.text if caller.override else "",
        withheld=tuple(sorted(hidden.items())),
        outcome=Outcome.SUCCESS if permits else Outcome.MINOR,
        trace=caller.trace,
        token=caller.token,
        query=query,
    )


def _each(values: Sequence[str]) -> tuple[str, ...]:
    """Each that is there, once, in order."""
    return tuple(sorted(filter(None, set(values)))) if len(values) != 1 or not values[0] else (values[0],)


def _overriding(gateway: Gateway, caller: Caller) -> Callable[..., OverrideRecord]:
    """The record of a look by override knows who is to tell the citizen, and by when."""
    code = caller.override.code if caller.override else ""
    day = gateway.clock().astimezone(DANISH).date().isoformat()
    teller = next((one for one in caller.sends if one in gateway.sources), "")
    return partial(
        OverrideRecord, teller=teller, role=caller.role, ground=gateway.policy.ground(code, caller.role, day)
    )


async def on_record(gateway: Gateway, *records: AccessRecord) -> None:
    """Durable before anything is said, and with an override the task to tell the citizen. Raises Unavailable: then
    nothing is said."""
    left: Sequence[AccessRecord] = records
    if Decision.OVERRIDE in [one.decision for one in records]:
        left = await owed(gateway, records)
    await gateway.recorder.put(left)


async def owed(gateway: Gateway, records: Sequence[AccessRecord]) -> list[AccessRecord]:
    """The records that are left to be kept: with an override the task to tell the citizen is kept now, with its record.
    For looks that go on record in the commit of a write. Raises as `on_record`."""
    return [one for one in records if not (isinstance(one, OverrideRecord) and one.owing and await owe(gateway, one))]


def opened(seen: Seen) -> list[bytes]:
    """The resources as this caller may read them, with version and time in `meta`."""
    return [_opened(part, permit, seen.hidden) for part, permit in seen.permitted]


def _opened(part: Sealed, permit: Permit, hidden: frozenset[str]) -> bytes:
    body = part.open(permit)
    lost = part.facts.data_class not in WHOLE and not hidden.isdisjoint(part.facts.related)
    if permit.redactions or lost:
        told = redact(wire.decode(body), permit.redactions)
        if lost:  # the narrative may tell in words what was taken away
            told = without({name: value for name, value in told.items() if name != "text"}, hidden)
        body = wire.encode(told)
    head = len(f'{{"resourceType":"{part.facts.kind}","id":"{part.facts.id}","meta":{{')
    comma = b"" if body[head : head + 1] == b"}" else b","
    meta = f'"versionId":"{part.version}","lastUpdated":"{part.updated.isoformat(timespec="milliseconds")}"'.encode()
    return b"".join((body[:head], meta, comma, body[head:]))


def served(gateway: Gateway, seen: Seen) -> Served:
    """The one resource that was looked at, with what its headers need."""
    part, permit = seen.permitted[0]
    body = _opened(part, permit, seen.hidden)
    return Served(body, str(part.version), part.updated, location=location_of(gateway, part))


def location_of(gateway: Gateway, part: Sealed) -> str:
    """The URL of just this version."""
    return f"{gateway.public_url}/fhir/{part.facts.kind}/{part.facts.id}/_history/{part.version}"
