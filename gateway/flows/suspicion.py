"""Suspicion: the access log is looked through for looks that somebody should ask about; what came of asking is kept.

Looked through organisation by organisation: peers are those who do the same work in the same house. The detection sees
no content, only who looked when and what tied them to the citizen; that it ran is on record, and so is every finding
that an auditor opens.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord, Decision, masked, person_key
from gateway.domain.stretch import LONGEST, Stretch, stretch
from gateway.domain.suspicion.finding import Finding, findings
from gateway.domain.suspicion.known import citizen_of
from gateway.domain.suspicion.look import Citizen, Employee, Look
from gateway.domain.suspicion.signals import Staff
from gateway.domain.suspicion.thresholds import Thresholds
from gateway.domain.when import DANISH
from gateway.errors import BadRequest, Conflict, NotFound
from gateway.flows.find_looks import admitted
from gateway.flows.looking import on_record
from gateway.flows.parts import Gateway
from gateway.store import suspicion as store
from gateway.store.suspicion import Raised, Run

__all__ = ["OUTCOMES", "Raised", "Run", "Watched"]

OPERATION = "suspicion"
OUTCOMES = ("explained", "talk", "breach")
"""What came of asking: there was a reason; somebody was talked to; it was a breach."""
_NIGHT = range(1, 6)  # Danish hours in which it runs by itself
_AT_ONCE = 500  # citizens read in one statement
_AT_MOST = timedelta(hours=6)  # a node that has not ended after this has died


@dataclass(frozen=True, slots=True)
class Watched:
    """When the log was last looked through, None before the first time, and whether somebody waits for the next."""

    last: Run | None
    waiting: Run | None


async def watch_when_due(gateway: Gateway) -> int:
    """Look through the log when it is night in Denmark and nobody did it today: one node does. How many findings are
    new."""
    now = gateway.clock()
    local = now.astimezone(DANISH)
    if local.hour not in _NIGHT or not await store.claim(gateway.database, local.date()):
        return 0
    await store.ask(gateway.database, "", now, now - _AT_MOST)
    return await watch_when_asked(gateway)


async def watch_when_asked(gateway: Gateway) -> int:
    """Look through the log where somebody asked for it: one node does. How many findings are new."""
    now = gateway.clock()
    run = await store.begin(gateway.database, now, now - _AT_MOST)
    if run is None:
        return 0
    return await _watched(gateway, run)


async def watch(gateway: Gateway) -> int:
    """Look through the log now. How many findings are new."""
    now = gateway.clock()
    await store.ask(gateway.database, "", now, now - _AT_MOST)
    return await watch_when_asked(gateway)


async def ask_watch(gateway: Gateway, caller: Caller) -> None:
    """An auditor wants the log looked through: a node does so in a moment. Asked twice, it is done once. Raises
    Forbidden."""
    await on_record(gateway, await admitted(gateway, caller, "operation", operation="look-through"))
    now = gateway.clock()
    await store.ask(gateway.database, caller.user_name or caller.client_name, now, now - _AT_MOST)


async def watched(gateway: Gateway) -> Watched:
    """When the log was last looked through."""
    runs = await store.runs(gateway.database)
    last = next((one for one in runs if one.ended_at), None)
    return Watched(last, next((one for one in runs if one.ended_at is None), None))


async def _watched(gateway: Gateway, run: int) -> int:
    """The time that the thresholds ask for, organisation by organisation. The thinking is done in a thread: what
    else this process does goes on."""
    now, thresholds = gateway.clock(), gateway.suspicion.thresholds
    since = now - timedelta(hours=max((row.hours for row in thresholds.rows.values()), default=0.0))
    people, new, seen = await store.staff(gateway.database), 0, 0
    for organisation in await store.organisations(gateway.database, since):
        looks = await _looks(gateway, organisation, since)
        citizens = await _citizens(gateway, sorted({one.citizen for one in looks}))
        found = await asyncio.to_thread(_thought, looks, citizens, people, thresholds)
        names = {one.user: one.user_name for one in looks}
        new += await store.raise_(gateway.database, [(one, names[one.user], organisation) for one in found], now)
        seen += len(looks)
    await on_record(gateway, by_itself(gateway, "looked-through", f"{new} new findings"))
    await store.end(gateway.database, run, seen, new, gateway.clock())
    return new


def _thought(
    looks: Sequence[Look], citizens: Mapping[str, Citizen], people: Sequence[Employee], thresholds: Thresholds
) -> list[Finding]:
    families = Counter(one.family for one in citizens.values() if one.family)
    staff = Staff(
        {one.user: one for one in people}, {one.person: one for one in people if one.person},
        {name: count / len(citizens) for name, count in families.items()},
    )  # fmt: skip
    return findings(looks, citizens, staff, thresholds)


async def listed(
    gateway: Gateway, caller: Caller, *, concluded: bool | None = False, organisation: str = "", first: int = 0
) -> Stretch[Raised]:
    """The findings, open or concluded or (None) both, for an auditor: those from a place on, on record under each
    citizen they are about. Raises Forbidden."""
    record = await admitted(gateway, caller, "operation", operation=OPERATION)
    there = await store.listed(
        gateway.database, concluded=concluded, organisation=organisation, first=first, most=LONGEST + 1
    )
    found = stretch(there, first)
    await on_record(gateway, *_about(record, found.rows))
    return found


async def opened(gateway: Gateway, caller: Caller, one: int) -> Raised:
    """One finding. Raises Forbidden, NotFound."""
    record = await admitted(gateway, caller, "operation", operation=OPERATION)
    found = await store.listed(gateway.database, one=one, concluded=None) if one > 0 else []
    await on_record(gateway, *_about(record, found))
    if not found:
        raise NotFound
    return found[0]


async def times(gateway: Gateway, finding: Raised) -> list[tuple[int, datetime]]:
    """The looks that a finding rests on, as far as they are on record still: number and time, the newest first. It
    tells no more than the finding, which is on record as seen."""
    return await store.times(gateway.database, finding.looks)


async def conclude(gateway: Gateway, caller: Caller, one: int, outcome: str, note: str) -> None:
    """Write down what came of asking. Raises BadRequest without an outcome and a note, Conflict where somebody was
    faster."""
    finding = await opened(gateway, caller, one)
    if outcome not in OUTCOMES or not note.strip():
        raise BadRequest("Say what came of it, and why", where="outcome", hint=f"One of {', '.join(OUTCOMES)}.")
    record = await admitted(gateway, caller, "operation", operation="conclude")
    await on_record(gateway, record.of(finding.citizen))
    by = caller.user_name or caller.client_name
    if not await store.conclude(gateway.database, one, outcome, masked(note.strip()), by, gateway.clock()):
        raise Conflict


async def _citizens(gateway: Gateway, named: Sequence[str]) -> dict[str, Citizen]:
    known = await store.well_known(gateway.database)
    found: dict[str, Citizen] = {}
    for start in range(0, len(named), _AT_ONCE):
        there = await store.known(gateway.database, named[start : start + _AT_ONCE])
        for one, resources in there.items():
            if resources:
                found[one] = citizen_of(
                    one, resources, lambda key: person_key(key, gateway.ids), lambda text: hashed(gateway, text),
                    lambda source: _whose(gateway, source), known=known,
                )  # fmt: skip
    return found


def hashed(gateway: Gateway, text: str) -> str:
    """A keyed hash of an address: two are seen to be the same, and none can be read."""
    return gateway.fingerprint(b"address", text.encode()).hex()[:32]


def _whose(gateway: Gateway, source: str) -> set[tuple[str, str]]:
    """Whose own a source is, and in which role; in any, where no system of the organisation sends as it."""
    known = gateway.sources.get(source)
    owners = set(gateway.policy.owners.get(source, ()))
    told = {organisation for organisation, _ in owners}
    return owners | ({(known.organisation.key, "")} if known and known.organisation.key not in told else set())


async def _looks(gateway: Gateway, organisation: str, since: datetime) -> list[Look]:
    """All of an organisation. What was shown is let go of at once: it is most of a record, and needed for one word."""
    found: list[Look] = []
    classes: dict[str, set[str]] = {}
    async for some in store.looks(gateway.database, organisation, since, gateway.roles):
        strange = sorted({look.citizen for look, _ in some} - classes.keys())
        classes |= await store.of_classes(gateway.database, strange, gateway.suspicion.sensitive)
        found += [
            look if classes[look.citizen].isdisjoint(shown) else replace(look, sensitive=True) for look, shown in some
        ]
    return found


def _about(record: AccessRecord, found: Sequence[Raised]) -> list[AccessRecord]:
    """The look, under each citizen whom it is about."""
    return [record.of(one) for one in dict.fromkeys(one.citizen for one in found)] or [record]


def by_itself(gateway: Gateway, operation: str, told: str = "") -> AccessRecord:
    """That the gateway did this by itself or by an operator's hand: a machine's work, about nobody in particular."""
    return AccessRecord(
        time=gateway.clock(), interaction="operation", operation=operation, decision=Decision.PERMIT, client="gateway",
        client_name="Fællesplan gateway", outcome_text=told,
    )  # fmt: skip
