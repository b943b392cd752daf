"""What an attacker asks in the two worlds beyond searching: writes of every kind, with whatever is hidden in them."""

from __future__ import annotations

import json
import random
from base64 import b64encode
from typing import Any
from urllib.parse import quote

from gateway.domain.identifier import CPR
from gateway.inbound.rest.kinds import CLINICAL, DIRECTORY, WRITTEN
from tests.attack.twins import Request, Twins, sent
from tests.attack.two_worlds import ask as looked
from tests.attack.two_worlds import searched
from tests.attack.world import ASK, JSON, NOBODY, SARAH, consent, order, patient_of, stay

PATCH = "application/json-patch+json"
_STRANGE = "Bundle", "AuditEvent", "Provenance", "Binary", "Subscription", *DIRECTORY
_KINDS = tuple(kind for kind in WRITTEN if kind != "Patient")
_NOW = "2026-03-02T10:00:00+01:00"
_MEMBER = {"member": {"display": "Karen Lund"}}
_MORE: dict[str, dict[str, Any]] = {
    "CarePlan": {"status": "active", "intent": "plan", "title": "Plan"},
    "CareTeam": {"status": "active", "participant": [_MEMBER]},
    "Encounter": {"status": "in-progress", "class": {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}},
    "EpisodeOfCare": {"status": "active"},
    "Goal": {"lifecycleStatus": "active", "description": {"text": "Egen bolig"}},
    "Condition": {"code": {"text": "Angst"}},
    "RelatedPerson": {"name": [{"family": "Lind"}]},
    "Task": {"status": "requested", "intent": "order", "description": "Ring"},
    "Appointment": {"status": "booked", "start": _NOW, "end": "2026-03-02T11:00:00+01:00"},
    "ServiceRequest": {"status": "active", "intent": "order", "code": {"text": "Støtte"}},
    "DocumentReference": {"status": "current", "content": [{"attachment": {
        "contentType": "text/plain", "data": "aGVq"}}]},
    "Flag": {"status": "active", "code": {"text": "Ring først"}},
    "Observation": {"status": "final", "code": {"text": "Søvn"}},
    "ClinicalImpression": {"status": "completed"},
    "Procedure": {"status": "completed", "code": {"text": "Samtale"}},
    "Account": {"status": "active", "name": "Kontanthjælp"},
}  # fmt: skip
_REFERS = {
    "CarePlan": ("goal", "Goal"), "Task": ("focus", ""), "Goal": ("addresses", "Condition"),
    "Condition": ("encounter", "Encounter"), "Observation": ("encounter", "Encounter"),
    "Procedure": ("encounter", "Encounter"), "ServiceRequest": ("encounter", "Encounter"),
    "ClinicalImpression": ("encounter", "Encounter"), "Flag": ("encounter", "Encounter"),
}  # fmt: skip
_MANY = {"goal", "addresses"}
_SUBJECT = {"EpisodeOfCare": "patient", "RelatedPerson": "patient", "Consent": "patient", "Task": "for"}


def a_look(dice: random.Random, twins: Twins) -> Request:
    """A read, vread, history, search, joint plan or $everything; of every type that is served."""
    method, path, headers, form = looked(dice, twins.a, twins.known, CLINICAL)
    if dice.random() < 0.15:
        path = path.replace(path.split("/")[2].partition("?")[0], dice.choice(_STRANGE), 1)
    return Request(method, path, headers | ({"Content-Type": _FORM} if form else {}), form.encode())


_FORM = "application/x-www-form-urlencoded"


def who(dice: random.Random) -> str:
    return patient_of(dice.choice((SARAH, SARAH, SARAH, ASK, NOBODY)))


def resource(dice: random.Random, twins: Twins, kind: str = "") -> dict[str, Any]:
    """A resource about a citizen, perhaps referring to what is hidden."""
    kind = kind or dice.choice(_KINDS)
    if kind == "Consent":  # only words that open nothing: what was hidden shall stay so
        return consent(who(dice))
    named = {"reference": f"Patient/{who(dice)}"}
    if dice.random() < 0.2:
        named = {"type": "Patient", "identifier": {"system": CPR, "value": dice.choice((SARAH, ASK, NOBODY))}}  # type: ignore[dict-item]
    body: dict[str, Any] = {"resourceType": kind, **_MORE[kind]}
    if kind == "Appointment":
        body["participant"] = [{"actor": named, "status": "accepted"}]
    elif kind == "Account":
        body["subject"] = [named]
    else:
        body[_SUBJECT.get(kind, "subject")] = named
    if kind in _REFERS and dice.random() < 0.8:
        name, target = _REFERS[kind]
        to = {"reference": "/".join(twins.known.place(dice, (target,) if target else CLINICAL))}
        body[name] = [to] if name in _MANY else to
    return body


def _condition(dice: random.Random, twins: Twins, kind: str) -> str:
    fields = list(searched(dice, twins.a, kind, twins.known))
    named = "_id" if kind == "Patient" else "patient"
    if dice.random() < 0.7:
        fields.append(f"{named}={who(dice)}")
    return "&".join(fields) or f"_id={dice.choice(twins.known.ids)}"


def _tag(dice: random.Random, given: str = "") -> dict[str, str]:
    told = dice.choice((given, given, "", *(f'W/"{number}"' for number in range(1, 4))))
    return {"If_Match": told} if told else {}


def a_create(dice: random.Random, twins: Twins) -> Request:
    body = resource(dice, twins)
    kind = body["resourceType"]
    more = {"If_None_Exist": _condition(dice, twins, kind)} if dice.random() < 0.4 else {}
    return sent("POST", f"/fhir/{kind}", body, **more)


def _place(dice: random.Random, twins: Twins) -> tuple[str, str, str]:
    """Something made here, or whatever is known, or nothing that is there."""
    if twins.made and dice.random() < 0.6:
        return dice.choice(twins.made)
    return *twins.known.place(dice, WRITTEN), ""


def a_change(dice: random.Random, twins: Twins) -> Request:
    """An update, patch or delete, by id or by a condition."""
    kind, identity, tag = _place(dice, twins)
    kind = kind if kind in _MORE or kind == "Consent" else dice.choice(_KINDS)
    where = f"/{identity}" if dice.random() < 0.7 else f"?{_condition(dice, twins, kind)}"
    headers = _tag(dice, tag)
    asked = dice.randrange(3)
    if asked == 0:
        body = resource(dice, twins, kind)
        return sent("PUT", f"/fhir/{kind}{where}", body | ({"id": identity} if where[0] == "/" else {}), **headers)
    if asked == 1:
        change = [{"op": dice.choice(("add", "test", "remove")), "path": "/language", "value": "da"}]
        return sent("PATCH", f"/fhir/{kind}{where}", change, Content_Type=PATCH, **headers)
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("DELETE", f"/fhir/{kind}{where}", told)


def entry_of(request: Request) -> dict[str, Any]:
    """The entry of a Bundle that asks the same."""
    asked: dict[str, Any] = {"method": request.method, "url": request.path.removeprefix("/fhir/")}
    names = {"If-Match": "ifMatch", "If-None-Exist": "ifNoneExist", "If-None-Match": "ifNoneMatch"}
    asked |= {names[name]: value for name, value in request.headers.items() if name in names}
    if not request.body:
        return {"request": asked}
    if request.headers.get("Content-Type") == PATCH:
        held = {"resourceType": "Binary", "contentType": PATCH, "data": b64encode(request.body).decode()}
        return {"request": asked, "resource": held}
    return {"request": asked, "resource": json.loads(request.body)}


def a_bundle(dice: random.Random, twins: Twins) -> Request:
    """Several of them in one Bundle, and the same once more: what came before is known by its number."""
    made = []
    for _ in range(dice.randint(1, 4)):
        one = dice.choice((a_look, a_create, a_change, a_listing))(dice, twins)
        if one.headers.get("Content-Type") != _FORM and one.method != "HEAD":
            made.append(entry_of(one))
    told: dict[str, Any] = {
        "resourceType": "Bundle", "type": dice.choice(("batch", "batch", "transaction")), "entry": made
    }  # fmt: skip
    if dice.random() < 0.3:
        told["identifier"] = {"system": "urn:test", "value": str(dice.randrange(3))}
    return sent("POST", "/fhir", told)


def a_listing(dice: random.Random, twins: Twins) -> Request:
    """A write of the directory, of something made here or of nothing that is there."""
    mine = [one for one in twins.made if one[0] == "Practitioner"]
    kind, identity, tag = dice.choice(mine) if mine else ("Practitioner", "f" * 32, 'W/"1"')
    named = {"resourceType": kind, "name": [{"family": dice.choice(twins.known.words)[:40].strip() or "x"}]}
    if dice.random() < 0.6:
        number = [{"system": "https://www.sst.dk/autorisation", "value": f"0{dice.randrange(3)}"}]
        more = {"If_None_Exist": f"identifier={number[0]['value']}"} if dice.random() < 0.5 else {}
        return sent("POST", f"/fhir/{kind}", named | {"identifier": number}, **more)
    if dice.random() < 0.5:
        return sent("PUT", f"/fhir/{kind}/{identity}", named | {"id": identity}, **_tag(dice, tag))
    return Request("DELETE", f"/fhir/{kind}/{identity}")


def another(dice: random.Random, twins: Twins) -> Request:
    """All the other doors: $validate with a stored id, files, subscriptions, the directory, who may see what."""
    (kind, identity), patient = twins.known.place(dice, CLINICAL), who(dice)
    made = dice.randrange(10)
    if made == 0:
        body = resource(dice, twins) | {"id": identity}
        return sent("POST", f"/fhir/{body['resourceType']}/{identity}/$validate?mode=update", body)
    if made == 1:
        return Request("GET", f"/fhir/Binary/{identity}")
    if made == 2:
        topic = dice.choice(("plan-changed", "leave", "stay-started", "consent-changed"))
        extension = {"url": _FILTER, "valueString": f"Encounter?patient=Patient/{patient}"}
        told = {
            "resourceType": "Subscription", "status": "requested", "reason": "følge",
            "criteria": f"https://faellesplan.dk/fhir/SubscriptionTopic/{topic}",
            "_criteria": {"extension": [extension]},
            "channel": {"type": "rest-hook", "endpoint": "https://hooks.example/in", "payload": JSON},
        }  # fmt: skip
        return sent("POST", "/fhir/Subscription", told)
    if made == 3:
        told = {"resourceType": "Parameters", "parameter": [
            {"name": "patient", "valueReference": {"reference": f"Patient/{patient}"}},
            {"name": "client", "valueString": "psyk"}, {"name": "purpose", "valueString": "TREAT"},
        ]}  # fmt: skip
        return sent("POST", "/fhir/$explain-access", told)
    if made == 4:
        return Request("GET", f"/fhir/Provenance?target={kind}/{identity}")
    if made == 5:
        return Request("GET", f"/fhir/AuditEvent?patient={patient}")
    if made == 6:
        named = {
            "resourceType": "Practitioner",
            "name": [{"family": dice.choice(twins.known.words)[:40].strip() or "x"}],
        }
        return sent("POST", "/fhir/Practitioner", named)
    if made == 7:
        word = quote(dice.choice(twins.known.words), safe="")
        return Request(
            "GET", f"/fhir/{dice.choice(DIRECTORY)}?{dice.choice(('name', '_content', 'identifier'))}={word}"
        )
    if made == 8:  # somebody whom all know, and somebody whom nobody does
        number = {"system": CPR, "value": dice.choice((SARAH, "0201609995"))}
        if dice.random() < 0.4:
            named = dice.choice((f"/{patient_of(number['value'])}", f"?identifier={CPR}|{number['value']}"))
            told = {name.replace("_", "-"): value for name, value in _tag(dice).items()}
            return Request("DELETE", f"/fhir/Patient{named}", told)
        more = {"If_None_Exist": f"identifier={CPR}|{number['value']}"} if dice.random() < 0.5 else {}
        return sent("POST", "/fhir/Patient", {"resourceType": "Patient", "identifier": [number]}, **more)
    mine = [one for one in twins.made if one[0] in ("Subscription", "Practitioner")]
    kind, identity, _ = dice.choice(mine) if mine else ("Subscription", identity, "")
    return Request("GET", f"/fhir/{kind}/{identity}{dice.choice(('', '/$status', '/_history'))}")


def a_message(dice: random.Random, caller: str) -> bytes | None:
    """What the caller's own system may tell by message; None where it has nothing to say of her."""
    number = dice.randint(100, 120)
    if caller == "psyk":
        return stay(SARAH, dice.choice(("A08", "A21", "A22", "A03", "A13", "A01")), number, visit=f"V{number % 3}")
    if caller == "social":
        goal = {"resourceType": "Goal", "id": f"o{number % 3}", "lifecycleStatus": "active",
                "description": {"text": dice.choice(("Egen bolig", "Ro"))}}  # fmt: skip
        return order(SARAH, goal, number=str(number), patient={"name": None})
    return None


_FILTER = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria"
