"""Suspicion: the access log is looked through for looks that somebody should ask about; what came of asking is kept.

Looked through organisation by organisation: peers are those who do the same work in the same house. The detection sees
no content, only who looked when and what tied them to the citizen; that it ran is on record, and so is every finding
that an auditor opens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from gateway.domain.caller import Caller
from gateway.domain.record import AccessRecord, Decision, Outcome, person_key
from gateway.domain.suspicion.finding import findings
from gateway.domain.suspicion.known import citizen_of
from gateway.domain.suspicion.look import Citizen, Look
from gateway.domain.suspicion.signals import Staff
from gateway.domain.when import DANISH
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.parts import Gateway
from gateway.store import suspicion as store
from gateway.store.suspicion import Raised

OPERATION = "suspicion"
OUTCOMES = ("explained", "talk", "breach")
"""What came of asking: there was a reason; somebody was talked to; it was a breach."""
_NIGHT = range(1, 6)  # Danish hours in which it runs by itself
_AT_ONCE = 500  # citizens read in one statement


async def watch_when_due(gateway: Gateway) -> int:
    """Look through the log when it is night in Denmark and nobody did it today: one node does. How many findings are
    new."""
    now = gateway.clock().astimezone(DANISH)
    if now.hour not in _NIGHT or not await store.claim(gateway.database, now.date()):
        return 0
    return await watch(gateway)


async def watch(gateway: Gateway) -> int:
    """Look through the time that the thresholds ask for. How many findings are new."""
    now, thresholds = gateway.clock(), gateway.suspicion.thresholds
    since = now - timedelta(hours=max((row.hours for row in thresholds.rows.values()), default=0.0))
    people, new = await store.staff(gateway.database), 0
    for organisation in await store.organisations(gateway.database, since):
        said = [one async for one in store.looks(gateway.database, organisation, since)]
        citizens = await _citizens(gateway, sorted({look.citizen for look, _ in said}))
        families = Counter(one.family for one in citizens.values() if one.family)
        staff = Staff(
            {one.user: one for one in people}, {one.person: one for one in people if one.person},
            {name: count / len(citizens) for name, count in families.items()},
        )  # fmt: skip
        found = findings(await _with_classes(gateway, said, sorted(citizens)), citizens, staff, thresholds)
        names = {look.user: look.user_name for look, _ in said}
        new += await store.raise_(gateway.database, [(one, names[one.user], organisation) for one in found], now)
    await on_record(gateway, _ran(gateway, new))
    return new


async def listed(gateway: Gateway, caller: Caller, *, concluded: bool = False, organisation: str = "") -> list[Raised]:
    """The findings, for an auditor; on record under each citizen they are about. Raises Forbidden."""
    await _admit(gateway, caller)
    found = await store.listed(gateway.database, concluded=concluded, organisation=organisation)
    await _seen(gateway, caller, found)
    return found


async def opened(gateway: Gateway, caller: Caller, one: int) -> Raised:
    """One finding. Raises Forbidden, NotFound."""
    await _admit(gateway, caller)
    found = await store.listed(gateway.database, one=one, concluded=True)
    await _seen(gateway, caller, found)
    if not found:
        raise NotFound
    return found[0]


async def conclude(gateway: Gateway, caller: Caller, one: int, outcome: str, note: str) -> None:
    """Write down what came of asking. Raises BadRequest without an outcome and a note, Conflict where somebody was
    faster."""
    finding = await opened(gateway, caller, one)
    if outcome not in OUTCOMES or not note.strip():
        raise BadRequest("Say what came of it, and why", where="outcome", hint=f"One of {', '.join(OUTCOMES)}.")
    await on_record(gateway, _record(gateway, caller, "conclude", finding.citizen))
    by = caller.user_name or caller.client_name
    if not await store.conclude(gateway.database, one, outcome, note.strip(), by, gateway.clock()):
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


def _whose(gateway: Gateway, source: str) -> set[str]:
    """The organisations whose own a source is."""
    known = gateway.sources.get(source)
    owners = {organisation for organisation, _ in gateway.policy.owners.get(source, ())}
    return owners | ({known.organisation.key} if known else set())


async def _with_classes(
    gateway: Gateway, said: Sequence[tuple[Look, tuple[str, ...]]], citizens: Sequence[str]
) -> list[Look]:
    sensitive: set[str] = set()
    for start in range(0, len(citizens), _AT_ONCE):
        some = citizens[start : start + _AT_ONCE]
        sensitive |= await store.of_classes(gateway.database, some, gateway.suspicion.sensitive)
    return [look if sensitive.isdisjoint(shown) else replace(look, sensitive=True) for look, shown in said]


async def _admit(gateway: Gateway, caller: Caller) -> None:
    if caller.role == "auditor" and caller.purposes:
        return
    await on_record(gateway, record_of(gateway, caller, "operation", "AuditEvent", "", NOTHING, operation=OPERATION))
    raise Forbidden("Only auditors see findings")


async def _seen(gateway: Gateway, caller: Caller, found: Sequence[Raised]) -> None:
    citizens = dict.fromkeys(one.citizen for one in found) or {"": None}
    await on_record(gateway, *[_record(gateway, caller, OPERATION, one) for one in citizens])


def _record(gateway: Gateway, caller: Caller, operation: str, citizen: str) -> AccessRecord:
    record = record_of(gateway, caller, "operation", "AuditEvent", citizen, NOTHING, operation=operation)
    return replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS)


def _ran(gateway: Gateway, new: int) -> AccessRecord:
    """That the log was looked through: a machine's work, about nobody in particular."""
    return AccessRecord(
        time=gateway.clock(), interaction="operation", operation=OPERATION, decision=Decision.PERMIT, client="gateway",
        client_name="Fællesplan gateway", outcome_text=f"{new} new findings",
    )  # fmt: skip
