"""CareCommunications for tests, every variant from one builder."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from gateway.translate.medcom.carecommunication.language import CareCommunication
from gateway.translate.medcom.names import ACTIVITY_CODES, DESTINATION_USE, DESTINATION_USES, EVENT_CODES
from tests.translate.medcom.notices import CPR, HOSPITAL, MEDCOM, OTHER_HOSPITAL

Json = dict[str, Any]

CARE: CareCommunication = MEDCOM.correspondence
CITIZEN = "2512489996"
TERMS = "http://medcomfhir.dk/ig/terminology/CodeSystem"
CORE = "http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core"
DEFINITION = "http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition/MedComCareCommunicationMessageDefinition"
SENT = "2025-03-10T09:00:00+01:00"
PDF = b"%PDF-1.7 a file"


def uuid(number: int) -> str:
    """`…0007`: a UUID that tells itself from the others."""
    return f"7d14612c-5f58-4621-928d-{number:012d}"


def letter(
    text: str = "Hvornår kommer borgeren hjem?",
    *,
    header: str = "",
    thread: int = 1,
    activity: str = "new-message",
    answers: tuple[str, str] = ("", ""),
    category: str = "carecoordination",
    topic: str = "",
    sender: str = HOSPITAL,
    receiver: str = OTHER_HOSPITAL,
    files: Sequence[Json] = (),
    sent: str = SENT,
    citizen: Sequence[Json] = (),
) -> Json:
    """A message. `answers` is the header id of the former message and the SOR number of who sent it."""
    header = header or uuid(100)
    communication: Json = {
        "resourceType": "Communication", "id": "communication",
        "extension": [{"url": f"{CORE}-sender-extension", "valueReference": {"reference": "CareTeam/team"}}],
        "identifier": [{"value": f"urn:uuid:{uuid(thread)}"}],
        "status": "unknown",
        "category": [{"coding": [{"system": f"{TERMS}/medcom-careCommunication-categoryCodes", "code": category}]}],
        "subject": {"reference": "Patient/patient"},
        **({"topic": {"text": topic}} if topic else {}),
        "encounter": {"reference": "Encounter/stay"},
        "recipient": [{"reference": "PractitionerRole/receiver"}],
        "payload": [payload(1, sent, contentString=text), *(payload(2 + n, sent, **f) for n, f in enumerate(files))],
    }  # fmt: skip
    patient = {
        "resourceType": "Patient", "id": "patient", "name": [{"use": "official", "family": "Berg", "given": ["Nina"]}],
        "identifier": [*(citizen or [{"system": CPR, "value": CITIZEN}])],
    }  # fmt: skip
    stay = {
        "resourceType": "Encounter", "id": "stay", "status": "in-progress", "class": {"code": "IMP"},
        "episodeOfCare": [{"identifier": {"system": "https://sor2.sum.dsdn.dk/#id=1", "value": uuid(900)}}],
    }  # fmt: skip
    resources = [
        _header(header), patient, communication, stay, *role("author", "Michael", "Bech", text="Sygeplejerske"),
        *role("receiver", "Birgit", "Holm", coding=[{"system": f"{TERMS}/x", "code": "visitator"}]),
        {"resourceType": "CareTeam", "id": "team", "name": "Team 80+",
         "managingOrganization": [{"reference": "Organization/sender"}]},
        organisation("sender", sender), organisation("receiver", receiver),
        *_chain(header, activity, answers, sent, len(communication["payload"])),
    ]  # fmt: skip
    return {
        "resourceType": "Bundle", "id": f"bundle-{header}", "type": "message", "timestamp": sent,
        "entry": [{"fullUrl": f"{r['resourceType']}/{r['id']}", "resource": r} for r in resources],
    }  # fmt: skip


def payload(number: int, sent: str, **content: Any) -> Json:
    """One text or file with its signature."""
    return {
        "extension": [
            {"url": f"{CORE}-datetime-extension", "valueDateTime": sent},
            {"url": f"{CORE}-identifier-extension", "valueIdentifier": {
                "value": f"urn:uuid:{uuid(500 + number)}", "assigner": {"reference": "Organization/sender"}}},
            {"url": f"{CORE}-practitioner-extension", "valueReference": {"reference": "PractitionerRole/author"}},
            {"url": f"{CORE}-contact-extension", "valueContactPoint": {"system": "phone", "value": "38683868"}},
        ],
        **content,
    }  # fmt: skip


def file(body: bytes = PDF, kind: str = "application/pdf", **more: Any) -> Json:
    """An attachment payload's content."""
    return {"contentAttachment": {"contentType": kind, "data": b64encode(body).decode(), "title": "Bilag"} | more}


def role(identity: str, given: str, family: str, **code: Any) -> list[Json]:
    person = {"resourceType": "Practitioner", "id": identity, "name": [{"family": family, "given": [given]}]}
    kind = {"resourceType": "PractitionerRole", "id": identity, "code": [code]}
    return [kind | {"practitioner": {"reference": f"Practitioner/{identity}"}}, person]


def organisation(identity: str, sor: str) -> Json:
    numbers = [("https://www.gs1.org/gln", "5790001987244"), ("urn:oid:1.2.208.176.1.1", sor)]
    return {
        "resourceType": "Organization", "id": identity, "name": f"Enheden {identity}",
        "identifier": [{"system": system, "value": value} for system, value in numbers],
    }  # fmt: skip


def _header(identity: str) -> Json:
    use = {"url": DESTINATION_USE, "valueCoding": {"system": DESTINATION_USES, "code": "primary"}}
    return {
        "resourceType": "MessageHeader", "id": identity,
        "eventCoding": {"system": EVENT_CODES, "code": "care-communication-message"},
        "destination": [{"extension": [use], "endpoint": "https://sor2.sum.dsdn.dk/#id=1",
                         "receiver": {"reference": "Organization/receiver"}}],
        "sender": {"reference": "Organization/sender"},
        "source": {"endpoint": "https://sor2.sum.dsdn.dk/#id=2"},
        "focus": [{"reference": "Communication/communication"}],
        "definition": f"{DEFINITION}|5.0",
    }  # fmt: skip


def _chain(header: str, activity: str, answers: tuple[str, str], sent: str, payloads: int) -> list[Json]:
    former, who = answers
    entity = [
        {"role": "source", "what": {"identifier": {"value": f"urn:uuid:{uuid(501 + n)}"}}} for n in range(payloads)
    ]
    if former:
        entity.append({"role": "revision", "what": {"reference": f"MessageHeader/{former}"}})
    made = [_said("now", header, activity, "sender", sent) | {"entity": entity}]
    if former and who:
        made += [_said("former", former, "new-message", "former", sent), organisation("former", who)]
    return made


def _said(identity: str, header: str, activity: str, who: str, sent: str) -> Json:
    return {
        "resourceType": "Provenance", "id": identity, "target": [{"reference": f"MessageHeader/{header}"}],
        "occurredDateTime": sent, "recorded": sent,
        "activity": {"coding": [{"system": ACTIVITY_CODES, "code": activity}]},
        "agent": [{"who": {"reference": f"Organization/{who}"}}],
    }  # fmt: skip


def part(bundle: Json, kind: str, identity: str = "") -> Json:
    """A resource of the Bundle."""
    found = (e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)
    return next(one for one in found if identity in ("", one.get("id")))


def written(bundle: Json) -> bytes:
    return json.dumps(bundle, ensure_ascii=False).encode()


def told(bundle: Json) -> Json:
    """The Communication's body that comes of a message."""
    statements = CARE.translate(written(bundle)).statements
    return next(s.body for s in statements if s.kind == "Communication")
