"""What an attacker asks in the two worlds besides (asked.py): other spellings of a write, Bundles whose entries refer
to each other and to whatever a search finds, the plan at every hour, histories by number and time, who said it, exports
that are narrowed, pages of others."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from gateway.domain.identifier import CPR
from gateway.inbound.rest.kinds import CLINICAL, WRITTEN
from gateway.translate.fhir import write_xml
from tests.attack.asked import PATCH, a_bundle, a_create, a_look, entry_of, resource, who
from tests.attack.searches import deeper
from tests.attack.twins import Request, Twins, sent
from tests.attack.world import ASK, JSON, NOBODY, SARAH

XML = "application/fhir+xml"
_NUMBERS = (SARAH, ASK, NOBODY)
_NAMES = tuple(f"urn:uuid:6f1f0f5e-0000-4000-8000-00000000000{number}" for number in range(3))
_HELD = ("subject", "for", "patient", "beneficiary")


def further(dice: random.Random, twins: Twins) -> Request:
    """Any of them."""
    made = (
        at_an_hour, a_history, a_part, half_a_number, said_by, in_xml, a_patch, together, validated, narrowed,
        a_page_of_another, scoped,
    )  # fmt: skip
    return dice.choice(made)(dice, twins)


def at_an_hour(dice: random.Random, twins: Twins) -> Request:
    """The plan as it stood between any two messages."""
    at = f"2026-03-02T{dice.randint(8, 19):02}:{dice.choice(('00', '30'))}:00Z"
    joint = Request("GET", f"/fhir/Patient/{who(dice)}/$joint-plan?at={at}{dice.choice(('', '&_format=xml'))}")
    told = {"resourceType": "Parameters", "parameter": [{"name": "at", "valueDateTime": at}]}
    return dice.choice((joint, sent("POST", f"/fhir/Patient/{who(dice)}/$joint-plan", told)))


def a_history(dice: random.Random, twins: Twins) -> Request:
    """By number, and of a time."""
    kind, identity = twins.known.place(dice, CLINICAL)
    named = "identifier" if kind == "Patient" else "patient.identifier"
    numbers = ",".join(f"{CPR}%7C{dice.choice(_NUMBERS)}" for _ in range(dice.randint(1, 2)))
    time = dice.choice(("", "&_at=2026-03-02T10", "&_since=2026-03-02T11:00:00Z", "&_count=1"))
    path = dice.choice((f"{kind}/_history?{named}={numbers}{time}", f"{kind}/{identity}/_history?{time[1:]}"))
    return Request("GET", f"/fhir/{path}")


def a_part(dice: random.Random, twins: Twins) -> Request:
    """As much as is asked for, of one resource, of its versions or of everything."""
    kind, identity = twins.known.place(dice, CLINICAL)
    what = dice.choice(("", "/_history/1", "/_history", "/$everything"))
    kind = dice.choice(("Patient", "CarePlan")) if "every" in what else kind
    asked = dice.choice(
        ("_summary=true", "_summary=text", "_summary=data", "_summary=count", "_elements=status,name,identifier")
    )
    return Request("GET", f"/fhir/{kind}/{identity}{what}?{asked}{dice.choice(('', '&_pretty=true', '&_format=xml'))}")


def half_a_number(dice: random.Random, twins: Twins) -> Request:
    """A system alone, a number without one: nobody is named, and the circle is searched."""
    kind, identity = twins.known.place(dice, CLINICAL)
    named = "identifier" if kind == "Patient" else dice.choice(("patient.identifier", "patient:identifier"))
    number = dice.choice((f"{CPR}%7C", f"%7C{SARAH}", SARAH, f"{CPR}%7C{ASK},{SARAH}", "urn:x%7C"))
    more = dice.choice(("", f"&_id={identity}", "&_total=accurate", "&_summary=count&_total=none", f"&{named}={ASK}"))
    return Request("GET", f"/fhir/{kind}?{named}={number}{more}")


def said_by(dice: random.Random, twins: Twins) -> Request:
    """Who said it."""
    kind, identity = twins.known.place(dice, CLINICAL)
    version = dice.choice(("", "/_history/1", "/_history/2"))
    named = "_id" if kind == "Patient" else "patient"
    return dice.choice(
        (
            Request("GET", f"/fhir/Provenance?target={kind}/{identity}{version}"),
            Request("GET", f"/fhir/Provenance/{kind}.{identity}.{dice.randint(1, 3)}"),
            Request("GET", f"/fhir/{kind}?{named}={who(dice)}&_revinclude=Provenance:target"),
        )
    )


def in_xml(dice: random.Random, twins: Twins) -> Request:
    """A create in XML, and told of so."""
    one = a_create(dice, twins)
    told = one.headers | {"Content-Type": XML, "Accept": XML, "Prefer": dice.choice(_PREFER)}
    return Request(one.method, one.path, told, write_xml(json.loads(one.body)))


_PREFER = ("return=representation", "return=minimal", "return=OperationOutcome")


def a_patch(dice: random.Random, twins: Twins) -> Request:
    """JSON Patch and FHIRPath Patch of what is mine or hidden: tests of words, and references to whatever there is."""
    mine = [one for one in twins.made if one[0] in WRITTEN]
    kind, identity, tag = dice.choice(mine) if mine and dice.random() < 0.7 else (*twins.known.place(dice, WRITTEN), "")
    headers = {"If_Match": tag or f'W/"{dice.randint(1, 3)}"'}
    to = {"reference": "/".join(twins.known.place(dice, CLINICAL))}
    if dice.random() < 0.5:
        change = [dice.choice((
            {"op": "test", "path": dice.choice(("/description/text", "/code/text", "/title", "/meta/versionId")),
             "value": dice.choice(twins.known.words)},
            {"op": "add", "path": "/basedOn", "value": [to]}, {"op": "add", "path": "/encounter", "value": to},
            {"op": "replace", "path": "/subject", "value": {"reference": f"Patient/{who(dice)}"}},
            {"op": "copy", "from": "/id", "path": "/language"},
        ))]  # fmt: skip
        return sent("PATCH", f"/fhir/{kind}/{identity}", change, Content_Type=PATCH, **headers)
    parts = [{"name": "type", "valueCode": "add"}, {"name": "path", "valueString": kind},
             {"name": "name", "valueString": dice.choice(("encounter", "focus", "note", "language"))},
             {"name": "value", "valueReference": to}]  # fmt: skip
    told = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    return sent("PATCH", f"/fhir/{kind}/{identity}", told, **headers)


def together(dice: random.Random, twins: Twins) -> Request:
    """A transaction whose entries refer to each other, and to whatever a search finds."""
    made = []
    for number in range(dice.randint(1, 3)):
        body = resource(dice, twins)
        name = next((one for one in _HELD if one in body), "")
        if name and isinstance(body[name], dict) and dice.random() < 0.6:
            body[name] = {"reference": dice.choice((
                f"Patient?identifier={CPR}%7C{dice.choice(_NUMBERS)}", _NAMES[0], f"Patient?_id={who(dice)}",
                f"Patient?name={quote(dice.choice(twins.known.words), safe='')}",
            ))}  # fmt: skip
        if dice.random() < 0.5:
            to = dice.choice((*_NAMES, f"Condition?patient={who(dice)}", f"Goal?_id={dice.choice(twins.known.ids)}"))
            body |= dice.choice(({"basedOn": [{"reference": to}]}, {"extension": [_leads(to)]}))
        made.append({"request": {"method": "POST", "url": body["resourceType"]}, "resource": body,
                     "fullUrl": _NAMES[number]})  # fmt: skip
    if dice.random() < 0.4:
        number = {"system": CPR, "value": dice.choice((*_NUMBERS, "0201609995"))}
        made[0] = {"request": {"method": "POST", "url": "Patient"}, "fullUrl": _NAMES[0],
                   "resource": {"resourceType": "Patient", "identifier": [number]}}  # fmt: skip
    asked = a_look(dice, twins)
    if asked.method == "GET":
        made.append(entry_of(asked))
    headers = {"Prefer": dice.choice(_PREFER)}
    told = {"resourceType": "Bundle", "type": "transaction", "entry": made}
    return dice.choice((sent("POST", "/fhir", told, **headers), a_bundle(dice, twins)))


def _leads(to: str) -> dict[str, Any]:
    return {"url": "https://example.org/leads", "valueReference": {"reference": to}}


def validated(dice: random.Random, twins: Twins) -> Request:
    """$validate of what refers to the hidden, as a create, an update and a delete."""
    body, mode = resource(dice, twins), dice.choice(("create", "update", "delete"))
    kind, identity = twins.known.place(dice, WRITTEN)
    if dice.random() < 0.5:
        body["id"] = identity
    told = {"resourceType": "Parameters", "parameter": [
        {"name": "resource", "resource": body}, {"name": "mode", "valueCode": mode},
    ]}  # fmt: skip
    at = dice.choice((f"{kind}/{identity}/", f"{body['resourceType']}/", ""))
    return sent("POST", f"/fhir/{at}$validate", dice.choice((told, body)))


def narrowed(dice: random.Random, twins: Twins) -> Request:
    """An export of what a filter finds; a subscription with all that it may hold."""
    if dice.random() < 0.6:
        kind = dice.choice(CLINICAL)
        served = sorted(twins.a.http.gateway.search[kind])
        asked = quote(f"{kind}?{dice.choice(served)}={quote(dice.choice(twins.known.words), safe='')}", safe="")
        more = dice.choice(("", "&_since=2026-03-02T11:00:00Z"))
        path = f"/fhir/Patient/$export?_type={kind}&_typeFilter={asked}{more}"
        return Request("GET", path, {"Prefer": "respond-async"})
    topic = dice.choice(("plan-changed", "stay-started", "leave", "stay-ended", "goal-overdue", "consent-changed"))
    backport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
    content = dice.choice(("empty", "id-only", "full-resource"))
    told = {
        "resourceType": "Subscription", "status": "requested", "reason": "følge",
        "criteria": f"https://faellesplan.dk/fhir/SubscriptionTopic/{topic}",
        "channel": {
            "type": "rest-hook", "endpoint": "https://hooks.example/in", "payload": JSON,
            "_payload": {"extension": [{"url": f"{backport}payload-content", "valueCode": content}]},
            "extension": [{"url": f"{backport}heartbeat-period", "valueUnsignedInt": 60}],
        },
    }  # fmt: skip
    if dice.random() < 0.6:
        one = {"url": f"{backport}filter-criteria", "valueString": f"Goal?patient=Patient/{who(dice)}"}
        told["_criteria"] = {"extension": [one]}
    return sent("POST", "/fhir/Subscription", told)


def scoped(dice: random.Random, twins: Twins) -> Request:
    """A look with a token whose scope asks for what is hidden."""
    kind, search = dice.choice(CLINICAL), twins.a.http.gateway.search
    served = [name for name, one in search[kind].items() if one.kind in _TESTED and name[0] != "_"]
    name = dice.choice(served)
    value = dice.choice(twins.known.words)
    if search[kind][name].kind == "reference":
        value = "/".join(twins.known.place(dice, CLINICAL))
    elif search[kind][name].kind == "date":
        value = dice.choice(("ge2026-03-02", "lt2026-01-01"))
    others = " ".join(f"system/{one}.rs" for one in CLINICAL if one != kind)
    scope = f"system/{kind}.rs?{name}={quote(value, safe='/')} {others} system/Provenance.rs"
    if dice.random() < 0.3:  # some may be read by their ids alone
        scope = scope.replace(f"system/{kind}.rs", f"system/{kind}.r system/{kind}.s", 1)
    asked = dice.choice((a_look, said_by, a_history, at_an_hour, deeper, deeper))(dice, twins)
    return replace(asked, scope=scope)


_TESTED = ("string", "token", "reference", "date")


def a_page_of_another(dice: random.Random, twins: Twins) -> Request:
    """A link that is not this caller's, changed or cut; or the file of somebody else's export."""
    token = "".join(dice.choices("abcXYZ019_-", k=dice.choice((40, 200))))
    kind, identity = twins.known.place(dice, CLINICAL)
    paths = (f"/fhir/{kind}?_page={token}", f"/fhir/{kind}/{identity}/_history?_page={token}", f"/bulk/{token[:32]}",
             f"/bulk/{identity}/{kind}-1", f"/fhir/Binary/{identity}")  # fmt: skip
    return Request("GET", dice.choice(paths))
