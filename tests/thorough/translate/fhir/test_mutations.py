"""One fault at a time in an Encounter that is sound by our profile: each is found.

The mutations are those that other validators were measured by, as far as our profile asks for the same.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gateway.translate.fhir.validating import ERROR, validate

OURS = "https://faellesplan.dk/fhir"
STAY: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "e1",
    "meta": {"profile": [f"{OURS}/StructureDefinition/faellesplan-encounter"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div>'},
    "extension": [
        {"url": f"{OURS}/StructureDefinition/leave-period", "valuePeriod": {"start": "2025-01-02T00:00:00Z"}}
    ],
    "identifier": [{"system": "urn:oid:1.2.208", "value": "V-1"}],
    "status": "onleave",
    "statusHistory": [{"status": "onleave", "period": {"start": "2025-01-02T00:00:00Z"}}],
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
    "subject": {"reference": "Patient/1"},
    "period": {"start": "2025-01-01T00:00:00Z", "end": "2025-02-01T00:00:00Z"},
}
LEAVE = STAY["extension"][0]


def errors(resource: dict[str, Any]) -> list[str]:
    return [one.where for one in validate(resource) if one.severity == ERROR]


def test_it_is_sound() -> None:
    assert errors(STAY) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"subject": ...}, "Encounter.subject"),
        ({"class": {"code": "IMP"}}, "Encounter.class.system"),
        ({"extension": ...}, "Encounter"),  # stay-3: a leave needs its period
        ({"extension": [LEAVE | {"valuePeriod": {"id": "x"}}]}, "Encounter.extension[0].valuePeriod"),
        ({"extension": [{"url": LEAVE["url"], "valueString": "x"}]}, "Encounter.extension[0].valueString"),
        ({"class": {"system": "urn:s"}}, "Encounter.class.code"),
        ({"statusHistory": [{"status": "arrived", "period": {"start": "2025"}}]}, "Encounter"),
        ({"status": "bogus"}, "Encounter.status"),
        ({"class": STAY["class"] | {"code": "BOGUS"}}, "Encounter.class.code"),
        ({"classs": "x"}, "Encounter.classs"),
        ({"period": {"start": "2025-02-30"}}, "Encounter.period.start"),
        ({"subject": {"reference": "Practitioner/1"}}, "Encounter.subject"),
        ({"identifier": [{"system": "1.2.208", "value": "V-1"}]}, "Encounter.identifier[0].system"),
        ({"period": {"start": "2025-02-01", "end": "2025-01-01"}}, "Encounter.period"),
        ({"id": "a_b"}, "Encounter.id"),
        ({"text": STAY["text"] | {"div": STAY["text"]["div"].replace("p>", "script>")}}, "Encounter.text.div"),
        ({"period": {"start": "2025-01-01T00:00:00"}}, "Encounter.period.start"),
        ({"language": ""}, "Encounter.language"),
        ({"identifier": []}, "Encounter.identifier"),
        ({"period": None}, "Encounter.period"),
        ({"status": ...}, "Encounter.status"),
        ({"extension": [LEAVE | {"extension": [LEAVE]}]}, "Encounter.extension[0]"),
    ],
)
def test_one_fault_at_a_time(change: dict[str, Any], where: str) -> None:
    changed = {name: value for name, value in (deepcopy(STAY) | change).items() if value is not ...}
    assert where in errors(changed)
