"""The municipality's answers to an admission: XDIS16 (the report) and XDIS14 (whom to talk to), from parts of the plan.

`parts` are FHIR bodies that the hospital may see: what it may not see must not be among them. Of XDIS14 there is a
public schema; of XDIS16 (XD1634C) there is none, so the report uses the elements that the other letters of its family
have, in their order: MedCom's own test must see it before it goes to a hospital.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lxml import etree

from gateway.domain.episode import anywhere, bare
from gateway.domain.identifier import CPR
from gateway.domain.plan import has_ended, is_intervention
from gateway.domain.team import is_coordinator, members_of
from gateway.domain.when import last_instant
from gateway.errors import MissingField, NoCitizen
from gateway.translate.oioxml.out.correspondence import Written
from gateway.translate.oioxml.out.parties import Party, add_address, add_name, add_number, add_party, numbers_of
from gateway.translate.oioxml.writing import NS_2005, NS_MUNICIPAL, add, cut, formatted, number, started, when, written

Json = dict[str, Any]

_MOST_CONTACTS = 5
_RELATIONS = {"MTH": "mor", "FTH": "far", "CHILD": "barn"}


def answer(task: Json, parts: Sequence[Json], patient: Json, sender: Party, receiver: Party, now: datetime) -> Written:
    """The XDIS14 to a request: who in the municipality is to be talked to. Raises MissingField, NoCitizen."""
    people = numbers_of(patient)
    if people[0].system != CPR:
        raise NoCitizen("This letter is about citizens with a CPR number.", where="Patient.identifier")
    ident = number("XDIS14", *_asked(task))
    root, letter = started(NS_2005, "AnswerOfAdmission", ident, now, receipt=True)
    head = _head(letter, ident, ("XD1431C", "XDIS14"), now, seconds=True)
    add(head, "NotificationIdentifier", _episode(task))
    add_party(letter, "Sender", replace(sender, names=sender.names[:1]))
    _contacts(letter[-1], parts, now)
    add_party(letter, "Receiver", receiver)
    add_number(add(letter, "Patient"), people[0])
    return Written(ident, written(root))


def report(task: Json, parts: Sequence[Json], patient: Json, sender: Party, receiver: Party, now: datetime) -> Written:
    """The XDIS16 to a request: services, function, wishes, relatives and whom to talk to. Raises as `answer` does."""
    ident = number("XDIS16", *_asked(task))
    root, letter = started(NS_MUNICIPAL, "ReportOfAdmission", ident, now, receipt=True)
    head = _head(letter, ident, ("XD1634C", "XDIS16"), now)
    add(head, "EpisodeOfCareIdentifier", _episode(task))
    add_party(letter, "Sender", sender)
    _contacts(letter[-1], parts, now)
    add_party(letter, "Receiver", receiver)
    element = add(letter, "Patient")
    add_number(element, numbers_of(patient)[0])
    add_name(element, patient)
    add_address(element, patient)
    add(element, "EpisodeOfCareStatusCode", "indlagt")
    _relatives(letter, _of(parts, "RelatedPerson"))
    _problems(letter, _of(parts, "Condition"))
    _services(letter, _of(parts, "CarePlan"), now)
    if wishes := "\n".join(filter(None, (_spoken(goal.get("description", {})) for goal in _of(parts, "Goal")))):
        formatted(letter, "FutureAgreements", wishes)
    return Written(ident, written(root))


def _head(letter: etree._Element, ident: str, version: tuple[str, str], now: datetime, *, seconds: bool = False) -> Any:
    head = add(letter, "Letter")
    for tag, text in (("Identifier", ident), ("VersionCode", version[0]), ("StatisticalCode", version[1])):
        add(head, tag, text)
    when(head, "Authorisation", now, seconds=seconds)
    add(head, "TypeCode", version[1])
    add(head, "StatusCode", "nytbrev")
    return head


def _asked(task: Json) -> tuple[str, ...]:
    """What tells this request from others: the message that asked, and who did."""
    numbers: list[Json] = task.get("identifier", [])
    said = [str(one.get("value", "")) for one in numbers[:1]]
    return (*said, str(task.get("requester", {}).get("identifier", {}).get("value", "")), _episode(task))


def _episode(task: Json) -> str:
    """The stay's number as letters write it. Raises MissingField."""
    value = task.get("groupIdentifier", {}).get("value", "")
    if not value:
        raise MissingField("The request names no stay.", where="Task.groupIdentifier")
    return cut(bare(value) if anywhere(value) else value, 35)


def _of(parts: Iterable[Json], kind: str) -> list[Json]:
    return [part for part in parts if part.get("resourceType") == kind]


def _spoken(concept: Json) -> str:
    """The words of a CodeableConcept."""
    shown = [coding.get("display") or coding.get("code", "") for coding in concept.get("coding", ())]
    return str(concept.get("text") or next(iter(shown), ""))


def _contacts(sender: etree._Element, parts: Sequence[Json], now: datetime) -> None:
    """At most five, the coordinator first: name and role in one of two lines, as the schema has no place for a role."""
    everybody = [member for team in _of(parts, "CareTeam") for member in members_of(team, now)]
    found = [one for one in everybody if one.get("member", {}).get("display") and not _gone(one, now)]
    found.sort(key=lambda one: not is_coordinator(one))
    said: dict[tuple[str, str], None] = {}
    for one in found:
        role = "Tovholder" if is_coordinator(one) else next(filter(None, map(_spoken, one.get("role", ()))), "")
        said[cut(one["member"]["display"], 35), cut(role, 35)] = None
    for name, role in list(said)[:_MOST_CONTACTS]:
        contact = add(sender, "ContactInformation")
        for text in filter(None, (name, role)):
            add(contact, "ContactName", text)


def _gone(member: Json, now: datetime) -> bool:
    end = member.get("period", {}).get("end")
    return end is not None and last_instant(end) <= now


def _relatives(letter: etree._Element, relatives: Sequence[Json]) -> None:
    told = [one for one in relatives if one.get("name") and one.get("active") is not False]
    if not told:
        return
    parent = add(letter, "Relatives")
    for one in told:
        made = add(parent, "Relative")
        codes = [c.get("code", "") for concept in one.get("relationship", ()) for c in concept.get("coding", ())]
        add(made, "RelationCode", next((_RELATIONS[c] for c in codes if c in _RELATIONS), "uspec_paaroerende"))
        add_name(made, one)
        for phone in [t.get("value", "") for t in one.get("telecom", ()) if t.get("system") == "phone"][:3]:
            coded = add(made, "CodedTelephoneSubscriberIdentifier")
            add(coded, "TelephoneCode", "privat")
            add(coded, "TelephoneSubscriberIdentifier", cut(phone, 25))


def _problems(letter: etree._Element, conditions: Sequence[Json]) -> None:
    told = [one for one in conditions if _spoken(one.get("code", {}))]
    if not told:
        return
    parent = add(letter, "NursingProblemAreas")
    for one in told:
        made = add(parent, "NursingProblemArea")
        coding = next((c for c in one["code"].get("coding", ()) if c.get("code")), None)
        add(made, "Terminology", cut(_spoken(one["code"]), 70))
        if coding:
            add(made, "Code", cut(coding["code"], 35))
            add(made, "CodeSystem", cut(coding.get("system", ""), 70))
        notes = "\n".join(note.get("text", "") for note in one.get("note", ()))
        formatted(made, "Comment", notes or _spoken(one["code"]))


def _services(letter: etree._Element, plans: Sequence[Json], now: datetime) -> None:
    """What the citizen gets now: the interventions that run, one service each, with what they consist of."""
    told = [plan for plan in plans if not has_ended(plan, now)]
    named = [(plan, text) for plan in told if (text := _service(plan))]
    interventions = [pair for pair in named if is_intervention(pair[0])] or named
    if not interventions:
        return
    parent = add(letter, "CurrentHomeCare")
    for plan, text in interventions:
        made = add(parent, "Service")
        add(made, "Terminology", cut(plan.get("title", "") or text.partition("\n")[0], 70))
        formatted(made, "Comment", text)


def _service(plan: Json) -> str:
    details = [activity.get("detail", {}) for activity in plan.get("activity", ())]
    words = [plan.get("title", ""), *(_spoken(one) for one in plan.get("category", ())), plan.get("description", "")]
    words += [text for one in details for text in (_spoken(one.get("code", {})), one.get("description", ""))]
    return "\n".join(dict.fromkeys(filter(None, words)))
