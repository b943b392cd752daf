"""The work queue of overrides (værdispring): who took each over, what the review came to, whether the citizen was told.

One override is one user, citizen and day. It is open until somebody reviewed it, and until the citizen was told or it
stands there why not; what the task says is what holds, whether it was written by REST or from the queue.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from gateway.domain.caller import Caller
from gateway.domain.override import Outcome, Told, done, not_done, told
from gateway.domain.record import AccessRecord, Decision, person_key
from gateway.domain.record import Outcome as Went
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.stretch import LONGEST, Stretch, stretch
from gateway.domain.when import DANISH, END
from gateway.domain.written import origin_of
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.flows.keeping import About, keep
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.overrides import LANGUAGE
from gateway.flows.parts import Gateway
from gateway.store import intake, overrides, resources
from gateway.store.overrides import Asked, Key, Row

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
    overdue: bool = False, done: bool | None = None, first: int = 0, behind: str = "",
) -> Stretch[Overridden]:  # fmt: skip
    """The overrides, what is left to do first and of that what is due first: of the caller's own organisation in its
    role; an auditor's of all, or of the organisation and role that are named. `done` are those that are reviewed and
    told. Those behind the one with this key, or from place `first` on; on record. Raises Forbidden without a person and
    a purpose."""
    auditor = caller.role == "auditor"
    whose = (organisation, role) if auditor else (caller.organisation.key, caller.role)
    await _read_tasks(gateway)
    today = gateway.clock().astimezone(DANISH).date()
    asked = Asked(*whose, state, today if overdue else None, done)
    found = await overrides.listed(gateway.database, asked, _place(behind), first, LONGEST + 1)
    shown = stretch([_overridden(gateway, row) for row in found], first)
    shown = replace(shown, key=_key_of(shown.rows[-1].row) if shown.more else "")
    await _recorded(gateway, caller, "list", *[one.row for one in shown.rows])
    return shown


async def _read_tasks(gateway: Gateway) -> None:
    """What tasks say that changed since they were last read. One that tells of a time to come is read again."""
    now, last = gateway.clock(), ""
    while rows := await overrides.unread(gateway.database, last):
        last = rows[-1][0].task
        said = [(row, changed, told({} if row.deleted else row.body, now)) for row, changed in rows]
        await overrides.read(gateway.database, [
            (row.task, changed, bool(is_told)) for row, changed, is_told in said
            if is_told or row.deleted or not told(row.body, END)
        ])  # fmt: skip


def _key_of(row: Row) -> str:
    """Where a row stands, as a link holds it: nothing in it tells of anybody."""
    return f"{row.settled:d}_{row.due.isoformat()}_{row.first_at.isoformat()}_{row.task}"


def _place(key: str) -> Key | None:
    """Where a link leads; None for what is no such place."""
    settled, _, rest = key.partition("_")
    try:
        due, first, task = rest.split("_")
        return settled == "1", date.fromisoformat(due), datetime.fromisoformat(first).astimezone(UTC), task
    except (ValueError, OverflowError):
        return None


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
    row = await overrides.one(gateway.database, task_id, *whose) if caller.user and caller.purposes else None
    if row is None:
        await on_record(gateway, _record(gateway, caller, "open", None))
        raise NotFound
    return row


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
