"""Two worlds in which the same is said of the same citizen, but for where she lives: her address is protected.

What a reader who may not see it is shown, finds, counts, sorts and is refused does not hang on what it is.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha1
from typing import Any

from gateway.domain.identifier import CPR
from tests.attack.test_history import with_field
from tests.attack.two_worlds import Case
from tests.attack.world import REASON, SARAH, consent, order, patient_of, plan, stay

HERE, THERE = "Aarup", "Zahle"
_KNOWN = {HERE: {"system": "urn:test:units", "value": "W1"}, THERE: {"system": "urn:test:units", "value": "W2"}}
_CPR = {"system": CPR, "value": SARAH}
PROTECTED = with_field(stay(SARAH).replace(b"\rPV1", b"\rPD1|\rPV1"), b"PD1", 12, b"Y")


def _address(place: str) -> dict[str, Any]:
    return {"line": [f"{place}vej 7"], "city": place, "postalCode": "5560" if place == HERE else "9990"}


def _who(place: str) -> dict[str, Any]:
    """Who gives shelter there."""
    return {"type": "Organization", "identifier": _KNOWN[place], "display": f"{place} Bosted"}


def _told(place: str) -> bytes:
    """What the municipality's case system orders."""
    reach = {"system": "phone", "value": "55605560" if place == HERE else "99909990"}
    patient = {
        "identifier": [_CPR], "extension": [{"url": "https://example.org/reach", "valueContactPoint": reach}],
        "generalPractitioner": [_who(place)], "address": [_address(place)], "telecom": [reach],
        "contact": [{"name": {"family": "Lind"}, "address": _address(place), "telecom": [reach]}],
    }  # fmt: skip
    relative = {
        "resourceType": "RelatedPerson", "id": "r", "name": [{"family": "Lind"}], "address": [_address(place)],
        "telecom": [reach],
    }  # fmt: skip
    detail = {
        "status": "in-progress", "description": place, "location": {"display": place}, "performer": [_who(place)],
        "code": {"text": place},
    }  # fmt: skip
    team = {
        "resourceType": "CareTeam", "id": "t", "status": "active", "name": place, "telecom": [reach],
        "participant": [{"member": {"display": "Karen Lund"}, "onBehalfOf": _who(place)}, {"member": _who(place)}],
    }  # fmt: skip
    shown = consent("", "permit", dateTime="2026-03-01", provision={"purpose": [{"system": REASON, "code": "ELIGDTRM"},
                                                         {"system": REASON, "code": "COC"}]})  # fmt: skip
    words = {name: value for name, value in shown.items() if name != "patient"} | {"id": "w"}
    support = plan("a", title=place, description=place, note=[{"text": place}], activity=[{"detail": detail}])
    return order(SARAH, support, relative, team, words, patient=patient)


def _attachment(place: str) -> dict[str, Any]:
    data = f"Hun bor i {place * len(_KNOWN[place])}.".encode() * (1 if place == HERE else 2)
    sha = b64encode(sha1(data, usedforsecurity=False).digest()).decode()
    plain = b64encode(data).decode()
    return {"contentType": "text/plain", "data": plain, "hash": sha, "size": len(data), "title": place}


def _written(place: str) -> list[bytes]:
    """What it writes by REST."""
    named = {"reference": f"Patient/{patient_of(SARAH)}"}
    who, where, note = _who(place), {"display": place}, [{"text": place}]
    staff = {"type": "PractitionerRole", "display": f"Karen Lund, {place} Bosted"}
    made: tuple[dict[str, Any], ...] = (
        {
            "resourceType": "Task", "status": "requested", "intent": "order", "for": named, "description": place,
            "owner": who, "location": where, "note": note, "restriction": {"recipient": [who]},
            "input": [{"type": {"text": "Sted"}, "valueString": place}], "requester": who,
        },
        {
            "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": named,
            "code": {"text": "Støtte"}, "performer": [who], "locationReference": [where], "note": note,
            "patientInstruction": place, "locationCode": [{"text": place}], "requester": who,
        },
        {
            "resourceType": "Appointment", "status": "booked", "start": "2026-03-12T10:00:00+01:00",
            "end": "2026-03-12T11:00:00+01:00", "description": place, "comment": place, "patientInstruction": place,
            "participant": [{"actor": named, "status": "accepted"},
                            {"actor": where | {"type": "Location"}, "status": "accepted"},
                            {"actor": {"type": "HealthcareService", "display": place}, "status": "accepted"}],
        },
        {
            "resourceType": "DocumentReference", "status": "current", "subject": named, "description": place,
            "author": [who], "custodian": who, "authenticator": who,
            "context": {"facilityType": {"text": place}},
            "content": [{"attachment": _attachment(place)}],
        },
        {
            "resourceType": "Encounter", "status": "in-progress", "subject": named, "serviceProvider": who,
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "participant": [{"individual": {"display": place}}], "location": [{"location": where}],
        },
        {"resourceType": "EpisodeOfCare", "status": "active", "patient": named, "managingOrganization": who,
         "careManager": {"display": place}},
        {"resourceType": "Procedure", "status": "completed", "subject": named, "code": {"text": "Samtale"},
         "location": where, "performer": [{"actor": who}], "note": note, "recorder": staff, "asserter": staff},
        {"resourceType": "Goal", "lifecycleStatus": "active", "subject": named, "description": {"text": "Ro"},
         "note": note},
        {"resourceType": "Observation", "status": "final", "subject": named, "code": {"text": "Behov"},
         "performer": [who], "note": note},
        {"resourceType": "ClinicalImpression", "status": "completed", "subject": named, "assessor": staff,
         "description": place, "summary": place, "note": note},
    )  # fmt: skip
    return [json.dumps(one, ensure_ascii=False).encode() for one in made]


def _world(place: str) -> tuple[tuple[str, bytes], ...]:
    return (("social", _told(place)), ("psyk", PROTECTED), *(("social", one) for one in _written(place)))


def _shelter(name: str, city: str) -> list[tuple[str, bytes]]:
    """What the municipality writes into the directory of a shelter, whose staff list tells who is there."""
    house = {"identifier": _KNOWN[city]}
    made: tuple[dict[str, Any], ...] = (
        {"resourceType": "Organization", "name": name, "identifier": [house["identifier"]],
         "address": [{"city": city}]},
        {"resourceType": "Location", "name": name, "managingOrganization": house, "address": {"city": city}},
        {"resourceType": "HealthcareService", "name": name, "active": True, "providedBy": house},
        {"resourceType": "PractitionerRole", "active": True, "organization": house},
    )  # fmt: skip
    return [("social", json.dumps(one, ensure_ascii=False).encode()) for one in made]


SHELTERS = (*_shelter("Krisecenter Lunden", HERE), *_shelter("Krisecenter Havnen", THERE))
CASES = [
    Case(who, _world(HERE), SHELTERS, _world(THERE), name=f"{who} of an address") for who in ("jobcenter", "helpers")
]
