"""Transactions over a real socket, of every type that REST writes: made, changed and taken back, each time at once."""

from __future__ import annotations

import json
from typing import Any

from gateway.domain.identifier import X_ECPR
from gateway.inbound.rest.kinds import CHANGED
from gateway.translate.fhir import parse, write_xml
from tests.conformance.conftest import JSON, Standing

STRANGER = {"system": X_ECPR, "value": "1206550VK9"}
WHO, STAFF, UNIT = (f"urn:uuid:6f1f0f5e-0000-4000-8000-00000000010{number}" for number in range(3))
CONSENT = {
    "status": "active", "dateTime": "2026-03-20",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "policyRule": {"text": "sundhedsloven § 42 a"},
    "provision": {"type": "deny", "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Immunization"}]},
}  # fmt: skip


def resources(known: str) -> dict[str, dict[str, Any]]:
    """One short resource of each type, in turn of a citizen who is known and of one who comes in the same Bundle."""
    words, ambulant = {"text": "Prøve"}, {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    file = {"attachment": {"contentType": "text/plain", "data": "aGVq"}}
    made: dict[str, dict[str, Any]] = {
        "CarePlan": {"status": "active", "intent": "plan", "author": {"reference": UNIT}},
        "CareTeam": {"status": "active", "participant": [{"member": {"reference": STAFF}}]},
        "Encounter": {"status": "planned", "class": ambulant, "serviceProvider": {"reference": UNIT}},
        "Goal": {"lifecycleStatus": "active", "description": words}, "Condition": {"code": words},
        "Flag": {"status": "active", "code": words}, "Observation": {"status": "final", "code": words},
        "ServiceRequest": {"status": "active", "intent": "order", "code": words},
        "DocumentReference": {"status": "current", "content": [file]}, "Account": {"status": "active"},
        "ClinicalImpression": {"status": "completed"}, "Procedure": {"status": "completed", "code": words},
        "EpisodeOfCare": {"status": "active"}, "RelatedPerson": {"name": [{"family": "Ask"}]}, "Consent": CONSENT,
        "Task": {"status": "requested", "intent": "order", "owner": {"reference": STAFF}}, "Appointment": {},
    }  # fmt: skip
    for turn, (kind, body) in enumerate(made.items()):
        citizen = {"reference": f"Patient/{known}" if turn % 2 else WHO}
        named = {"Task": "for", "EpisodeOfCare": "patient", "RelatedPerson": "patient", "Consent": "patient"}
        body[named.get(kind, "subject")] = [citizen] if kind == "Account" else citizen
        if kind == "Appointment":
            made[kind] = {"status": "proposed", "participant": [{"actor": citizen, "status": "accepted"}]}
    role = {"practitioner": {"reference": STAFF}, "organization": {"reference": UNIT}}
    made |= {
        "Patient": {"identifier": [STRANGER]}, "Practitioner": {"name": [{"family": "Bo"}]}, "PractitionerRole": role,
        "Organization": {"name": "Huset"}, "HealthcareService": {"providedBy": {"reference": UNIT}},
        "Location": {"name": "Stuen", "managingOrganization": {"reference": UNIT}},
    }  # fmt: skip
    return {kind: {"resourceType": kind, **body} for kind, body in made.items()}


def test_of_every_type_at_once(standing: Standing) -> None:
    names = {"Patient": WHO, "Practitioner": STAFF, "Organization": UNIT}
    bodies = resources(standing.patient)
    assert sorted(bodies) == sorted(CHANGED)

    def sent(*entries: dict[str, Any], status: int = 200, **more: Any) -> list[dict[str, Any]]:
        raw = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
        if more.pop("xml", False):
            raw, more["headers"] = write_xml(parse(raw)), {"Content-Type": "application/fhir+xml"}
        told = standing.call("POST", "/fhir", player="office", content=raw, **{"headers": JSON} | more)
        assert told.status_code == status, told.text
        return [one["response"] for one in told.json().get("entry", [])]

    def stands(kind: str, identity: str) -> tuple[int, dict[str, Any]]:
        answer = standing.call("GET", f"/fhir/{kind}/{identity}", player="office")
        return answer.status_code, answer.json()

    entries = [
        {"request": {"method": "POST", "url": kind}, "resource": body}
        | ({"fullUrl": names[kind]} if kind in names else {})
        for kind, body in bodies.items()
    ]
    wrong = {"request": {"method": "POST", "url": "Goal"}, "resource": {"resourceType": "Goal"}}
    sent(*entries, wrong, status=422)
    told = sent(*entries, xml=True)
    assert [one["status"] for one in told] == ["201"] * len(bodies)
    ids = {kind: one["location"].split("/")[-3] for kind, one in zip(bodies, told, strict=True)}
    whose = [standing.patient, ids["Patient"]]
    for kind, identity in ids.items():
        status, shown = stands(kind, identity)
        assert status == 200, kind
        assert "urn:uuid" not in str(shown), "every name leads to what was made"
        bodies[kind] = shown
    assert bodies["Goal"]["subject"]["reference"].removeprefix("Patient/") in whose
    assert bodies["Task"]["owner"] == {"reference": f"Practitioner/{ids['Practitioner']}"}

    changed = [
        {
            "request": {"method": "PUT", "url": f"{kind}/{ids[kind]}", "ifMatch": f'W/"{body["meta"]["versionId"]}"'},
            "resource": body | {"language": "da"},
        }
        for kind, body in bodies.items()
    ]
    assert {one["status"] for one in sent(*changed)} == {"200"}
    sent(*changed, status=412)
    assert all(stands(kind, identity)[1]["language"] == "da" for kind, identity in ids.items())
    gone = [{"request": {"method": "DELETE", "url": f"{kind}/{identity}"}} for kind, identity in ids.items()]
    looks = [{"request": {"method": "GET", "url": f"{kind}/{identity}"}} for kind, identity in ids.items()]
    sent(*looks, *gone, status=410)
    assert all(stands(kind, identity)[0] == 200 for kind, identity in ids.items()), "a read that fails undoes all"
    assert [one["status"] for one in sent(*looks)] == ["200"] * len(ids)
    assert [one["status"] for one in sent(*gone)] == ["204"] * len(ids)
    assert all(stands(kind, identity)[0] == 410 for kind, identity in ids.items())
