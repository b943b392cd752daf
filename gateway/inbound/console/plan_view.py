"""The joint plan as a page shows it: FHIR turned into words of the page's language. Pure: a Bundle in, texts out.

Only what the flow gave is known here, so nothing that this reader may not see can reach the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from gateway.inbound.console import about
from gateway.inbound.console.dates import moment, period
from gateway.inbound.console.texts import Ours, Texts

Body = Mapping[str, Any]
_PEOPLE = ("Patient", "RelatedPerson")
_INFORMER = "http://fhir.kl.dk/core/StructureDefinition/MatterOfInterestInformer"
_COMING_STATUS = ("proposed", "pending", "waitlist", "booked", "arrived", "checked-in")
_COMING = {"extension-Encounter.plannedStartDate": "plan.expected"}
_GOING = {"expected-return": "plan.expected_back", "extension-Encounter.plannedEndDate": "plan.leaves"}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list on the page: what it is, how it stands, when, who, and further facts. Each is in the words of
    its source, or in the page's own (texts.Ours)."""

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


def plan_view(bundle: Body, at: datetime, t: Texts, tellers: Mapping[str, str] | None = None) -> PlanView:
    """The view of a `$joint-plan` collection Bundle: the composed CarePlan and CareTeam come first in it. `at` is now:
    of the appointments those are shown that are still to come. Our words are those of `t`; what a source said stays in
    its own. `tellers` are the names of who told a part, by its reference."""
    reader = _Reader(t, tellers or {}, {})
    shown = (entry["resource"] for entry in bundle.get("entry", []) if not in_error(entry["resource"]))
    return replace(reader, titles=about.titles(shown, reader.concept)).view(bundle, at)


@dataclass(frozen=True, slots=True)
class _Reader:
    t: Texts
    tellers: Mapping[str, str]
    titles: Mapping[str, str]

    def period(self, told: Body | None) -> str:
        return period(told, self.t.language)

    def moment(self, told: object) -> str:
        return moment(told, self.t.language)

    def word(self, table: str, code: object) -> str:
        return self.t.word(table, str(code or ""))

    def view(self, bundle: Body, at: datetime) -> PlanView:
        resources: list[Body] = [
            entry["resource"] for entry in bundle.get("entry", []) if not in_error(entry["resource"])
        ]
        plan = next((r for r in resources if r["resourceType"] == "CarePlan"), {})
        team = next((r for r in resources if r["resourceType"] == "CareTeam"), {})
        citizen = next((r for r in resources if r["resourceType"] == "Patient"), {})
        members = [m for m in team.get("participant", []) if m.get("member") or m.get("onBehalfOf")]
        named = {
            f"{r['resourceType']}/{r.get('id')}": _name(r)
            for r in resources
            if "name" in r and r["resourceType"] in _PEOPLE
        }
        stays = sorted(
            _of(resources, "Encounter"), key=lambda s: str(s.get("period", {}).get("start", "")), reverse=True
        )
        return PlanView(
            name=_name(citizen),
            number=_number(citizen),
            born=self.moment(citizen.get("birthDate")),
            status=self.word("plan_status", plan.get("status")),
            when=self.period(plan.get("period")),
            municipalities=self._municipalities(plan),
            alerts=tuple(self._alert(one) for one in _of(resources, "Flag") if alerts_at(dict(one), at)),
            coordinators=tuple(self._member(m, named) for m in members if is_coordinator(m) and not _over(m, at)),
            interventions=tuple(self._intervention(a["detail"]) for a in plan.get("activity", []) if "detail" in a),
            goals=tuple(map(self._goal, _of(resources, "Goal"))),
            conditions=tuple(map(self._condition, _of(resources, "Condition"))),
            assessments=tuple(map(self._assessment, _of(resources, "Observation"))),
            stays=tuple(map(self._stay, stays)),
            appointments=tuple(map(self._appointment, _coming(_of(resources, "Appointment"), at))),
            correspondence=tuple(self._thread(one) for one in reversed(threads(_messages(resources)))),
            benefits=tuple(self._benefit(one) for one in _of(resources, "Account") if is_benefit(dict(one))),
            team=tuple(self._member(m, named) for m in members),
        )

    def _municipalities(self, plan: Body) -> tuple[Line, ...]:
        told = {"resourceType": "CarePlan", "id": "", "extension": plan.get("extension", [])}
        return tuple(map(self._municipality, facts_of(told)))

    def _municipality(self, fact: Fact) -> Line:
        return Line(
            Ours(" ".join(filter(None, (self.word("municipality", fact.role), self.word("area", fact.area))))),
            fact.display or self.t("plan.municipality", code=fact.code),
            self.period(dict(fact.period)),
            facts=(self.t("plan.disputed"),) if fact.disputed else (),
        )

    def _intervention(self, detail: Body) -> Line:
        code, told = self.concept(detail.get("code")), str(detail.get("description", ""))
        return Line(
            told or code or self.t("plan.intervention"),
            self.word("activity_status", detail.get("status")),
            self.period(detail.get("scheduledPeriod")),
            _people(detail.get("performer", [])),
            (code,) if told and code and code != told else (),
        )

    def _alert(self, flag: Body) -> Line:
        """That a benefit is reduced or stopped, since when and by whom."""
        return Line(
            self.concept(flag.get("code")) or self.t("plan.alert"),
            "",
            self.period(flag.get("period")),
            _display(flag.get("author")),
        )

    def _benefit(self, account: Body) -> Line:
        """A granted benefit: what it is called, whether it runs, from when to when, who grants it."""
        known = account.get("status") != "unknown"
        status = self.word("benefit_status", account.get("status")) if known else ""
        name = str(account.get("name", "")) or self.concept(account.get("type")) or self.t("plan.benefit")
        return Line(name, status, self.period(account.get("servicePeriod")), _display(account.get("owner")))

    def _goal(self, goal: Body) -> Line:
        due = [self.moment(t["dueDate"]) for t in goal.get("target", []) if t.get("dueDate")]
        reached = _code(goal.get("achievementStatus"))
        return Line(
            self.concept(goal.get("description")) or self.t("plan.goal"),
            self.word("achievement", reached) if reached else self.word("goal_status", goal.get("lifecycleStatus")),
            self.period({"start": goal.get("startDate")}),
            str(goal.get("expressedBy", {}).get("display", "")),
            (
                *filter(None, [self.concept(next(iter(goal.get("category", [])), None)), *self._informers(goal)]),
                *self._about(goal.get("addresses", [])),
                *about.aims(goal, self.concept),
                *(self.t("plan.due", day=day) for day in due),
                *(str(note["text"]) for note in goal.get("note", []) if note.get("text")),
                *self._told_by(goal),
            ),
        )

    def _told_by(self, part: Body) -> Iterator[str]:
        """Which system it stands in: two sectors may say the same, each with its own word and date."""
        if who := self.tellers.get(f"{part['resourceType']}/{part.get('id')}"):
            yield self.t("plan.source", who=who)

    def _about(self, references: Iterable[Body]) -> Iterator[str]:
        """What it is about: reports say the same of several things."""
        if what := about.named(references, self.titles):
            yield self.t("plan.about", what=what)

    def _informers(self, told: Body) -> Iterator[str]:
        """Whose word it is: the citizen's, a relative's or the staff's, never all in one."""
        for one in told.get("extension", []):
            if one.get("url") == _INFORMER and (who := self.concept(one.get("valueCodeableConcept"))):
                yield self.t("plan.informed_by", who=who.lower())

    def _appointment(self, one: Body) -> Line:
        concepts = [one.get("appointmentType"), *one.get("serviceType", []), *one.get("reasonCode", [])]
        told = next(filter(None, map(self.concept, [*one.get("serviceType", []), *one.get("reasonCode", [])])), "")
        actors = [p["actor"] for p in one.get("participant", []) if "actor" in p]
        places = _people(actor for actor in actors if actor.get("type") == "Location")
        return Line(
            self.t("plan.meeting")
            if is_network_meeting(one)
            else told or self.concept(concepts[0]) or self.t("plan.appointment"),
            self.word("meeting_status", one.get("status")),
            self.period({"start": one.get("start"), "end": one.get("end")}),
            _people(actor for actor in actors if actor.get("type") == "Practitioner"),
            tuple(filter(None, (places,))),
        )

    def _condition(self, condition: Body) -> Line:
        began = (
            condition.get("onsetDateTime")
            or condition.get("onsetPeriod", {}).get("start")
            or condition.get("recordedDate")
        )
        over = self.moment(condition.get("abatementDateTime"))
        when = [
            self.t("plan.since", when=self.moment(began)) if began else "",
            self.t("plan.until", when=over) if over else "",
        ]
        status = self.word("problem_status", _code(condition.get("clinicalStatus")))
        return Line(
            self.concept(condition.get("code")) or self.t("plan.condition"),
            status,
            " ".join(filter(None, when)),
            facts=(*filter(None, [self.concept(condition.get("severity"))]), *self._told_by(condition)),
        )

    def _assessment(self, found: Body) -> Line:
        """What was found or assessed, in the words of whoever said it."""
        measured = self._measured(found.get("valueQuantity", {}))
        told = self.concept(found.get("valueCodeableConcept")) or str(found.get("valueString", "")) or measured
        when = found.get("effectiveDateTime") or found.get("effectivePeriod", {}).get("start")
        who = _display(next(iter(found.get("performer", [])), None))
        return Line(
            self.concept(found.get("code")) or self.t("plan.assessment"),
            "",
            self.moment(when),
            who,
            (
                *filter(None, [told]),
                *self._about(found.get("focus", [])),
                *self._informers(found),
                *self._told_by(found),
            ),
        )

    def _measured(self, quantity: Body) -> str:
        value = quantity.get("value", "")
        number = f"{value:f}" if isinstance(value, Decimal) else str(value)
        number = number.replace(".", ",") if self.t.language == "da" else number
        return Ours(" ".join(filter(None, (number, str(quantity.get("unit", ""))))))

    def _stay(self, stay: Body) -> Line:
        elsewhere = ("completed", "reserved")
        places = [_display(at.get("location")) for at in stay.get("location", []) if at.get("status") not in elsewhere]
        leaves = [
            self.period(past.get("period")) for past in stay.get("statusHistory", []) if past.get("status") == "onleave"
        ]
        return Line(
            Ours(self.word("stay_class", stay.get("class", {}).get("code")).capitalize()) or self.t("plan.stay"),
            self.word("stay_status", stay.get("status")),
            self.period(stay.get("period")),
            ", ".join(filter(None, dict.fromkeys([_display(stay.get("serviceProvider")), *places]))),
            (
                *filter(None, map(self.concept, stay.get("type", []))),
                *(self.t("plan.leave", when=leave) for leave in leaves if leave),
                *self._ahead(stay),
            ),
        )

    def _ahead(self, stay: Body) -> list[str]:
        """What is planned of a stay that is not over."""
        told = {
            str(one.get("url", "")).rpartition("/")[2]: self.moment(one.get("valueDateTime"))
            for one in stay.get("extension", [])
        }
        wanted = {"planned": _COMING, "in-progress": _GOING, "onleave": _GOING}.get(str(stay.get("status")), {})
        return [self.t(key, when=told[name]) for name, key in wanted.items() if told.get(name)]

    def _thread(self, messages: Sequence[Body]) -> Line:
        """A thread: what it is about, when it was written in last, who takes part, and every text once: an answer
        repeats what it answers."""
        first, last = messages[0], messages[-1]
        topics = [
            self.concept(one.get("topic")) or next(map(self.concept, one.get("category", [])), "") for one in messages
        ]
        parties = [one.get("sender") for one in messages] + [
            next(iter(one.get("recipient", [])), None) for one in messages
        ]
        written = {_number_of(payload): payload for one in reversed(messages) for payload in one.get("payload", [])}
        told = sorted(
            written.values(), key=lambda payload: str(_extension(payload, "datetime").get("valueDateTime", ""))
        )
        return Line(
            next(filter(None, topics), self.t("plan.thread")),
            self.t("plan.one_message") if len(messages) == 1 else self.t("plan.messages", count=len(messages)),
            self.moment(last.get("sent") or first.get("sent")),
            ", ".join(filter(None, dict.fromkeys(map(_display, parties)))),
            tuple(map(self._payload, told)),
        )

    def _payload(self, payload: Body) -> str:
        author = _display(_extension(payload, "practitioner").get("valueReference"))
        when = self.moment(_extension(payload, "datetime").get("valueDateTime"))
        attached = payload.get("contentAttachment", {})
        words = payload.get("contentString") or self.t(
            "plan.attached", name=attached.get("title") or attached.get("contentType", "")
        )
        return f"{', '.join(filter(None, (when, author)))}: {words}" if when or author else str(words)

    def _member(self, member: Body, named: Mapping[str, str]) -> Line:
        """A member by its display, by the name of the resource that it refers to, or by its number."""
        who = member.get("member", {})
        person = _display(who) or named.get(who.get("reference", ""), "") or self._numbered(who.get("identifier", {}))
        behalf = _display(member.get("onBehalfOf"))
        return Line(
            person or behalf or self.t("plan.unnamed"),
            about.roles(member, self.concept),
            self.period(member.get("period")),
            behalf if person else "",
        )

    def _numbered(self, identifier: Body) -> str:
        """A number that a reader could look up, with its kind; a UUID is for machines and names nobody."""
        value = str(identifier.get("value", ""))
        return "" if "-" in value else self.t("plan.cvr", number=value) if identifier.get("system") == CVR else value

    def concept(self, concept: Body | None) -> str:
        """What a person reads of a CodeableConcept: its text, or the display or code of its first coding."""
        if not concept:
            return ""
        coding: Body = next(iter(concept.get("coding", [])), {})
        told = concept.get("text") or coding.get("display")
        return str(told) if told else self.word("bare", coding.get("code"))


def _of(resources: Iterable[Body], kind: str) -> list[Body]:
    return [r for r in resources if r["resourceType"] == kind]


def _coming(appointments: Iterable[Body], at: datetime) -> list[Body]:
    """Those that are agreed or asked for and not over yet; the next one first, those without a time last."""
    wanted = [one for one in appointments if one.get("status") in _COMING_STATUS]
    timed = [(last_instant(one["end"]), one) for one in wanted if "end" in one]
    coming = sorted((one for end, one in timed if end >= at), key=lambda one: (instant(one["start"]), str(one["id"])))
    return [*coming, *(one for one in wanted if "end" not in one)]


def _messages(resources: Iterable[Body]) -> list[dict[str, Any]]:
    return [dict(r) for r in _of(resources, "Communication") if r.get("status") != "entered-in-error"]


def _number_of(payload: Body) -> str:
    return str(_extension(payload, "identifier").get("valueIdentifier", {}).get("value") or id(payload))


def _extension(payload: Body, name: str) -> Body:
    """MedCom's extension of a payload: datetime, identifier, practitioner, contact."""
    found = (
        e for e in payload.get("extension", []) if str(e.get("url", "")).endswith(f"/medcom-core-{name}-extension")
    )
    return next(found, {})


def _over(member: Body, at: datetime) -> bool:
    end = member.get("period", {}).get("end")
    return end is not None and last_instant(end) <= at


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


def _code(concept: Body | None) -> str:
    return str(next((c.get("code", "") for c in (concept or {}).get("coding", [])), ""))
