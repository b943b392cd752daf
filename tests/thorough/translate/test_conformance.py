"""Profiles: what conforms passes, and every kind of rule in a StructureDefinition finds what breaks it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.municipality import extension
from gateway.translate.conformance import FOLDER, Profiles
from tests.translate.invariants import broken

BASE = "https://faellesplan.dk/fhir"
STRUCTURES = f"{BASE}/StructureDefinition"
PLAN, TEAM, STAY, EFFORT = (
    f"{STRUCTURES}/faellesplan-{name}" for name in ("careplan", "careteam", "encounter", "intervention")
)
LEAVE = f"{STRUCTURES}/leave-period"
PART = {"url": f"{STRUCTURES}/part", "valueReference": {"reference": "CarePlan/abc"}}
MUNICIPALITY = f"{STRUCTURES}/municipality"
PAYING = extension("paying", {"code": "0751"})
COORDINATOR = {"coding": [{"system": f"{BASE}/CodeSystem/team-role", "code": "coordinator"}]}

profiles = Profiles.read()

GOOD: dict[str, dict[str, Any]] = {
    "plan": {
        "resourceType": "CarePlan",
        "id": "joint-1",
        "meta": {"profile": [PLAN]},
        "extension": [PART],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": f"{BASE}/CodeSystem/plan-category", "code": "joint-plan"}]}],
        "title": "Fælles plan",
        "subject": {"reference": "Patient/p1"},
        "careTeam": [{"reference": "CareTeam/joint-p1"}],
        "activity": [{"detail": {"extension": [PART], "status": "in-progress", "description": "Bostøtte"}}],
    },
    "team": {
        "resourceType": "CareTeam",
        "meta": {"profile": [TEAM]},
        "status": "active",
        "name": "Team om den fælles plan",
        "subject": {"reference": "Patient/p1"},
        "participant": [
            {"role": [COORDINATOR], "member": {"display": "A"}, "period": {"start": "2026-01-01", "end": "2026-02-01"}},
            {"role": [COORDINATOR], "member": {"display": "B"}, "period": {"start": "2026-02-01"}},
            {"role": [{"text": "Kontaktperson"}], "member": {"display": "C"}},
        ],
    },
    "stay": {
        "resourceType": "Encounter",
        "meta": {"profile": [STAY]},
        "extension": [
            {"url": LEAVE, "valuePeriod": {"start": "2026-03-02", "end": "2026-03-03"}},
            {"url": LEAVE, "valuePeriod": {"start": "2026-03-04"}},
        ],
        "status": "onleave",
        "statusHistory": [
            {"status": "in-progress", "period": {"start": "2026-03-01", "end": "2026-03-04"}},
            {"status": "onleave", "period": {"start": "2026-03-04"}},
        ],
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": "Patient/p1"},
    },
    "effort": {
        "resourceType": "CarePlan",
        "meta": {"profile": [EFFORT]},
        "extension": [
            extension("acting", {"code": "0101"}, {"start": "2026-03-01"}, "social"),
            PAYING,
        ],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "basedOn": [{"reference": "CarePlan/abc"}],
    },
}


def changed(which: str, /, **change: Any) -> dict[str, Any]:
    """A good resource with some elements changed, or taken away with None."""
    resource = copy.deepcopy(GOOD[which]) | change
    return {key: value for key, value in resource.items() if value is not None}


@pytest.mark.parametrize("name", GOOD)
def test_what_conforms_passes(name: str) -> None:
    assert profiles.check(GOOD[name]) == []
    assert broken(profiles, GOOD[name]) == []


@pytest.mark.parametrize(
    ("name", "change", "finding"),
    [
        ("plan", {"intent": "order"}, "CarePlan.intent: not the value that the profile fixes"),
        ("plan", {"title": None}, "CarePlan.title: the profile needs at least 1"),
        ("plan", {"category": None}, "CarePlan.category: the profile needs at least 1"),
        ("plan", {"category": None}, "CarePlan.category:joint: the profile needs at least 1"),
        ("plan", {"category": [{"text": "Fælles plan"}]}, "CarePlan.category:joint: the profile needs at least 1"),
        (
            "plan",
            {"category": GOOD["plan"]["category"] * 2},
            "CarePlan.category:joint: the profile allows at most 1",
        ),
        ("plan", {"subject": {"reference": "Group/g"}}, "CarePlan.subject: must refer to Patient"),
        ("plan", {"careTeam": [{"reference": "Patient/g"}]}, "CarePlan.careTeam[0]: must refer to CareTeam"),
        ("plan", {"partOf": [{"reference": "CarePlan/x"}]}, "CarePlan.partOf: the profile allows at most 0"),
        (
            "plan",
            {"activity": [{"reference": {"reference": "Task/x"}}]},
            "CarePlan.activity[0].detail: the profile needs at least 1",
        ),
        (
            "plan",
            {"activity": [{"detail": {"status": "completed", "extension": [{"url": "urn:x", "valueCode": "a"}]}}]},
            "CarePlan.activity[0].detail.extension:part: the profile needs at least 1",
        ),
        (
            "plan",
            {"activity": [{"detail": {"extension": [PART], "status": "completed", "scheduledString": "mandag"}}]},
            "CarePlan.activity[0].detail.scheduledString: not a type that the profile allows",
        ),
        (
            "plan",
            {"extension": [PART | {"valueReference": {"reference": "Goal/1"}}]},
            "CarePlan.extension[0].valueReference: must refer to CarePlan",
        ),
        ("team", {"status": None}, "CareTeam.status: the profile needs at least 1"),
        ("team", {"name": None}, "CareTeam.name: the profile needs at least 1"),
        ("team", {"subject": None}, "CareTeam.subject: the profile needs at least 1"),
        (
            "team",
            {"participant": [{"member": {"display": "C"}}]},
            "CareTeam.participant[0].role: the profile needs at least 1",
        ),
        ("stay", {"subject": None}, "Encounter.subject: the profile needs at least 1"),
        ("stay", {"class": {"code": "IMP"}}, "Encounter.class.system: the profile needs at least 1"),
        ("stay", {"status": "bananas"}, "Encounter.status: R4 allows its own codes only here."),
        (
            "stay",
            {"extension": [{"url": LEAVE, "valueDate": "2026-03-02"}]},
            "Encounter.extension[0].valueDate: not a type that the profile allows",
        ),
        ("stay", {"extension": [{"url": LEAVE}]}, "Encounter.extension[0].value[x]: the profile needs at least 1"),
        (
            "effort",
            {"extension": [extension("acting", {"display": "Aarhus"})]},
            "CarePlan.extension[0].extension[1].valueCoding.code: the profile needs at least 1",
        ),
        (
            "effort",
            {"extension": [{"url": MUNICIPALITY, "extension": PAYING["extension"][1:]}]},
            "CarePlan.extension[0].extension:role: the profile needs at least 1",
        ),
        (
            "effort",
            {"extension": [{"url": MUNICIPALITY, "extension": PAYING["extension"] * 2}]},
            "CarePlan.extension[0].extension:municipality: the profile allows at most 1",
        ),
    ],
)
def test_what_does_not_conform_is_found(name: str, change: dict[str, Any], finding: str) -> None:
    assert finding in profiles.check(changed(name, **change))


@pytest.mark.parametrize(
    ("name", "change", "key"),
    [
        ("plan", {"status": "completed"}, "plan-1 at CarePlan"),
        (
            "plan",
            {"activity": [{"reference": {"reference": "Task/1"}, "detail": {"status": "completed"}}]},
            "cpl-3 at CarePlan.activity",
        ),
        (
            "team",
            {"participant": [p | {"period": {"start": "2026-01-01"}} for p in GOOD["team"]["participant"]]},
            "team-1 at CareTeam",
        ),
        ("stay", {"status": "in-progress"}, "stay-1 at Encounter"),
        ("stay", {"status": "finished", "statusHistory": None}, "stay-2 at Encounter"),
        ("stay", {"extension": None}, "stay-3 at Encounter"),
        ("stay", {"status": "in-progress", "statusHistory": None}, "stay-4 at Encounter"),
        ("stay", {"extension": [{"url": LEAVE, "valuePeriod": {"id": "1"}}]}, "leave-1 at Extension.value[x]"),
        ("effort", {"basedOn": None}, "int-1 at CarePlan"),
        ("effort", {"category": GOOD["plan"]["category"]}, "int-2 at CarePlan"),
        (
            "effort",
            {
                "extension": [
                    {"url": MUNICIPALITY, "extension": [{"url": "municipality", "valueCoding": {"code": "751"}}]}
                ]
            },
            "mun-1 at Extension.extension.value[x].code",
        ),
    ],
)
def test_broken_invariants_are_found(name: str, change: dict[str, Any], key: str) -> None:
    assert key in broken(profiles, changed(name, **change))


def test_an_activity_without_words_is_a_warning() -> None:
    plan = changed("plan", activity=[{"detail": {"extension": [PART], "status": "in-progress"}}])
    assert broken(profiles, plan) == []
    assert broken(profiles, plan, severity="warning") == ["dom-6 at CarePlan", "act-1 at CarePlan.activity.detail"]


def test_a_profile_may_be_asked_for() -> None:
    plain = {"resourceType": "CareTeam", "name": "Team"}
    assert profiles.check(plain) == []
    assert "CareTeam.status: the profile needs at least 1" in profiles.check(plain, TEAM)
    assert profiles.check(plain, PLAN) == ["CareTeam: the profile is for CarePlan"]
    assert profiles.check(plain, "urn:no-such-profile") == ["CareTeam: the profile is not known here"]


def test_a_profile_of_others_is_no_finding() -> None:
    theirs = {"resourceType": "CareTeam", "meta": {"profile": ["http://fhir.kl.dk/core/StructureDefinition/x"]}}
    assert profiles.check(theirs) == []


@pytest.mark.parametrize("resource", [{}, {"resourceType": "Banana"}, {"resourceType": ["CarePlan"]}])
def test_an_unknown_type_is_the_only_finding(resource: dict[str, Any]) -> None:
    findings = profiles.check(resource)
    assert [f.partition(":")[0] for f in findings] == ["resourceType"]


@pytest.mark.parametrize("odd", [[], "x", 7, None, {"profile": "x"}, {"profile": [7]}, {"profile": [None]}])
def test_odd_shapes_are_findings_and_no_crash(odd: Any) -> None:
    for name in ("meta", "category", "extension", "activity", "subject"):
        resource = copy.deepcopy(GOOD["plan"]) | {name: odd}
        findings = profiles.check(resource, PLAN)
        assert [f for f in findings if f.startswith(f"CarePlan.{name}")], name


def test_r4_and_the_profile_are_both_told() -> None:
    findings = profiles.check(changed("plan", subject=None, title=None))
    assert "CarePlan.subject: A required element is missing." in findings
    assert "CarePlan.title: the profile needs at least 1" in findings


def test_findings_hold_no_value() -> None:
    number = "2512489996"
    plan = changed("plan", status=number, title=7, subject={"reference": f"Group/{number}"}, intent=number)
    findings = profiles.check(plan)
    assert len(findings) >= 4
    assert not [finding for finding in findings if number in finding]


def test_each_finding_is_told_once() -> None:
    findings = profiles.check(changed("plan", subject={"reference": "Task/1"}), PLAN)
    assert len(findings) == len(set(findings))


def definition(*elements: dict[str, Any], kind: str = "Patient") -> dict[str, Any]:
    """A small profile with a snapshot of these elements."""
    ours = [{"min": 0, "max": "*", "base": {"min": 0, "max": "*"}} | element for element in elements]
    root = {"id": kind, "min": 0, "max": "*"}
    snapshot = {"element": [root, *ours]}
    return {"resourceType": "StructureDefinition", "url": "urn:profile", "type": kind, "snapshot": snapshot}


def check(resource: dict[str, Any], *definitions: dict[str, Any]) -> list[str]:
    return Profiles(list(definitions)).check(resource, "urn:profile")


def test_slices_by_value_on_a_path_and_closed() -> None:
    profile = definition(
        {
            "id": "Patient.identifier",
            "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"},
        },
        {"id": "Patient.identifier:cpr", "sliceName": "cpr", "min": 1, "max": "1"},
        {"id": "Patient.identifier:cpr.system", "fixedUri": "urn:cpr", "min": 1, "max": "1"},
        {"id": "Patient.identifier:cpr.use", "min": 1, "max": "1", "base": {"min": 0, "max": "1"}},
    )
    good = {"resourceType": "Patient", "identifier": [{"system": "urn:cpr", "value": "1", "use": "official"}]}
    assert check(good, profile) == []
    assert check({"resourceType": "Patient"}, profile) == [
        "Patient.identifier:cpr: the profile needs at least 1",
    ]
    other = {"resourceType": "Patient", "identifier": [{"system": "urn:cpr"}, {"system": "urn:other"}]}
    assert check(other, profile) == [
        "Patient.identifier[0].use: the profile needs at least 1",
        "Patient.identifier[1]: in none of the closed slices",
    ]


def test_patterns_hold_their_part_and_fixed_values_all() -> None:
    pattern = definition({"id": "Patient.maritalStatus", "patternCodeableConcept": {"coding": [{"code": "M"}]}})
    fixed = definition({"id": "Patient.maritalStatus", "fixedCodeableConcept": {"coding": [{"code": "M"}]}})
    resource = {
        "resourceType": "Patient",
        "maritalStatus": {"coding": [{"system": "urn:x", "code": "M"}], "text": "gift"},
    }
    assert check(resource, pattern) == []
    assert check(resource, fixed) == ["Patient.maritalStatus: not the value that the profile fixes"]
    resource["maritalStatus"] = {"coding": [{"code": "M"}]}
    assert check(resource, fixed) == []
    resource["maritalStatus"] = {"coding": [{"code": "S"}]}
    assert check(resource, pattern) == ["Patient.maritalStatus: not the value that the profile fixes"]


def test_required_bindings_to_our_own_value_sets() -> None:
    binding = {"strength": "required", "valueSet": "urn:set|1"}
    listed = {"resourceType": "ValueSet", "url": "urn:set", "compose": {"include": [{"system": "urn:c"}]}}
    codes = {"resourceType": "CodeSystem", "url": "urn:c", "concept": [{"code": "a"}]}
    profile = definition(
        {"id": "Patient.maritalStatus", "binding": binding}, {"id": "Patient.language", "binding": binding}
    )
    finding = "none of its codes is one that the profile requires"
    good = {"resourceType": "Patient", "maritalStatus": {"coding": [{"system": "urn:c", "code": "a"}]}, "language": "a"}
    assert check(good, profile, listed, codes) == []
    bad = {"resourceType": "Patient", "maritalStatus": {"coding": [{"system": "urn:d", "code": "a"}]}, "language": "b"}
    assert check(bad, profile, listed, codes) == [f"Patient.maritalStatus: {finding}", f"Patient.language: {finding}"]
    assert check({"resourceType": "Patient", "maritalStatus": {"text": "a"}}, profile, listed, codes)


def test_every_compiled_profile_can_be_read_and_used() -> None:
    assert {PLAN, TEAM, STAY, EFFORT, LEAVE} <= profiles.urls
    assert len(profiles.urls) == len(list(FOLDER.glob("StructureDefinition-*.json")))
    assert profiles.definition(STAY)["fhirVersion"] == "4.0.1"
    with pytest.raises(KeyError):
        profiles.definition("urn:x")


def test_our_codes_are_named_in_danish_and_defined() -> None:
    systems = [json.loads(file.read_bytes()) for file in sorted(FOLDER.glob("CodeSystem-*.json"))]
    assert {"data-class", "team-role", "plan-category", "reader-role", "failure"} <= {s["id"] for s in systems}
    for concept in (c for system in systems for c in system["concept"]):
        assert concept["display"]
        assert concept["definition"]
        assert concept["code"] == concept["code"].lower()


def test_a_broken_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="Expecting"):
        Profiles.read(tmp_path)


def test_the_examples_of_kl_are_r4(examples: Path) -> None:
    """Real data of the field, valid as published: every finding would be a mistake of ours."""
    checked = 0
    for file in sorted((examples / "municipal" / "fhir" / "examples").glob("*.json")):
        findings = profiles.check(json.loads(file.read_bytes()))
        assert [f for f in findings if "not known here" not in f] == [], file.name
        checked += 1
    assert checked > 50
