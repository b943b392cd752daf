"""The work queue of overrides (værdispring): who took each over, what the review came to, whether the citizen was told.

One override is one user, citizen and day. It is open until somebody reviewed it, and until the citizen was told or it
stands there why not; what the task says is what holds, whether it was written by REST or from the queue.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.domain.caller import Caller
from gateway.domain.override import Outcome, Told, done, not_done, told
from gateway.domain.record import AccessRecord, Decision, person_key
from gateway.domain.record import Outcome as Went
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.stretch import LONGEST, Stretch, stretch
from gateway.domain.when import DANISH
from gateway.domain.written import origin_of
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.flows.keeping import About, keep
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.overrides import LANGUAGE
from gateway.flows.parts import Gateway
from gateway.store import intake, overrides, resources
from gateway.store.overrides import Row

_TICK = timedelta(microseconds=1)
OPEN, TAKEN, REVIEWED = "open", "taken", "reviewed"


@dataclass(frozen=True, slots=True)
class Overridden:
    """One override of the work queue. `state` is open, taken or reviewed; `told` what the task tells by now; `reason`
    its text; `overdue` that the citizen is not told and the day is past."""

    row: Row
    state: str
    told: Told
    reason: str
    overdue: bool

    @property
    def done(self) -> bool:
        """Nobody has anything left to do."""
        return self.state == REVIEWED and bool(self.told)


async def queue(
    gateway: Gateway, caller: Caller, *, organisation: str = "", role: str = "", state: str = "",
    overdue: bool | None = None, done: bool | None = None, first: int = 0,
) -> Stretch[Overridden]:  # fmt: skip
    """The overrides, what is left to do first and of that what is due first: of the caller's own organisation in its
    role; an auditor's of all, or of the organisation and role that are named. `done` are those that are reviewed and
    told. Those from place `first` on; on record. Raises Forbidden without a person and a purpose."""
    auditor = caller.role == "auditor"
    whose = (organisation, role) if auditor else (caller.organisation.key, caller.role)
    asked: list[Overridden] = []
    place = 0
    while len(asked) <= first + LONGEST and (rows := await overrides.listed(gateway.database, *whose, first=place)):
        place += len(rows)
        found = (_overridden(gateway, row) for row in rows)
        asked += [
            one for one in found
            if state in ("", one.state) and overdue in (None, one.overdue) and done in (None, one.done)
        ]  # fmt: skip
    shown = stretch(asked[first : first + LONGEST + 1], first)
    await _recorded(gateway, caller, "list", *[one.row for one in shown.rows])
    return shown


async def opened(gateway: Gateway, caller: Caller, task_id: str) -> Overridden:
    """One override of the queue. On record. Raises NotFound for what is not there or not the caller's."""
    row = await _own(gateway, caller, task_id)
    await _recorded(gateway, caller, "open", row)
    return _overridden(gateway, row)


async def take(gateway: Gateway, caller: Caller, task_id: str, *, former: str = "") -> Overridden:
    """The caller takes an override over, from `former` where somebody has it. Raises Conflict when another was first,
    or it is reviewed."""
    row = await _own(gateway, caller, task_id)
    await _recorded(gateway, caller, "take", row)
    who = person_key(caller.user, gateway.ids)
    if not await overrides.take(gateway.database, task_id, who, caller.user_name, gateway.clock(), former):
        raise Conflict("Somebody else has taken this override, or it is reviewed")
    return _overridden(gateway, await _own(gateway, caller, task_id))


async def review(gateway: Gateway, caller: Caller, task_id: str, outcome: Outcome, note: str) -> Overridden:
    """Who has taken the override tells what the review came to. Raises Conflict unless it is the caller's, BadRequest
    without a word on anything but justified; and nobody reviews the own override."""
    row = await _own(gateway, caller, task_id)
    who = person_key(caller.user, gateway.ids)
    if row.user == who:
        raise Forbidden("Nobody reviews the own override", hint="Let somebody else take it over.")
    if outcome is not Outcome.JUSTIFIED and not note.strip():
        raise BadRequest("A review that does not find it justified says why", where="note")
    await _recorded(gateway, caller, "review", row)
    now = gateway.clock()
    if not await overrides.review(gateway.database, task_id, outcome.value, note.strip(), who, caller.user_name, now):
        raise Conflict("This override is somebody else's to review, or it is reviewed")
    return _overridden(gateway, await _own(gateway, caller, task_id))


async def tell(
    gateway: Gateway, caller: Caller, task_id: str, *, when: str = "", how: str = "", why_not: str = ""
) -> Overridden:
    """The citizen was told, when (a FHIR dateTime) and how; or was not, and why not. Raises BadRequest for less."""
    row = await _own(gateway, caller, task_id)
    if caller.role == "auditor":
        raise Forbidden("Whoever overrode tells the citizen", hint="An auditor reviews.")
    said = not_done(why_not.strip()) if why_not.strip() else done(when, how.strip())
    if not told(row.body | said, gateway.clock()):
        raise BadRequest("Say when and how the citizen was told, or why not", where="when, how or why_not")
    key = await _key(gateway, row)
    citizen = await resources.identity_of(gateway.database, row.citizen, gateway.ids)
    number, now = secrets.token_hex(8), gateway.clock() + _TICK
    cleared = () if "output" not in row.body or "output" in said else ("output",)
    one = Statement(
        "Task", key, Act.HANDLE, Verb.ASSERT, now, now, said, row.source, origin_of(number), cleared=cleared
    )
    arrival = intake.Arrival(LANGUAGE, row.source, number, "Task", gateway.fingerprint(number.encode()), now, b"", b"")
    record = _record(gateway, caller, "tell", row)
    await keep(gateway, arrival, About((citizen,), (), (one,)), lambda change: record.of(change.citizen))
    return _overridden(gateway, await _own(gateway, caller, task_id))


async def _key(gateway: Gateway, row: Row) -> str:
    """The key that the task was written under: ids are keyed hashes, so it is found among the citizen's own."""
    said = await resources.said_of(gateway.database, "Task", row.task, row.citizen, gateway.ids)
    if not said:
        raise NotFound
    return said[0].key


async def _own(gateway: Gateway, caller: Caller, task_id: str) -> Row:
    """The row, if it is this caller's to see: the same answer for what is not there and what is not yours."""
    whose = ("", "") if caller.role == "auditor" else (caller.organisation.key, caller.role)
    rows = await overrides.listed(gateway.database, *whose, task_id, most=1) if caller.user and caller.purposes else ()
    if not rows:
        await on_record(gateway, _record(gateway, caller, "open", None))
        raise NotFound
    return rows[0]


def _overridden(gateway: Gateway, row: Row) -> Overridden:
    now = gateway.clock()
    said = Told() if row.deleted else told(row.body, now)
    state = REVIEWED if row.outcome else TAKEN if row.taken_by else OPEN
    reason = row.body.get("reasonCode")
    text = reason.get("text") if isinstance(reason, dict) else ""
    overdue = not said and now.astimezone(DANISH).date() > row.due
    return Overridden(row, state, said, text if isinstance(text, str) else "", overdue)


async def _recorded(gateway: Gateway, caller: Caller, what: str, *rows: Row) -> None:
    """The look at the queue, under each citizen in it. Raises Forbidden without a person and a purpose."""
    allowed = bool(caller.user and caller.purposes)
    told_of = rows if allowed else ()
    await on_record(gateway, *(_record(gateway, caller, what, one) for one in told_of or (None,)))
    if not allowed:
        raise Forbidden("Overrides are shown to a person with a purpose of use")


def _record(gateway: Gateway, caller: Caller, what: str, row: Row | None) -> AccessRecord:
    there = row is not None or (what == "list" and bool(caller.user and caller.purposes))
    operation, citizen = f"override-{what}", row.citizen if row else ""
    return replace(
        record_of(gateway, caller, "operation", "Task", citizen, NOTHING, operation=operation),
        decision=Decision.PERMIT if there else Decision.DENY, outcome=Went.SUCCESS if there else Went.MINOR,
        resources=(f"Task/{row.task}",) if row else (),
    )  # fmt: skip
