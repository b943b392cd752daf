"""Fold: the statements about one citizen become resources. A pure function of the set of statements.

Whatever the order of arrival and however often a message was repeated, the same statements give byte-equal
bodies: every part sorts by what the statements themselves say (when it happened, when it was registered, and
their origin), never by when they came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import attrgetter

from gateway.domain import appointment, document
from gateway.domain.benefit import fold_benefit, tells_of_benefit
from gateway.domain.citizen import Person
from gateway.domain.moved import reunited
from gateway.domain.patient import fold_patients
from gateway.domain.plan import joint_id
from gateway.domain.registered import REGISTERING, fold_registered, told_in_parts
from gateway.domain.reported import fold_reported
from gateway.domain.resource import Ids, Resource
from gateway.domain.revised import REVISING, fold_revised
from gateway.domain.snapshot import fold_snapshot, in_error
from gateway.domain.source import Source
from gateway.domain.statement import OUTSIDE_STAYS, Act, Body, Statement
from gateway.domain.stay import fold_stays
from gateway.domain.team import fold_team
from gateway.domain.written import fold_written, writer_of

# Where each type names the citizen it is about (R4); Patient does not.
SUBJECT = {
    "RelatedPerson": "patient",
    "Consent": "patient",
    "EpisodeOfCare": "patient",
    "Task": "for",
}

_OTHERWISE = frozenset({"Appointment", "Account", "Patient"})

# What messages tell of most objects: all there is to know, each time anew.
_WHOLE = frozenset({Act.STATE})

_PLACE = attrgetter("kind", "id")


def fold(
    statements: Iterable[Statement], person: Person, ids: Ids, sources: Mapping[str, Source], *,
    every_number: bool = False,
) -> list[Resource]:  # fmt: skip
    """Every resource of one citizen that these statements speak of, sorted by kind and id.

    The statements may be a part of all there are, as long as each object's are complete: all events of
    stays, or all statements with one (kind, key). `every_number`: as fold_patients.
    """
    distinct = {(s.kind, s.key, s.origin): s for s in statements}
    by_object: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    events: list[Statement] = []
    patients: list[Statement] = []
    for one in distinct.values():
        if one.kind == "Patient":
            patients.append(one)
        elif one.act not in OUTSIDE_STAYS:
            events.append(one)
        else:
            by_object[one.kind, one.key].append(one)
    made = fold_patients(patients, person, ids, every_number=every_number)
    made += fold_stays(events, ids, sources)
    for (kind, key), said in by_object.items():
        one_made = _fold_object(kind, key, said, ids, sources)
        if one_made is not None:
            made.append(one_made)
    _take_back_diagnoses(made)
    citizen = person.citizen_id(ids)
    _restrict_documents(made, by_object, ids, citizen)
    _finish(made, citizen)
    made.sort(key=_PLACE)
    return made


def _fold_object(
    kind: str, key: str, said: list[Statement], ids: Ids, sources: Mapping[str, Source]
) -> Resource | None:
    if len(said) > 1:
        said.sort(key=lambda s: s.order)
    acts = {s.act for s in said}
    if acts == _WHOLE and not writer_of(kind, key):  # nearly every object
        return fold_snapshot(kind, key, said, ids, sources)
    if said[0].act is Act.MEMBER:
        return fold_team(key, said, ids, sources)
    if Act.REPORT in acts:
        return fold_reported(kind, key, said, ids, sources)
    if acts & REGISTERING:
        said = reunited(said)
    if tells_of_benefit(kind, acts) and not told_in_parts(said):
        return fold_benefit(kind, key, said, ids, sources)
    if Act.HANDLE in acts or writer_of(kind, key):
        return fold_written(kind, key, said, ids, sources)
    if acts & REGISTERING:
        return fold_registered(kind, key, said, ids, sources)
    if acts & REVISING:
        return fold_revised(kind, key, said, ids, sources)
    return fold_snapshot(kind, key, said, ids, sources)


def _take_back_diagnoses(made: list[Resource]) -> None:
    """What only stays in error tell of was an error too: the wrong citizen may have been admitted."""
    if "Encounter" not in [one.kind for one in made if one.withdrawn]:
        return
    told: dict[bool, set[str]] = {True: set(), False: set()}
    for one in made:
        if one.kind == "Encounter":
            told[one.withdrawn] |= {of["condition"]["reference"] for of in one.body.get("diagnosis", [])}
    wrong = told[True] - told[False]
    for one in made:
        if one.kind == "Condition" and not one.withdrawn and f"Condition/{one.id}" in wrong:
            one.body, one.withdrawn = in_error("Condition", one.body), True


def _restrict_documents(
    made: list[Resource], by_object: Mapping[tuple[str, str], list[Statement]], ids: Ids, citizen: str
) -> None:
    """What rests on a restricted document is no less restricted."""
    if not any("relatesTo" in one.body for one in made if one.kind == document.KIND):
        return
    told = {ids(*name): document.givers(said) for name, said in by_object.items() if name[0] == document.KIND}
    document.restrict(made, lambda plain: ids(document.KIND, f"{plain}|{citizen}"), told)


def _finish(made: list[Resource], citizen: str) -> None:
    """Each body in its fixed key order, with the citizen in place and each plan a part of the joint plan."""
    patient = f"Patient/{citizen}"
    for one in made:
        kind, said = one.kind, one.body
        if kind not in _OTHERWISE:
            said[SUBJECT.get(kind, "subject")] = {"reference": patient}
        elif kind == "Appointment":  # R4 has no subject there: the citizen takes part
            said = appointment.settled(said, citizen)
        elif kind == "Account":
            said["subject"] = [{"reference": patient}]
        if kind == "CarePlan":
            said["partOf"] = [{"reference": f"CarePlan/{joint_id(citizen)}"}, *said.get("partOf", ())]
        body: Body = {"resourceType": kind, "id": one.id, "meta": said.pop("meta", None) or {}}
        for name in sorted(said):  # names alone: sorting pairs takes half as long again
            body[name] = said[name]
        one.body = body
