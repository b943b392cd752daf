"""The joint plan as a page shows it: FHIR turned into Danish words. Pure: a Bundle in, texts out.

Only what the flow gave is known here, so nothing that this reader may not see can reach the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.domain.appointment import is_network_meeting
from gateway.domain.benefit import is_benefit
from gateway.domain.correspondence import threads
from gateway.domain.identifier import CPR, CVR
from gateway.domain.municipality import Fact, facts_of
from gateway.domain.plan import alerts_at, in_error
from gateway.domain.team import is_coordinator
from gateway.domain.when import instant, last_instant
from gateway.inbound.console.dates import moment, period

Body = Mapping[str, Any]
_PLAN_STATUS = {"active": "i gang", "completed": "afsluttet", "on-hold": "sat i bero", "draft": "under udarbejdelse"}
_ACTIVITY_STATUS = {
    "not-started": "ikke begyndt", "scheduled": "aftalt", "in-progress": "i gang", "on-hold": "sat i bero",
    "completed": "afsluttet", "cancelled": "annulleret", "stopped": "stoppet", "unknown": "ukendt",
}  # fmt: skip
_GOAL_STATUS = {
    "proposed": "foreslået", "planned": "planlagt", "accepted": "aftalt", "active": "i gang", "on-hold": "sat i bero",
    "completed": "afsluttet", "cancelled": "opgivet", "rejected": "afvist",
}  # fmt: skip
_ACHIEVEMENT = {
    "in-progress": "på vej", "improving": "i fremgang", "worsening": "i tilbagegang", "no-change": "uændret",
    "achieved": "opnået", "sustaining": "fastholdt", "not-achieved": "ikke opnået", "no-progress": "ingen fremgang",
    "not-attainable": "kan ikke opnås",
}  # fmt: skip
_PROBLEM_STATUS = {
    "active": "aktuel", "recurrence": "vendt tilbage", "relapse": "tilbagefald", "inactive": "ikke aktuel",
    "remission": "i bedring", "resolved": "overstået",
}  # fmt: skip
_STAY_STATUS = {
    "planned": "planlagt", "arrived": "ankommet", "triaged": "visiteret", "in-progress": "indlagt eller i gang",
    "onleave": "på orlov", "finished": "afsluttet", "cancelled": "aflyst", "unknown": "ukendt",
}  # fmt: skip
_MEETING_STATUS = {
    "proposed": "foreslået", "pending": "afventer svar", "waitlist": "på venteliste", "booked": "aftalt",
    "arrived": "fremmødt", "checked-in": "fremmødt",
}  # fmt: skip
_MUNICIPALITY = {"acting": "Handlekommune", "paying": "Betalingskommune", "residence": "Bopælskommune"}
_AREA = {"social": "på det sociale område", "employment": "på beskæftigelsesområdet", "health": "på sundhedsområdet"}
_BENEFIT_STATUS = {"active": "bevilget", "inactive": "ikke aktiv", "on-hold": "sat i bero", "unknown": ""}
_BARE = {"410518001": "Mål, der ikke er beskrevet nærmere", "712744002": "Opfølgning"}
"""SNOMED CT codes that KL's profiles demand and that come without a word: reports hold no free text."""
_PEOPLE = ("Patient", "RelatedPerson")
_INFORMER = "http://fhir.kl.dk/core/StructureDefinition/MatterOfInterestInformer"
_COMING = {"extension-Encounter.plannedStartDate": "ventes"}
_GOING = {"expected-return": "ventes tilbage", "extension-Encounter.plannedEndDate": "udskrives efter planen"}
_STAY_CLASS = {
    "IMP": "indlæggelse", "ACUTE": "akut indlæggelse", "NONAC": "planlagt indlæggelse", "AMB": "ambulant kontakt",
    "EMER": "akut ambulant kontakt", "HH": "hjemmebesøg", "VR": "virtuel kontakt", "PRENC": "kommende indlæggelse",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list on the page: what it is, how it stands, when, who, and further facts."""

    title: str
    status: str = ""
    when: str = ""
    who: str = ""
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanView:
    """All that the page shows."""

    name: str
    number: str
    born: str
    status: str
    when: str
    municipalities: tuple[Line, ...]
    alerts: tuple[Line, ...]
    coordinators: tuple[Line, ...]
    interventions: tuple[Line, ...]
    goals: tuple[Line, ...]
    conditions: tuple[Line, ...]
    assessments: tuple[Line, ...]
    stays: tuple[Line, ...]
    appointments: tuple[Line, ...]
    correspondence: tuple[Line, ...]
    benefits: tuple[Line, ...]
    team: tuple[Line, ...]


def plan_view(bundle: Body, at: datetime) -> PlanView:
    """The view of a `$joint-plan` collection Bundle: the composed CarePlan and CareTeam come first in it. `at` is now:
    of the appointments those are shown that are still to come."""
    resources: list[Body] = [entry["resource"] for entry in bundle.get("entry", []) if not in_error(entry["resource"])]
    plan = next((r for r in resources if r["resourceType"] == "CarePlan"), {})
    team = next((r for r in resources if r["resourceType"] == "CareTeam"), {})
    citizen = next((r for r in resources if r["resourceType"] == "Patient"), {})
    members = [m for m in team.get("participant", []) if m.get("member") or m.get("onBehalfOf")]
    named = {
        f"{r['resourceType']}/{r.get('id')}": _name(r)
        for r in resources
        if "name" in r and r["resourceType"] in _PEOPLE
    }
    stays = sorted(_of(resources, "Encounter"), key=lambda s: str(s.get("period", {}).get("start", "")), reverse=True)
    return PlanView(
        name=_name(citizen),
        number=_number(citizen),
        born=moment(citizen.get("birthDate")),
        status=_word(_PLAN_STATUS, plan.get("status")),
        when=period(plan.get("period")),
        municipalities=_municipalities(plan),
        alerts=tuple(_alert(one) for one in _of(resources, "Flag") if alerts_at(dict(one), at)),
        coordinators=tuple(_member(m, named) for m in members if is_coordinator(m) and not _over(m)),
        interventions=tuple(_intervention(a["detail"]) for a in plan.get("activity", []) if "detail" in a),
        goals=tuple(map(_goal, _of(resources, "Goal"))),
        conditions=tuple(map(_condition, _of(resources, "Condition"))),
        assessments=tuple(map(_assessment, _of(resources, "Observation"))),
        stays=tuple(map(_stay, stays)),
        appointments=tuple(map(_appointment, _coming(_of(resources, "Appointment"), at))),
        correspondence=tuple(_thread(one) for one in reversed(threads(_messages(resources)))),
        benefits=tuple(_benefit(one) for one in _of(resources, "Account") if is_benefit(dict(one))),
        team=tuple(_member(m, named) for m in members),
    )


def _of(resources: Iterable[Body], kind: str) -> list[Body]:
    return [r for r in resources if r["resourceType"] == kind]


def _municipalities(plan: Body) -> tuple[Line, ...]:
    told = {"resourceType": "CarePlan", "id": "", "extension": plan.get("extension", [])}
    return tuple(map(_municipality, facts_of(told)))


def _municipality(fact: Fact) -> Line:
    return Line(
        " ".join(filter(None, (_word(_MUNICIPALITY, fact.role), _word(_AREA, fact.area)))),
        fact.display or f"kommune {fact.code}",
        period(dict(fact.period)),
        facts=("kilderne er ikke enige",) if fact.disputed else (),
    )


def _intervention(detail: Body) -> Line:
    code, told = _concept(detail.get("code")), str(detail.get("description", ""))
    return Line(
        told or code or "Indsats",
        _word(_ACTIVITY_STATUS, detail.get("status")),
        period(detail.get("scheduledPeriod")),
        _people(detail.get("performer", [])),
        (code,) if told and code and code != told else (),
    )


def _alert(flag: Body) -> Line:
    """That a benefit is reduced or stopped, since when and by whom."""
    return Line(
        _concept(flag.get("code")) or "Advarsel",
        "",
        period(flag.get("period")),
        _display(flag.get("author")),
    )


def _benefit(account: Body) -> Line:
    """A granted benefit: what it is called, whether it runs, from when to when, who grants it."""
    status = _word(_BENEFIT_STATUS, account.get("status"))
    name = str(account.get("name") or _concept(account.get("type")) or "Ydelse")
    return Line(name, status, period(account.get("servicePeriod")), _display(account.get("owner")))


def _goal(goal: Body) -> Line:
    due = [moment(t["dueDate"]) for t in goal.get("target", []) if t.get("dueDate")]
    reached = _code(goal.get("achievementStatus"))
    return Line(
        _concept(goal.get("description")) or "Mål",
        _word(_ACHIEVEMENT, reached) if reached else _word(_GOAL_STATUS, goal.get("lifecycleStatus")),
        f"fra {moment(goal['startDate'])}" if goal.get("startDate") else "",
        str(goal.get("expressedBy", {}).get("display", "")),
        (
            *filter(None, [_concept(next(iter(goal.get("category", [])), None)), *_informers(goal)]),
            *(f"frist {day}" for day in due),
            *(str(note["text"]) for note in goal.get("note", []) if note.get("text")),
        ),
    )


def _informers(told: Body) -> Iterator[str]:
    """Whose word it is: the citizen's, a relative's or the staff's, never all in one."""
    for one in told.get("extension", []):
        if one.get("url") == _INFORMER and (who := _concept(one.get("valueCodeableConcept"))):
            yield f"oplyst af {who.lower()}"


def _coming(appointments: Iterable[Body], at: datetime) -> list[Body]:
    """Those that are agreed or asked for and not over yet; the next one first, those without a time last."""
    wanted = [one for one in appointments if one.get("status") in _MEETING_STATUS]
    timed = [(last_instant(one["end"]), one) for one in wanted if "end" in one]
    coming = sorted((one for end, one in timed if end >= at), key=lambda one: (instant(one["start"]), str(one["id"])))
    return [*coming, *(one for one in wanted if "end" not in one)]


def _appointment(one: Body) -> Line:
    concepts = [one.get("appointmentType"), *one.get("serviceType", []), *one.get("reasonCode", [])]
    told = next(filter(None, map(_concept, [*one.get("serviceType", []), *one.get("reasonCode", [])])), "")
    actors = [p["actor"] for p in one.get("participant", []) if "actor" in p]
    places = _people(actor for actor in actors if actor.get("type") == "Location")
    return Line(
        "Netværksmøde" if is_network_meeting(one) else told or _concept(concepts[0]) or "Aftale",
        _word(_MEETING_STATUS, one.get("status")),
        period({"start": one.get("start"), "end": one.get("end")}),
        _people(actor for actor in actors if actor.get("type") == "Practitioner"),
        tuple(filter(None, (places,))),
    )


def _condition(condition: Body) -> Line:
    began = (
        condition.get("onsetDateTime") or condition.get("onsetPeriod", {}).get("start") or condition.get("recordedDate")
    )
    over = moment(condition.get("abatementDateTime"))
    when = [f"fra {moment(began)}" if began else "", f"til {over}" if over else ""]
    status = _word(_PROBLEM_STATUS, _code(condition.get("clinicalStatus")))
    return Line(_concept(condition.get("code")) or "Tilstand", status, " ".join(filter(None, when)))


def _assessment(found: Body) -> Line:
    """What was found or assessed, in the words of whoever said it."""
    measured = _measured(found.get("valueQuantity", {}))
    told = _concept(found.get("valueCodeableConcept")) or str(found.get("valueString", "")) or measured
    when = found.get("effectiveDateTime") or found.get("effectivePeriod", {}).get("start")
    who = _display(next(iter(found.get("performer", [])), None))
    return Line(
        _concept(found.get("code")) or "Vurdering",
        "",
        moment(when),
        who,
        (*filter(None, [told]), *_informers(found)),
    )


def _measured(quantity: Body) -> str:
    value = quantity.get("value", "")
    number = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return " ".join(filter(None, (number.replace(".", ","), str(quantity.get("unit", "")))))


def _stay(stay: Body) -> Line:
    elsewhere = ("completed", "reserved")
    places = [_display(at.get("location")) for at in stay.get("location", []) if at.get("status") not in elsewhere]
    leaves = [period(past.get("period")) for past in stay.get("statusHistory", []) if past.get("status") == "onleave"]
    return Line(
        _word(_STAY_CLASS, stay.get("class", {}).get("code")).capitalize() or "Ophold",
        _word(_STAY_STATUS, stay.get("status")),
        period(stay.get("period")),
        ", ".join(filter(None, dict.fromkeys([_display(stay.get("serviceProvider")), *places]))),
        (
            *filter(None, map(_concept, stay.get("type", []))),
            *(f"orlov {leave}" for leave in leaves if leave),
            *_ahead(stay),
        ),
    )


def _ahead(stay: Body) -> list[str]:
    """What is planned of a stay that is not over."""
    told = {
        str(one.get("url", "")).rpartition("/")[2]: moment(one.get("valueDateTime"))
        for one in stay.get("extension", [])
    }
    wanted = {"planned": _COMING, "in-progress": _GOING, "onleave": _GOING}.get(str(stay.get("status")), {})
    return [f"{word} {told[name]}" for name, word in wanted.items() if told.get(name)]


def _messages(resources: Iterable[Body]) -> list[dict[str, Any]]:
    return [dict(r) for r in _of(resources, "Communication") if r.get("status") != "entered-in-error"]


def _thread(messages: Sequence[Body]) -> Line:
    """A thread: what it is about, when it was written in last, who takes part, and every text once: an answer repeats
    what it answers."""
    first, last = messages[0], messages[-1]
    topics = [_concept(one.get("topic")) or next(map(_concept, one.get("category", [])), "") for one in messages]
    parties = [one.get("sender") for one in messages] + [next(iter(one.get("recipient", [])), None) for one in messages]
    written = {_number_of(payload): payload for one in reversed(messages) for payload in one.get("payload", [])}
    told = sorted(written.values(), key=lambda payload: str(_extension(payload, "datetime").get("valueDateTime", "")))
    return Line(
        next(filter(None, topics), "Korrespondance"),
        "1 besked" if len(messages) == 1 else f"{len(messages)} beskeder",
        moment(last.get("sent") or first.get("sent")),
        ", ".join(filter(None, dict.fromkeys(map(_display, parties)))),
        tuple(map(_payload, told)),
    )


def _payload(payload: Body) -> str:
    author = _display(_extension(payload, "practitioner").get("valueReference"))
    when = moment(_extension(payload, "datetime").get("valueDateTime"))
    attached = payload.get("contentAttachment", {})
    words = payload.get("contentString") or f"vedhæftet fil: {attached.get('title') or attached.get('contentType', '')}"
    return f"{', '.join(filter(None, (when, author)))}: {words}" if when or author else str(words)


def _number_of(payload: Body) -> str:
    return str(_extension(payload, "identifier").get("valueIdentifier", {}).get("value") or id(payload))


def _extension(payload: Body, name: str) -> Body:
    """MedCom's extension of a payload: datetime, identifier, practitioner, contact."""
    found = (
        e for e in payload.get("extension", []) if str(e.get("url", "")).endswith(f"/medcom-core-{name}-extension")
    )
    return next(found, {})


def _member(member: Body, named: Mapping[str, str]) -> Line:
    """A member by its display, by the name of the resource that it refers to, or by its number."""
    who = member.get("member", {})
    person = _display(who) or named.get(who.get("reference", ""), "") or _numbered(who.get("identifier", {}))
    behalf = _display(member.get("onBehalfOf"))
    roles = [_concept(role) for role in member.get("role", [])]
    return Line(
        person or behalf or "Uden navn",
        ", ".join(filter(None, dict.fromkeys(roles))),
        period(member.get("period")),
        behalf if person else "",
    )


def _numbered(identifier: Body) -> str:
    """A number that a reader could look up, with its kind; a UUID is for machines and names nobody."""
    value = str(identifier.get("value", ""))
    return "" if "-" in value else f"CVR-nr. {value}" if identifier.get("system") == CVR else value


def _over(member: Body) -> bool:
    return "end" in member.get("period", {})


def _name(citizen: Body) -> str:
    names: Sequence[Body] = citizen.get("name", [])
    chosen = next((n for n in names if n.get("use") in ("official", "usual")), names[0] if names else {})
    return str(chosen.get("text") or " ".join([*chosen.get("given", []), chosen.get("family", "")]).strip())


def _number(citizen: Body) -> str:
    """The CPR number as Danes write it; no other number says anything to a reader."""
    found = next((str(i.get("value", "")) for i in citizen.get("identifier", []) if i.get("system") == CPR), "")
    return f"{found[:6]}-{found[6:]}" if len(found) == 10 else found


def _people(references: Iterable[Body]) -> str:
    return ", ".join(filter(None, dict.fromkeys(_display(one) for one in references)))


def _display(reference: Body | None) -> str:
    return str((reference or {}).get("display", ""))


def _concept(concept: Body | None) -> str:
    """What a person reads of a CodeableConcept: its text, or the display or code of its first coding."""
    if not concept:
        return ""
    coding: Body = next(iter(concept.get("coding", [])), {})
    return str(concept.get("text") or coding.get("display") or _word(_BARE, coding.get("code")))


def _code(concept: Body | None) -> str:
    return str(next((c.get("code", "") for c in (concept or {}).get("coding", [])), ""))


def _word(words: Mapping[str, str], code: object) -> str:
    return words.get(str(code), str(code)) if code else ""
