"""Play: the events of one stay, in order, become an Encounter with its history.

R4 Encounter: statusHistory tells every status with its period, the present one included. Leaves are the
extension `leave-period` (profiles/), once per leave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.corrections import Event, active
from gateway.domain.resource import Resource
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body
from gateway.domain.when import instant, said_time
from gateway.domain.whereabouts import Whereabouts

PROFILE = "https://faellesplan.dk/fhir/StructureDefinition/faellesplan-encounter"
LEAVE = "https://faellesplan.dk/fhir/StructureDefinition/leave-period"
EXPECTED = "https://faellesplan.dk/fhir/StructureDefinition/expected-return"
PLANNED_END = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate"
_CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

_STATUS = {
    Act.PLAN: "planned", Act.START: "in-progress", Act.CHANGE: "in-progress", Act.LEAVE: "onleave",
    Act.RETURN: "in-progress", Act.END: "finished", Act.DIE: "finished",
}  # fmt: skip
_BEGINS = frozenset({Act.START, Act.CHANGE})
# Each of these tells that the stay has begun.
_STEPS = frozenset({*_BEGINS, Act.MOVE, Act.LEAVE, Act.RETURN, Act.END, Act.DIE})
_BEGINS_OR_WILL = _BEGINS | {Act.PLAN}
_ENDS = frozenset({Act.END, Act.DIE})
# Looked up once: reading a member of an enum takes longer than a call, and every event is asked for these.
_PLAN, _LEAVE, _RETURN = Act.PLAN, Act.LEAVE, Act.RETURN

# Status, period and class are told by the events, never carried over from a body.
_PLAYED = ("status", "statusHistory", "period", "class", "location")
# HL7 v2 table 0206: this diagnosis is no more.
_DELETED = {"system": "http://terminology.hl7.org/CodeSystem/v2-0206", "code": "D"}
_EMPTY: tuple[Any, ...] = ([], {})


@dataclass(slots=True)
class _Course:
    """The stay while it is being played."""

    history: list[tuple[str, datetime | None]] = field(default_factory=list)
    leaves: list[dict[str, datetime]] = field(default_factory=list)
    where: Whereabouts = field(default_factory=Whereabouts)
    facts: Body = field(default_factory=dict)
    end: datetime | None = None
    back: str = ""  # the source that told the last return

    @property
    def status(self) -> str:
        return self.history[-1][0] if self.history else ""

    def become(self, status: str, at: datetime | None) -> None:
        if status != self.status:
            self.history.append((status, at))

    def go_back(self, registered: datetime, place: Body) -> None:
        """Where a cancellation says that the citizen is, as long as the stay goes on."""
        if self.end is None and self.history:
            self.where.set_right(registered, place)


def encounter(identity: str, events: list[Event], kind: str, followed_at: datetime | None, source: Source) -> Resource:
    """The Encounter of one stay. `followed_at` ends an acute contact where the admission took over."""
    error, called_off = _in_error(events), _called_off(events)
    course = _Course()
    taken_back = [e for e in events if e.undone is not None and e.act is Act.EXPECT_END]
    back_in = sorted((one for e in events for one in e.back_in), key=lambda one: one[0])
    for event in events:
        while back_in and back_in[0][0] < event.happened:
            course.go_back(*back_in.pop(0))
        body = _still_planned(event, taken_back) if taken_back else event.body
        if (event.stands or event.restores) and not called_off:
            _play(course, event, body)
        elif error or called_off:
            _learn(course.facts, event, body)
    for registered, place in back_in:
        course.go_back(registered, place)
    if followed_at is not None and course.end is None:
        _finish(course, followed_at)
    body = _body(course, events, kind)
    if error:
        body["status"] = "entered-in-error"
        start = next((e for e in events if e.act is Act.START), None)
        if start is not None:
            body.setdefault("period", {"start": said_time(start.happened)})
    elif called_off:
        body["status"] = "cancelled"
    notes = tuple(dict.fromkeys([note for event in events for note in event.notes]))
    sources = tuple(sorted({event.source for event in events}))
    return Resource("Encounter", identity, body, source.id, source.sector, error, notes, sources)


def begun(events: list[Event]) -> bool:
    """Whether the stay has begun: one that is only expected, or was called off, has not."""
    if any(e.stands and e.act in _STEPS for e in events):
        return True
    expected = any(e.act is Act.PLAN for e in events)
    return not expected and any(e.stands or (e.restores and e.act is not Act.START) for e in events)


def add_class_history(body: Body, former: Resource) -> None:
    """Tell in the Encounter of a visit that goes on in another class what it was before, each with its period."""
    if former.withdrawn or "period" not in former.body or "period" not in body:
        return
    before = former.body.get("classHistory") or [{"class": former.body["class"], "period": former.body["period"]}]
    body["classHistory"] = [*before, {"class": body["class"], "period": body["period"]}]


def _in_error(events: list[Event]) -> bool:
    """The whole stay was an error when its start was cancelled and never said again, or its visit was deleted. One that
    was expected before its start is expected again."""
    starts = [e for e in events if e.act in _BEGINS]
    if starts:
        return not any(e.stands and e.act in _BEGINS_OR_WILL for e in events)
    deleted = any(e.deleted for e in events)
    return deleted and not any(e.stands and (e.act in _STEPS or e.act is Act.PLAN) for e in events)


def _called_off(events: list[Event]) -> bool:
    """It was expected, is expected no more, and never began."""
    plans = [e for e in events if e.act is _PLAN]
    if not plans:
        return False
    expected = any(e.stands for e in plans) or any(e.deleted for e in events)
    return not expected and not any(e.act in _STEPS for e in events)


def _still_planned(event: Event, taken_back: list[Event]) -> Body:
    """What the event tells, without the planned end where that was taken back later: between the plan of a discharge
    (A16) and its cancellation (A25) every message repeats it."""
    if not any(e.recorded <= event.recorded <= e.undone for e in taken_back if e.undone):
        return event.body
    kept = [one for one in event.body.get("extension", []) if one.get("url") != PLANNED_END]
    return event.body | {"extension": kept}


def _play(course: _Course, event: Event, body: Body) -> None:
    _learn(course.facts, event, body)
    if event.restores:
        _restore(course, event)
        return
    status = _STATUS.get(event.act)
    if course.end is not None and event.act not in _ENDS:
        return  # after the end only facts are learnt: late news never opens a stay again
    waiting = course.status == "planned" and event.act in _STEPS
    if (waiting or not course.history) and event.act not in _BEGINS_OR_WILL:
        course.become("in-progress", _told_start(event) or _own_start(event))
        course.where.begin()
    if course.history and event.act is Act.PLAN:
        status = None  # what has begun is not expected any more
    if event.act is _LEAVE:
        if course.status != "onleave":  # told twice, the first is when the citizen went
            course.leaves.append({"start": event.happened})
    elif event.act is _RETURN or (event.act in _BEGINS and course.status == "onleave"):
        _come_back(course, event)
    elif event.act in _ENDS:
        _finish(course, event.happened)
    elif event.act in _BEGINS and course.status == "in-progress" and course.history[0][1] is None:
        known = [at for _, at in course.history[1:] if at is not None]
        course.history[0] = ("in-progress", min([event.happened, *known]))  # a leave told before it was in the stay
    if status:
        course.become(status, event.happened)
    course.where.tell(event)


def _restore(course: _Course, event: Event) -> None:
    """A cancellation of something that never came tells how the stay is: not started, not gone, not back, not over."""
    if event.act in (Act.START, Act.PLAN) or course.end is not None:
        return
    if not course.history:
        course.become("in-progress", _told_start(event))
    if event.act is Act.RETURN and course.status != "onleave":
        course.leaves.append({"start": event.happened})
        course.become("onleave", event.happened)
    if not course.where.places:
        course.where.places = active(event.body)


def _told_start(event: Event) -> datetime | None:
    """Every MedCom message and most HL7 v2 messages repeat when the stay began."""
    start = event.body.get("period", {}).get("start")
    return instant(start) if start else None


def _own_start(event: Event) -> datetime | None:
    """Dead on arrival: the stay starts where it ends. A move is another provider's beginning."""
    return event.happened if event.act in (Act.MOVE, Act.DIE) else None


def _come_back(course: _Course, event: Event) -> None:
    """Back from the leave that is open. With none open it is the last return once more, told by another system; or
    one whose leave nobody told."""
    if course.leaves and "end" not in course.leaves[-1]:
        course.leaves[-1]["end"] = event.happened
    elif course.back in ("", event.source):
        course.leaves.append({"end": event.happened})
    course.back = event.source


def _finish(course: _Course, at: datetime) -> None:
    if course.leaves and "end" not in course.leaves[-1]:
        course.leaves[-1]["end"] = at
    course.end, course.where.reserved = at, []
    if course.status == "finished":
        course.history[-1] = ("finished", at)
    course.become("finished", at)


def _learn(facts: Body, event: Event, body: Body) -> None:
    for name in event.cleared:
        facts.pop(name, None)
    joined = {name: join(facts.get(name, []), body[name]) for name, join in _JOINED if name in body}
    facts.update(body)
    facts.update(joined)
    for name in _PLAYED:
        facts.pop(name, None)


def _union(known: list[Any], said: list[Any]) -> list[Any]:
    told = [*known, *said]
    if len(told) < 2:  # nearly every stay
        return told
    merged = {repr(sorted(_flat(item))): item for item in told}
    return [merged[key] for key in sorted(merged)]


def _diagnoses(known: list[Body], said: list[Body]) -> list[Body]:
    """Diagnoses add up, each as it was last told, until one is taken back."""
    found = {one["condition"]["reference"]: one for one in [*known, *said] if "condition" in one}
    return [one for one in found.values() if _DELETED not in one.get("use", {}).get("coding", [])]


def _extensions(known: list[Body], said: list[Body]) -> list[Body]:
    found = {one["url"]: one for one in [*known, *said]}
    return [found[url] for url in sorted(found)]


def _people(known: list[Body], said: list[Body]) -> list[Body]:
    """The attending doctor may stand in the visit and, with a period, among the roles as well: that is one person in
    one role."""
    dated = [one for one in said if "period" in one]
    persons = [one.get("individual") for one in dated]
    roles = [(one.get("individual"), _role(one)) for one in dated]
    return [
        one
        for one in said
        if "period" in one or (who := one.get("individual")) not in persons or (who, _role(one)) not in roles
    ]


def _role(participant: Body) -> str:
    for kind in participant.get("type", ()):
        for coding in kind.get("coding", ()):
            return str(coding.get("code", ""))
    return ""


# Numbers are never unsaid by being left out, and these add up; every other element is a snapshot of what its message
# knew.
_JOINED: tuple[tuple[str, Callable[[list[Any], list[Any]], list[Any]]], ...] = (
    ("identifier", _union), ("episodeOfCare", _union), ("diagnosis", _diagnoses), ("participant", _people),
    ("extension", _extensions),
)  # fmt: skip


def _flat(item: Body) -> list[tuple[str, str]]:
    inner = item.get("identifier", item)
    return [(name, str(inner[name])) for name in ("system", "value") if name in inner]


def _body(course: _Course, events: list[Event], kind: str) -> Body:
    body = {name: value for name, value in course.facts.items() if value or value not in _EMPTY}
    body["meta"] = {"profile": [PROFILE]} | body.get("meta", {})
    back = course.status != "onleave"
    extensions = [one for one in body.pop("extension", []) if not (back and one.get("url") == EXPECTED)]
    for leave in course.leaves:
        period = {edge: said_time(moment) for edge, moment in leave.items()}
        extensions.append({"url": LEAVE, "valuePeriod": period})
    if extensions:
        body["extension"] = extensions
    body["class"] = _class(events, kind, course.status)
    body["status"] = course.status or "unknown"
    history = _history(course)
    if history:
        body["statusHistory"] = history
    period = {}
    began = next((at for status, at in course.history if status != "planned"), None)
    if began is not None:
        period["start"] = said_time(began)
    if course.end is not None:
        period["end"] = said_time(course.end)
    if period:
        body["period"] = period
    if location := course.where.as_told(course.end):
        body["location"] = location
    return body


def _class(events: list[Event], kind: str, status: str) -> Body:
    """The class as it was first told; pre-admission (PRENC) only while the stay is expected."""
    told: list[Body] = [e.body["class"] for e in events if e.kind == kind and "class" in e.body]
    expected = [one for one in told if one.get("code") != kind]
    found = next((one for one in told if one.get("code") == kind), None)
    if expected and (status == "planned" or found is None):
        return expected[0]
    return found or {"system": _CLASS, "code": kind or "IMP"}


def _history(course: _Course) -> list[Body]:
    """Each status with its time. One that ended at a time that nobody told is left out: without an end it would be the
    present one."""
    rows = []
    for position, (status, since) in enumerate(course.history, 1):
        period = {}
        if since is not None:
            period["start"] = said_time(since)
        last = position == len(course.history)
        until = course.end if last else course.history[position][1]
        if until is not None:
            period["end"] = said_time(until)
        elif not last:
            continue
        rows.append({"status": status, "period": period})
    return [row for row in rows if row["period"]]
