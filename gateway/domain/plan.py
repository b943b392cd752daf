"""The joint plan: composed for one reader, at one time, from the parts that this reader may see. Never stored.

Hidden parts are not an input, so no total, order, version, period or reference can tell of them. References of a
visible part to something that this reader may not see are left out here as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.domain.case import CASE, cases_among
from gateway.domain.correspondence import in_threads
from gateway.domain.municipality import facts_of, standing
from gateway.domain.registered import States, as_of
from gateway.domain.statement import Body
from gateway.domain.team import joint_participants, members_of, who_is
from gateway.domain.when import END, instant, last_instant

_BASE = "https://faellesplan.dk/fhir"
PROFILE = f"{_BASE}/StructureDefinition/faellesplan-careplan"
TEAM_PROFILE = f"{_BASE}/StructureDefinition/faellesplan-careteam"
PART = f"{_BASE}/StructureDefinition/part"
_JOINT_PLAN = {"system": f"{_BASE}/CodeSystem/plan-category", "code": "joint-plan", "display": "Fælles plan"}
_CATEGORY = {"coding": [_JOINT_PLAN]}

# CarePlan.status → CarePlan.activity.detail.status (R4 required bindings of both).
_ACTIVITY_STATUS = {
    "draft": "not-started", "active": "in-progress", "on-hold": "on-hold", "revoked": "cancelled",
    "completed": "completed", "unknown": "unknown",
}  # fmt: skip
# Task.status → CarePlan.activity.detail.status.
_TASK_STATUS = {
    "requested": "not-started", "received": "not-started", "accepted": "not-started", "in-progress": "in-progress",
    "on-hold": "on-hold", "completed": "completed", "rejected": "cancelled", "cancelled": "cancelled",
    "failed": "stopped",
}  # fmt: skip
# KLCore: plan categories and kinds of evaluation; interventions are coded by FFB, FSIII, KLE or in words.
_CARE_SOCIAL = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
_LISTED = ("DocumentReference", "Account", "ClinicalImpression", "Observation", "Procedure")
_OPEN = frozenset({"not-started", "in-progress", "on-hold"})
_JOINT = "joint-"
_OVER = frozenset({"completed", "revoked", "entered-in-error"})


def joint_id(citizen: str) -> str:
    """The id of a citizen's joint CarePlan and of the joint CareTeam: nothing has to be looked up to find them."""
    return f"{_JOINT}{citizen}"


def is_joint(kind: str, identity: str) -> bool:
    """Whether this names a composed resource."""
    return kind in ("CarePlan", "CareTeam") and identity.startswith(_JOINT)


def citizen_of_joint(identity: str) -> str:
    """The Patient id behind the id of a composed resource."""
    return identity.removeprefix(_JOINT)


def compose(
    parts: Sequence[Body],
    citizen: str,
    at: datetime,
    tellers: Mapping[str, str] | None = None,
    states: States | None = None,
) -> tuple[Body, Body]:
    """The joint CarePlan and CareTeam of one citizen from the visible parts: FHIR bodies of any kind, any order.

    `at` decides what has ended: KL systems leave `status` active on interventions whose period is over. `tellers` are
    references of parts with the authority that told them, for what one authority says anew. `states` are what those of
    a case system mean: of a case the one counts that holds at `at`.
    """
    parts = sorted((p for p in parts if not in_error(p)), key=lambda p: (p["resourceType"], p["id"]))
    if states:
        parts = [as_of(p, at, states) if p["resourceType"] == "CarePlan" else p for p in parts]
    visible = {f"{p['resourceType']}/{p['id']}" for p in parts}
    plans = sorted(_of(parts, "CarePlan"), key=lambda p: (p.get("period", {}).get("start", ""), p["id"]))
    teams = (one for one in _of(parts, "CareTeam") if one.get("status") != "inactive")
    told = [*(p for p in (*plans, *teams) if not has_ended(p, at)), *_of(parts, "Patient")]
    plan = _plan(parts, plans, visible, citizen, at)
    if municipalities := _municipalities(told, at, tellers or {}):
        plan["extension"] = [*plan.get("extension", []), *municipalities]
    return plan, _team(parts, visible, citizen, at)


def _plan(parts: Sequence[Body], plans: Sequence[Body], visible: set[str], citizen: str, at: datetime) -> Body:
    running = [p for p in plans if not has_ended(p, at)]
    cases = cases_among(plans)
    behind = {case["id"] for meant in cases.values() for case in meant}
    tasks = [_task(one) for one in _of(parts, "Task")]
    open_ = bool(running) or any(one["status"] in _OPEN for one in tasks)
    body: Body = {
        "resourceType": "CarePlan",
        "id": joint_id(citizen),
        "meta": {"profile": [PROFILE]},
        "extension": [_part(p, cases) for p in plans if p["id"] not in behind],
        "status": "active" if open_ or not plans else "completed",
        "intent": "plan",
        "category": [_CATEGORY],
        "title": "Fælles plan",
        "subject": {"reference": f"Patient/{citizen}"},
        "period": _hull(plans, closed=bool(plans) and not open_),
        "contributor": _each_once([p["author"] for p in plans if "author" in p]),
        "careTeam": [{"reference": f"CareTeam/{joint_id(citizen)}"}],
        "addresses": [_reference(p) for p in _of(parts, "Condition")],
        "supportingInfo": [_reference(p) for p in _supporting(parts, at)],
        "goal": [_reference(p) for p in _of(parts, "Goal")],
        "activity": [
            *(
                {"detail": _activity(p, cases, visible, at)}
                for p in plans
                if p["id"] in cases or (p["id"] not in behind and _is_effort(p, plans))
            ),
            *({"detail": one} for one in tasks),
            *({"reference": _reference(p)} for p in _agreed(parts)),
        ],
    }
    return {name: value for name, value in body.items() if value}


def _agreed(parts: Sequence[Body]) -> list[Body]:
    """Appointments, in the order in which they take place, and referrals: they are activities by themselves. Whatever
    becomes of them, a plan or effort goes on: it is not over because somebody stayed away."""
    meetings = sorted(_of(parts, "Appointment"), key=lambda p: (_begun(p), p["id"]))
    return [*meetings, *_of(parts, "ServiceRequest")]


def _begun(meeting: Body) -> datetime:
    return instant(meeting["start"]) if "start" in meeting else END


def _supporting(parts: Sequence[Body], at: datetime) -> list[Body]:
    """Alerts that hold, stays, correspondence, documents, benefits, and what the municipality found out and did."""
    alerts = [one for one in _of(parts, "Flag") if alerts_at(one, at)]
    threads = in_threads(_of(parts, "Communication"))
    listed = [one for kind in _LISTED for one in _of(parts, kind)]
    return [*alerts, *_of(parts, "Encounter"), *threads, *listed]


def alerts_at(flag: Body, at: datetime) -> bool:
    """Whether an alert is to be shown: until it is over, whatever its status says, and before it begins, since that is
    when something can be done about it."""
    end = flag.get("period", {}).get("end")
    return flag.get("status") == "active" and (end is None or at < last_instant(end))


def _team(parts: Sequence[Body], visible: set[str], citizen: str, at: datetime) -> Body:
    plans = _of(parts, "CarePlan")
    teams = [_lasting(one, plans, at) for one in _of(parts, "CareTeam")]
    body: Body = {
        "resourceType": "CareTeam",
        "id": joint_id(citizen),
        "meta": {"profile": [TEAM_PROFILE]},
        "status": "active",
        "name": "Team om den fælles plan",
        "subject": {"reference": f"Patient/{citizen}"},
        "participant": joint_participants([m for team in teams for m in members_of(team, at)], visible, at),
        "managingOrganization": _each_once([o for team in teams for o in team.get("managingOrganization", [])]),
    }
    return {name: value for name, value in body.items() if value}


def _lasting(team: Body, plans: Sequence[Body], at: datetime) -> Body:
    """A team with the end of what was granted, where it tells no end of its own: KL's ServicePerformer has no period,
    and who provides a grant or coordinates it has left when it is over."""
    here = f"CareTeam/{team['id']}"
    granted = [p for p in plans if any(here == ref.get("reference") for ref in p.get("careTeam", []))]
    if "end" in team.get("period", {}) or not granted:
        return team
    if not all(p.get("intent") == "order" and has_ended(p, at) for p in granted):
        return team
    ends = [p["period"]["end"] for p in granted if "end" in p.get("period", {})]
    told = {"end": max(ends, key=last_instant)} if len(ends) == len(granted) else {}
    return team | {"status": "inactive", "period": team.get("period", {}) | told}


def _municipalities(told: Sequence[Body], at: datetime, tellers: Mapping[str, str]) -> list[Body]:
    """Which municipality acts, pays and is the residence now, as running plans and teams say; never guessed from an
    address or a shelter. Where they contradict each other all are shown."""
    facts = (fact for one in told for fact in facts_of(one, tellers.get(f"{one['resourceType']}/{one['id']}", "")))
    return [fact.extension() for fact in standing(facts, at)]


def is_intervention(plan: Body) -> bool:
    """KL writes both a plan and each of its interventions as CarePlan: they are told apart by content. A plan's own
    activities are its evaluations."""
    return "basedOn" in plan or "code" in _granted(plan)


def _granted(plan: Body) -> Body:
    """What is granted, where the plan is an intervention."""
    details: list[Body] = [a["detail"] for a in plan.get("activity", []) if "detail" in a]
    return next((one for one in details if not _is_evaluation(one)), {})


def _is_evaluation(detail: Body) -> bool:
    return any(coding.get("system") == _CARE_SOCIAL for coding in detail.get("code", {}).get("coding", []))


def has_ended(plan: Body, at: datetime) -> bool:
    """Over by its status, or by its period whatever the status says."""
    end = plan.get("period", {}).get("end")
    return plan.get("status") in _OVER or (end is not None and last_instant(end) <= at)


def _is_effort(plan: Body, plans: Sequence[Body]) -> bool:
    """An intervention, or a plan or case that nothing visible is based on."""
    here = f"CarePlan/{plan['id']}"
    carried = any(here == ref.get("reference") for other in plans for ref in other.get("basedOn", []))
    return is_intervention(plan) or not carried


def _part(plan: Body, cases: Mapping[str, Sequence[Body]]) -> Body:
    """The part that tells of an effort, and those that tell of the case that it is documented in: one effort, told by
    two systems."""
    behind: list[Body] = [{"url": CASE, "valueReference": _reference(case)} for case in cases.get(plan["id"], ())]
    return {"url": PART, "valueReference": _reference(plan) | ({"extension": behind} if behind else {})}


def _activity(plan: Body, cases: Mapping[str, Sequence[Body]], visible: set[str], at: datetime) -> Body:
    inner, behind = _granted(plan), cases.get(plan["id"], ())
    status = inner.get("status") or _ACTIVITY_STATUS.get(plan.get("status", ""), "unknown")
    if has_ended(plan, at) and status not in ("cancelled", "stopped"):
        status = "completed"
    detail: Body = {
        "extension": [_part(plan, cases)],
        "code": inner.get("code") or _category([*behind, plan]),
        "goal": [g for g in plan.get("goal", []) if g.get("reference") in visible],
        "status": status,
        "scheduledPeriod": plan.get("period"),
        "performer": _each_once([*inner.get("performer", []), *([plan["author"]] if "author" in plan else [])]),
        "description": next(
            (one[name] for one in (plan, *behind) for name in ("title", "description") if name in one), None
        )
        or inner.get("description"),
    }
    detail["performer"] = [p for p in detail["performer"] if "reference" not in p or p["reference"] in visible]
    return {name: value for name, value in detail.items() if value}


def _category(told: Sequence[Body]) -> Body | None:
    """What a plan is about. A case tells it by KLE, which has codes where FFB has none (§§ 101, 110 and 141): it goes
    before the plan's own category."""
    first = [one["category"][0] for one in told if one.get("category")]
    if len(first) < 2:
        return next(iter(first), None)
    codings = [coding for one in first for coding in one.get("coding", [])]
    text = next((one["text"] for one in first if "text" in one), "")
    return {"coding": codings} | ({"text": text} if text else {})


def _task(task: Body) -> Body:
    """What one party asks of another, with the day it is due."""
    period = {"start": task.get("authoredOn"), "end": task.get("restriction", {}).get("period", {}).get("end")}
    detail: Body = {
        "extension": [{"url": PART, "valueReference": _reference(task)}],
        "kind": "Task",
        "code": task.get("code"),
        "status": _TASK_STATUS.get(task.get("status", ""), "unknown"),
        "scheduledPeriod": {edge: when for edge, when in period.items() if when},
        "performer": [task["owner"]] if "identifier" in task.get("owner", {}) else [],
        "description": task.get("description"),
    }
    return {name: value for name, value in detail.items() if value}


def _hull(plans: Sequence[Body], *, closed: bool) -> Body:
    periods = [p["period"] for p in plans if "period" in p]
    starts = [p["start"] for p in periods if "start" in p]
    ends = [p["end"] for p in periods if "end" in p]
    hull = {"start": min(starts, key=instant)} if starts else {}
    if closed and ends:
        hull["end"] = max(ends, key=last_instant)
    return hull


def in_error(part: Body) -> bool:
    """Whether its source took it back: kept for history, and no part of the plan."""
    codings = part.get("verificationStatus", {}).get("coding", [])
    said = [part.get("status"), part.get("lifecycleStatus"), *(c.get("code") for c in codings)]
    return "entered-in-error" in said


def _of(parts: Sequence[Body], kind: str) -> list[Body]:
    return [p for p in parts if p["resourceType"] == kind]


def _reference(part: Body) -> Body:
    return {"reference": f"{part['resourceType']}/{part['id']}"}


def _each_once(references: Sequence[Body]) -> list[Body]:
    """Everybody once, by whatever spelling of a number they are named, in the words that tell most."""
    seen: dict[str, Body] = {}
    for one in sorted(references, key=lambda one: (len(repr(one)), repr(one))):
        seen[who_is(one)] = one
    return sorted(seen.values(), key=repr)
