"""Værdispring: the work queue of every override, and what is done about each: taken, reviewed, told to the citizen.

An auditor has all of them; whoever works where it was decided has those of the own organisation and role
(flows/override_queue.py). The citizen stands here by Patient id. The id of a Task, in an address, tells of nobody.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from starlette.responses import Response

from gateway.domain.override import Outcome
from gateway.domain.record import masked, person_key
from gateway.domain.when import DANISH
from gateway.errors import BadRequest, Conflict, Forbidden
from gateway.flows import override_queue
from gateway.flows.find_looks import Asked, people_named
from gateway.flows.override_queue import OPEN, REVIEWED, TAKEN, Overridden
from gateway.inbound.console.frame import Here
from gateway.inbound.console.search import Running
from gateway.inbound.door import check_scopes

REVIEWERS = ("auditor", "hospital", "nursing", "social")
"""Who may be admitted: auditors, and the roles that may override at all (mappings/policy/overrides.csv)."""

_SHOWN: dict[str, dict[str, Any]] = {
    "todo": {"done": False}, "overdue": {"overdue": True}, OPEN: {"state": OPEN}, TAKEN: {"state": TAKEN},
    REVIEWED: {"state": REVIEWED}, "all": {},
}  # fmt: skip


async def show(here: Here) -> Response:
    """GET /console/overrides?show=…: the queue, what is due first."""
    _whole_role(here)
    asked = here.request.query_params.get("show", "todo")
    wanted = asked if asked in _SHOWN else "todo"
    behind = here.request.query_params.get("behind", "")
    found = await override_queue.queue(here.gateway, here.caller, first=here.first, behind=behind, **_SHOWN[wanted])
    rows = [{"row": one.row, "overdue": one.overdue, "state": one.state,
             "reason": here.reason(one.row.code, one.row.first_at), "told": _told(here, one),
             "due": here.moment(one.row.due), "when": here.moment(one.row.first_at)}
            for one in found.rows]  # fmt: skip
    return here.page("overrides.html", found=found, rows=rows, shown=wanted, choices=tuple(_SHOWN))


async def one(here: Here) -> Response:
    """GET /console/overrides/{id}: one override, with what there is to do about it."""
    _whole_role(here)
    return _one(here, await override_queue.opened(here.gateway, here.caller, here.request.path_params["id"]))


async def act(here: Here) -> Response:
    """POST /console/overrides/{id} (act = take, review, tell, not-tell, looks): one step, then the page again."""
    _whole_role(here)
    task, wrong = here.request.path_params["id"], ""
    try:
        if where := await _done(here, task):
            return here.go(where)
    except Conflict:
        wrong, status = here.t("overrides.conflict"), 409
    except BadRequest as error:
        wrong, status = here.t("overrides.note_needed" if error.where == "note" else "overrides.told_needed"), 400
    found = await override_queue.opened(here.gateway, here.caller, task)
    return _one(here, found, wrong, status) if wrong else here.go(f"/console/overrides/{task}")


async def _done(here: Here, task: str) -> str:
    """Take the step that the form asks for; gives the page it leads to, "" for the same one."""
    gateway, caller, form = here.gateway, here.caller, here.form
    said = form.get("act", "")
    if said == "looks":
        return await _looks(here, task)
    if said == "take":
        await override_queue.take(gateway, caller, task, former=form.get("former", ""))
    elif said == "review":
        if form.get("outcome") not in set(Outcome):
            raise BadRequest("This is no outcome", where="note")
        await override_queue.review(gateway, caller, task, Outcome(form["outcome"]), masked(form.get("note", "")))
    elif said in ("tell", "not-tell"):
        await check_scopes(gateway, caller, ("Task.u",), "POST /console/overrides/{id}", "operation")
        told = ("when", "how") if said == "tell" else ("why_not",)
        await override_queue.tell(gateway, caller, task, **{name: masked(form.get(name, "")) for name in told})
    return ""


async def _looks(here: Here, task: str) -> str:
    """The looks that an override rests on, as a search of this session: of this user, at this citizen, those days."""
    if here.caller.role != "auditor":
        raise Forbidden
    row = (await override_queue.opened(here.gateway, here.caller, task)).row
    first, last = (at.astimezone(DANISH).date().isoformat() for at in (row.first_at, row.last_at))
    people = await people_named(here.gateway, row.citizen)
    asked = Asked(people, (("person", row.user),), ("override",), (), first, last)
    told = (("citizen", here.t("search.entered")), ("user", row.user_name), ("decision", "override"))
    return f"/console/search/{here.visit.hold(Running(asked, told))}"


def _whole_role(here: Here) -> None:
    """The queue is about many citizens: a session for the plan of one does not open it. Raises Forbidden."""
    if here.visit.patient:
        raise Forbidden


def _one(here: Here, found: Overridden, wrong: str = "", status: int = 200) -> Response:
    row = found.row
    me = person_key(here.caller.user, here.gateway.ids)
    auditor = here.caller.role == "auditor"
    return here.page(
        "override.html", status, one=found, row=row, reason=here.reason(row.code, row.first_at),
        told=_told(here, found), wrong=wrong, auditor=auditor, mine=row.taken_by == me, own=row.user == me,
        outcomes=tuple(Outcome),
        may_take=found.state != REVIEWED and me not in (row.taken_by, row.user),
        may_tell=not auditor and not found.told, given=here.form,
        today=here.gateway.clock().astimezone(DANISH).date().isoformat(),
    )  # fmt: skip


def _told(here: Here, found: Overridden) -> str:
    """What became of telling the citizen, in words."""
    if found.told.when:
        return here.t("overrides.was_told", when=here.moment(day_or_time(found.told.when)), how=found.told.how)
    if found.told.why_not:
        return here.t("overrides.was_not_told", why=found.told.why_not)
    return here.t("overrides.overdue" if found.overdue else "overrides.not_yet")


def day_or_time(told: datetime) -> date:
    """A day where only a day was told, which is its beginning in Denmark."""
    at = told.astimezone(DANISH)
    return told if at.time() > time.min else at.date()
