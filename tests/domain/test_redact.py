"""A protected address: who sees it, what is taken away, and that nothing of it stays behind."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from gateway.domain.decide import Permit, decide_all
from gateway.domain.redact import ADDRESS_PATHS, OUTSIDE_HOSPITALS, REDACTED, redact
from gateway.domain.security_label import DATA_CLASS, PROTECTED_ADDRESS
from tests.domain.consent.making import N, R, actor, consent, rule, written
from tests.domain.deciding import CLINIC, NORMAL, NOW, POLICY, caller, decided, facts

SECRET = "Skjulgade 7"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]},
    "text": {"status": "generated", "div": f"<div>Asta Prøve, {SECRET}</div>"},
    "name": [{"family": "Prøve"}],
    "address": [{"line": [SECRET], "city": "Korsbæk"}],
    "telecom": [{"system": "phone", "value": SECRET}],
    "_telecom": [{"id": SECRET}],
    "contact": [
        {"name": {"family": "Nabo"}, "address": {"line": [SECRET]}, "telecom": [{"value": SECRET}]},
        {"address": {"line": [SECRET]}},
    ],
}
ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "e1",
    "meta": {},
    "status": "in-progress",
    "location": [{"location": {"display": SECRET}}],
    "hospitalization": {
        "origin": {"display": SECRET},
        "destination": {"display": SECRET},
        "reAdmission": {"text": "ja"},
    },
    "serviceProvider": {"display": "Psykiatrisk Center"},
    "contained": [{"resourceType": "Location", "id": "l", "text": {"div": SECRET}, "address": {"line": [SECRET]}}],
}
SHELTER = {"type": "Organization", "display": SECRET, "extension": [{"url": "contact", "valueString": SECRET}]}
COORDINATOR = {"coding": [{"system": "https://faellesplan.dk/fhir/CodeSystem/team-role", "code": "coordinator"}]}
PLAN: dict[str, Any] = {
    "resourceType": "CarePlan",
    "id": "c1",
    "meta": {},
    "title": f"Ophold på {SECRET}",
    "description": SECRET,
    "note": [{"text": SECRET}],
    "category": [{"coding": [{"code": "27.57.12"}]}],
    "author": {"type": "Organization", "display": "Kommunen"},
    "activity": [{"detail": {"code": {"coding": [{"code": "x"}], "text": SECRET}, "performer": [SHELTER]}}],
}
TEAM: dict[str, Any] = {
    "resourceType": "CareTeam",
    "id": "t1",
    "meta": {},
    "name": SECRET,
    "managingOrganization": [SHELTER],
    "participant": [
        {"member": {"type": "Organization", "display": "Kommunen"}, "role": [COORDINATOR]},
        {"member": SHELTER, "extension": [{"url": "what", "valueString": SECRET}]},
        {"member": {"reference": "Organization/o1"}},
        {"member": {"type": "Practitioner", "display": "Maja"}, "onBehalfOf": SHELTER},
    ],
}


def test_nothing_of_the_address_is_left() -> None:
    for body in (PATIENT, ENCOUNTER, PLAN, TEAM):
        left = redact(body, ADDRESS_PATHS[body["resourceType"]])
        assert SECRET not in json.dumps(left, ensure_ascii=False)


def test_the_rest_stays_and_the_reader_is_told() -> None:
    left = redact(PATIENT, ADDRESS_PATHS["Patient"])
    assert left["name"] == [{"family": "Prøve"}]
    assert left["contact"] == [{"name": {"family": "Nabo"}}]
    assert [label["code"] for label in left["meta"]["security"]] == ["R", "REDACTED"]
    stay = redact(ENCOUNTER, ADDRESS_PATHS["Encounter"])
    assert stay["hospitalization"] == {"reAdmission": {"text": "ja"}}
    assert stay["serviceProvider"] == {"display": "Psykiatrisk Center"}
    assert stay["meta"]["security"] == [REDACTED]
    assert list(stay)[:3] == ["resourceType", "id", "meta"]


def test_of_a_plan_what_it_is_about_stays_and_of_a_team_the_coordinator_and_people() -> None:
    plan = redact(PLAN, ADDRESS_PATHS["CarePlan"])
    assert plan["category"] == PLAN["category"]
    assert plan["author"] == PLAN["author"]
    assert plan["activity"] == [{"detail": {"code": {"coding": [{"code": "x"}]}}}]
    team = redact(TEAM, ADDRESS_PATHS["CareTeam"])
    assert [one["member"]["display"] for one in team["participant"]] == ["Kommunen", "Maja"]
    shelter_only = {"resourceType": "CareTeam", "id": "t2", "meta": {}, "participant": [{"member": SHELTER}]}
    assert "participant" not in redact(shelter_only, ADDRESS_PATHS["CareTeam"])


def test_the_narrative_goes_with_it() -> None:
    assert "text" not in redact(PATIENT, ADDRESS_PATHS["Patient"])
    bare = {"resourceType": "Patient", "id": "p1", "text": {"div": SECRET}}
    assert redact(bare, {"Patient.address"}) == {
        "resourceType": "Patient",
        "id": "p1",
        "meta": {"security": [REDACTED]},
    }


def test_without_redactions_nothing_changes() -> None:
    assert redact(PATIENT, ()) is PATIENT
    assert redact(PATIENT, {"Encounter.location"}) is PATIENT


def test_the_given_body_is_left_alone_and_twice_is_once() -> None:
    before = deepcopy(PATIENT)
    once = redact(PATIENT, ADDRESS_PATHS["Patient"])
    assert before == PATIENT
    assert redact(once, ADDRESS_PATHS["Patient"]) == once


def test_a_whole_element_that_is_emptied_goes() -> None:
    stay = {"resourceType": "Encounter", "meta": {}, "hospitalization": {"origin": {"display": SECRET}}}
    assert "hospitalization" not in redact(stay, ADDRESS_PATHS["Encounter"])


# Who sees it

PROTECTED = frozenset({R, PROTECTED_ADDRESS})


def redactions(role: str, *consents: dict[str, Any], **more: Any) -> frozenset[str]:
    purposes = more.pop("purposes", ("TREAT",))
    person = facts("identity", "shared", kind="Patient", id="p1", labels=PROTECTED)
    answer = decided(caller(role, *purposes), more.pop("about", person), *consents, **more)
    assert isinstance(answer, Permit), answer
    return answer.redactions


HERE = actor(CLINIC.key)


def test_a_role_with_the_class_sees_it_and_one_without_does_not() -> None:
    assert redactions("hospital") == frozenset()
    assert redactions("nursing") == ADDRESS_PATHS["Patient"], "the small table has no row for nursing"


def test_a_consent_must_name_it() -> None:
    general = consent(rule("permit", actor=HERE))
    assert redactions("jobcenter", general) == ADDRESS_PATHS["Patient"]
    named = consent(rule("permit", actor=HERE, labels=[N, R, PROTECTED_ADDRESS]))
    assert redactions("jobcenter", named) == frozenset()
    below = consent(rule("permit", rule("permit", labels=[PROTECTED_ADDRESS]), actor=HERE, labels=[R]))
    assert redactions("jobcenter", below) == frozenset()
    above = consent(rule("permit", rule("permit", purpose=["TREAT"]), actor=HERE, labels=[R, PROTECTED_ADDRESS]))
    assert redactions("jobcenter", above) == frozenset(), "an exception stands within what its permit names"
    classes = [f"{DATA_CLASS}|identity", PROTECTED_ADDRESS]
    assert redactions("jobcenter", consent(rule("permit", actor=HERE, classes=classes))) == frozenset()
    unnamed = consent(rule("deny", rule("permit"), actor=HERE, labels=[R, PROTECTED_ADDRESS]))
    assert redactions("jobcenter", unnamed) == ADDRESS_PATHS["Patient"], "what is denied is not let be seen by its name"


def test_never_is_never_here_too() -> None:
    named = consent(rule("permit", labels=[R, PROTECTED_ADDRESS]))
    assert redactions("ngo", named) == ADDRESS_PATHS["Patient"]


def test_an_own_case_and_an_override_clear_it() -> None:
    own = facts("identity", "shared", kind="Patient", id="p1", labels=PROTECTED, source="kk-case")
    said = written(rule("permit", actor=HERE))
    assert redactions("social", said, about=own, purposes=("CAREMGT",)) == frozenset()
    assert redactions("social", said, purposes=("CAREMGT",)) == ADDRESS_PATHS["Patient"]
    assert redactions("hospital", purposes=("BTG",)) == frozenset()
    assert redactions("nursing", purposes=("BTG",)) == ADDRESS_PATHS["Patient"]


@pytest.mark.parametrize("labels", [frozenset({NORMAL}), PROTECTED])
def test_other_resources_of_a_protected_citizen(labels: frozenset[str]) -> None:
    stay = facts("health", kind="Encounter", id="e1")
    expected = ADDRESS_PATHS["Encounter"]
    assert redactions("nursing", about=stay) == frozenset()
    assert redactions("nursing", about=stay, protected={"p1"}) == expected
    assert redactions("nursing", about=stay, protected={"p2"}) == frozenset()
    condition = facts("health", labels=labels)
    assert redactions("nursing", about=condition, protected={"p1"}) == frozenset(), "nothing in it tells an address"


def test_the_patient_among_the_facts_protects_the_rest() -> None:
    person = facts("identity", "shared", kind="Patient", id="p1", labels=PROTECTED)
    stay = facts("health", kind="Encounter", id="e1")
    for listed in ([person, stay], [stay, person]):
        permits, _ = decide_all(caller("nursing"), listed, [], POLICY, NOW)
        assert {p.kind: p.redactions for p in permits} == {
            "Patient": ADDRESS_PATHS["Patient"], "Encounter": ADDRESS_PATHS["Encounter"],
        }  # fmt: skip


PLACE = {"resourceType": "Organization", "id": "o", "name": SECRET, "address": [{"text": SECRET}]}
STREET = {"url": "https://x.example", "valueAddress": {"text": SECRET}}
REACHED = {"url": "https://x.example", "valueContactPoint": {"system": "phone", "value": SECRET}}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Patient", {"contained": [PLACE], "extension": [STREET], "contact": [{"organization": SHELTER}]}),
        ("Patient", {"name": [{"family": "Prøve", "extension": [STREET]}]}),
        ("RelatedPerson", {"extension": [STREET], "contained": [PLACE | {"resourceType": "Location"}]}),
        ("CarePlan", {"contained": [PLACE], "activity": [{"outcomeCodeableConcept": [{"text": SECRET}]}]}),
        ("CarePlan", {"activity": [{"detail": {"scheduledString": SECRET, "status": "unknown"}}]}),
        ("CareTeam", {"participant": [{"member": {"reference": "HealthcareService/1", "display": SECRET}}]}),
        ("CareTeam", {"participant": [{"member": {"reference": "https://x.example/Location/1", "display": SECRET}}]}),
        ("CareTeam", {"participant": [{"member": {"type": "CareTeam", "display": SECRET}}]}),
        ("ServiceRequest", {"patientInstruction": SECRET}),
        ("Task", {"input": [{"valueString": SECRET}], "output": [{"valueString": SECRET}]}),
        ("Task", {"restriction": {"recipient": [SHELTER]}}),
        ("DocumentReference", {"author": [SHELTER], "authenticator": SHELTER}),
        ("DocumentReference", {"context": {"facilityType": {"text": SECRET}}}),
        ("DocumentReference", {"context": {"sourcePatientInfo": {"display": SECRET}}}),
        ("Procedure", {"performer": [{"actor": SHELTER}], "note": [{"text": SECRET}]}),
        ("Communication", {"about": [{"display": SECRET}]}),
        ("Patient", {"generalPractitioner": [SHELTER], "extension": [REACHED]}),
        ("Goal", {"note": [{"text": SECRET}]}),
        ("Observation", {"note": [{"text": SECRET}]}),
        ("ClinicalImpression", {"description": SECRET, "summary": SECRET, "note": [{"text": SECRET}]}),
    ],
)  # fmt: skip
def test_wherever_else_an_address_or_who_gives_shelter_stands(kind: str, body: dict[str, Any]) -> None:
    made = {"resourceType": kind, "id": "x", "meta": {}} | deepcopy(body)
    assert SECRET not in json.dumps(redact(made, ADDRESS_PATHS[kind]), ensure_ascii=False)
    assert SECRET in json.dumps(made, ensure_ascii=False), "the given body stays as it is"


def test_who_sees_the_citizen_outside_hospitals_is_not_told() -> None:
    """A contact with a shelter tells where the citizen is; that a hospital treats the citizen does not."""
    said = written(rule("permit", actor=HERE))
    for sector, expected in (("region", ADDRESS_PATHS["Encounter"]), ("municipality", OUTSIDE_HOSPITALS["Encounter"])):
        contact = facts("health", sector, kind="Encounter", id="e1")
        assert redactions("nursing", said, about=contact, protected={"p1"}) == expected
    met = {"resourceType": "Encounter", "id": "e", "meta": {}, "serviceProvider": SHELTER,
           "participant": [{"individual": SHELTER}]}  # fmt: skip
    assert SECRET not in json.dumps(redact(met, OUTSIDE_HOSPITALS["Encounter"]), ensure_ascii=False)
    for kind, element in (("Task", "requester"), ("ServiceRequest", "requester"), ("ClinicalImpression", "assessor")):
        asked = {"resourceType": kind, "id": "x", "meta": {}, element: SHELTER}
        assert SECRET not in json.dumps(redact(asked, OUTSIDE_HOSPITALS[kind]), ensure_ascii=False), kind
        assert SECRET in json.dumps(redact(asked, ADDRESS_PATHS[kind]), ensure_ascii=False), "a hospital may be named"
