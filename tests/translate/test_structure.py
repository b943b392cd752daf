"""The shape of R4: what the models let through is found, what R4 allows is not."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.translate.r4 import facts
from gateway.translate.structure import DEEPEST, check_structure

UNKNOWN = "resourceType: not a resource type that is known here"
ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "stay-1",
    "meta": {"lastUpdated": "2026-03-01T10:00:00.123+01:00", "security": [{"system": "urn:x", "code": "R"}]},
    "extension": [{"url": "urn:x:y", "valuePeriod": {"start": "2026-03-01"}}],
    "status": "in-progress",
    "statusHistory": [{"status": "planned", "period": {"start": "2026-02-28"}}],
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    "subject": {"reference": "Patient/p1"},
    "participant": [{"individual": {"type": "Practitioner", "identifier": {"system": "urn:x", "value": "1"}}}],
    "period": {"start": "2026-03-01T10:00:00+01:00"},
    "length": {"value": Decimal("1.50"), "unit": "d"},
    "location": [{"location": {"display": "Afsnit 3"}}],
}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ENCOUNTER.items() if key != name}


def found(**changed: Any) -> list[str]:
    return check_structure(facts(), copy.deepcopy(ENCOUNTER) | {k.removesuffix("_"): v for k, v in changed.items()})


def test_what_r4_allows_is_not_found() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"_status": {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}},
        {"subject": {"reference": "https://other.example/fhir/Patient/p1/_history/2"}},
        {"subject": {"reference": "urn:uuid:5f0e8b0e-6a51-4a6c-8a4e-1d1f3d5e8a11"}},
        {"subject": {"reference": "#p1"}, "contained": [{"resourceType": "Patient", "id": "p1"}]},
        {"subject": {"type": "Patient", "display": "Borger"}},
        {"period": {"_start": {"extension": [{"url": "urn:x", "valueString": "ukendt"}]}}},
        {"reasonCode": [{"text": "Fald"}]},
        {"language": "da"},
    ],
)
def test_rarer_forms_are_allowed(changed: dict[str, Any]) -> None:
    assert found(**changed) == []


def test_nulls_keep_the_place_of_primitives_with_extensions() -> None:
    patient = {
        "resourceType": "Patient",
        "name": [{"given": ["Ada", None], "_given": [None, {"extension": [{"url": "urn:x", "valueBoolean": True}]}]}],
    }
    assert check_structure(facts(), patient) == []


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"status": "bananas"}, "Encounter.status: not one of the codes that R4 requires"),
        ({"status": 7}, "Encounter.status: not written as code"),
        ({"status": ["planned"]}, "Encounter.status: not written as code"),
        ({"statushistory": []}, "Encounter: R4 has no element statushistory here"),
        ({"<script>": 1}, "Encounter: R4 has no element of this name here"),
        ({"statusHistory": []}, "Encounter.statusHistory: an empty list must be left out"),
        ({"statusHistory": {"status": "planned"}}, "Encounter.statusHistory: must be a list"),
        ({"statusHistory": [{"status": "planned"}]}, "Encounter.statusHistory[0].period: is required"),
        ({"statusHistory": [None]}, "Encounter.statusHistory[0]: must be an object"),
        ({"class_": {}}, "Encounter.class: an object needs at least one member"),
        ({"class_": "IMP"}, "Encounter.class: must be an object"),
        ({"class_": [{"code": "IMP"}]}, "Encounter.class: must be an object"),
        ({"subject": {"reference": "Practitioner/1"}}, "Encounter.subject: must refer to Group or Patient"),
        ({"subject": {"type": "Practitioner"}}, "Encounter.subject: must refer to Group or Patient"),
        ({"subject": {"reference": "p1"}}, "Encounter.subject.reference: neither Type/id, nor a URL, nor contained"),
        ({"period": {"start": "01-03-2026"}}, "Encounter.period.start: not a valid dateTime"),
        ({"period": {"start": "2026-03-01T10:00"}}, "Encounter.period.start: not a valid dateTime"),
        ({"period": {"start": " "}}, "Encounter.period.start: a text must not be blank"),
        ({"length": {"value": "1.5"}}, "Encounter.length.value: not written as decimal"),
        ({"length": {"value": True}}, "Encounter.length.value: not written as decimal"),
        ({"id": "a_b"}, "Encounter.id: not a valid id"),
        ({"id": "x" * 65}, "Encounter.id: not a valid id"),
        ({"contained": [{"resourceType": "Banana"}]}, f"Encounter.contained[0].{UNKNOWN}"),
        ({"contained": [{"id": "1"}]}, f"Encounter.contained[0].{UNKNOWN}"),
        (
            {"extension": [{"url": "urn:x", "valueCode": "a", "valueString": "b"}]},
            "Encounter.extension[0].value[x]: only one of its types may be given",
        ),
        ({"extension": [{"url": "urn:x"}]}, "Encounter.extension[0]: an extension has either a value or extensions"),
        (
            {"extension": [{"url": "urn:x", "valueCode": "a", "extension": [{"url": "y", "valueCode": "b"}]}]},
            "Encounter.extension[0]: an extension has either a value or extensions",
        ),
        ({"extension": [{"valueCode": "a"}]}, "Encounter.extension[0].url: is required"),
    ],
)  # fmt: skip
def test_what_r4_does_not_allow_is_found(changed: dict[str, Any], finding: str) -> None:
    assert finding in found(**changed)


@pytest.mark.parametrize("name", ["status", "class"])
def test_a_missing_element_is_found(name: str) -> None:
    assert check_structure(facts(), without(name)) == [f"Encounter.{name}: is required"]


def test_required_concepts_are_found() -> None:
    condition = {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/1"},
        "clinicalStatus": {"coding": [{"system": "urn:other", "code": "active"}]},
    }
    assert check_structure(facts(), condition) == [
        "Condition.clinicalStatus: none of its codes is one that R4 requires"
    ]
    condition["clinicalStatus"] = {
        "coding": [
            {"code": "x"},
            {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"},
        ]
    }
    assert check_structure(facts(), condition) == []


def test_a_required_choice_is_found() -> None:
    communication = {"resourceType": "Communication", "status": "completed", "payload": [{"id": "1"}]}
    assert check_structure(facts(), communication) == ["Communication.payload[0].content[x]: is required"]


@pytest.mark.parametrize(
    "resource", [{}, {"resourceType": 1}, {"resourceType": "Banana"}, {"resourceType": "HumanName"}]
)
def test_an_unknown_type_is_the_only_finding(resource: dict[str, Any]) -> None:
    assert check_structure(facts(), resource) == [UNKNOWN]


def test_hostile_depth_is_one_finding() -> None:
    extension: dict[str, Any] = {"url": "urn:x", "valueString": "x"}
    for _ in range(DEEPEST * 3):
        extension = {"url": "urn:x", "extension": [extension]}
    findings = found(extension=[extension])
    assert len(findings) == 1
    assert findings[0].endswith("nested too deeply")


def test_findings_hold_no_value() -> None:
    secret = "2512489996"
    findings = found(status=secret, period={"start": secret}, subject={"reference": secret}, id=secret + "_")
    assert len(findings) == 4
    assert not [finding for finding in findings if secret in finding]


def test_the_public_samples_have_the_shape_of_r4(examples: Path) -> None:
    """KL's own examples: real data of the field, and valid as published."""
    folder = examples / "municipal" / "fhir" / "examples"
    checked = 0
    for file in sorted(folder.glob("*.json")):
        resource = json.loads(file.read_bytes())
        if facts().kind(resource["resourceType"]) == "resource":
            findings = check_structure(facts(), resource)
            assert [f for f in findings if not f.endswith(UNKNOWN)] == [], file.name
            checked += 1
    assert checked > 50
