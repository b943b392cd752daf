"""Reports of one citizen, day by day, as kl-ffb-reporting writes them: built here, after its guide."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.resource import Resource, ids
from gateway.domain.source import Source
from gateway.domain.statement import Statement
from gateway.translate.kl import Kl
from gateway.translate.rules.sources import Sources
from tests.translate.kl.conftest import MAPPINGS

Json = dict[str, Any]

SENDER = "d4e3f4fb-6761-4d6c-9086-74c49231f11e"
CPR = "2509479989"
FFB = "urn:oid:1.2.208.176.2.22"
CARE_SOCIAL = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
REPORTING = "http://fhir.kl.dk/ffbreporting/StructureDefinition"
CORE = "http://fhir.kl.dk/core/StructureDefinition"
HOMELESS = "293bf940-c075-4e3d-b5ef-6e331202e556"
DRUGS = "0e25a2ec-4f04-4d14-a5ad-a6519a7d1d5f"
HOUSEKEEPING = "fd4b8dd3-5c4b-4257-8c13-ea045617d2f6"  # Varetage bolig: activity and participation
SETTLING = "c56634ca-6847-4c50-b5c1-c528c1ffc1d8"  # § 85
SEVERE = "cae545f5-2813-4d79-98fc-0a7d770af3cd"


def report(
    day: str, *resources: Json, sender: str = SENDER, system: str = "https://www.kombit.dk/organisation"
) -> Json:
    """The day's report: what it holds, with the citizen in front."""
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"use": "official", "system": "urn:oid:1.2.208.176.1.2", "value": CPR}],
        "managingOrganization": {"identifier": {"use": "official", "system": system, "value": sender}},
    }
    return {
        "resourceType": "Bundle",
        "id": f"report-{day[:10]}",
        "meta": {"profile": [f"{REPORTING}/kl-reporting-ffb-deliveryReport"]},
        "type": "collection",
        "timestamp": f"{day}T17:00:00Z" if "T" not in day else day,
        "entry": [{"fullUrl": f"{r['resourceType']}/{r['id']}", "resource": r} for r in (patient, *resources)],
    }


def about(kind: str, name: str, **more: Any) -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": "Patient/p1"}, **more}


def coded(code: str, system: str = FFB) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def target_group(name: str, code: str = HOMELESS, **more: Any) -> Json:
    return about("Condition", name, **(_active() | {"code": coded(code), "recordedDate": "2026-01-05"} | more))


def function(name: str, code: str = HOUSEKEEPING, severity: str = SEVERE) -> Json:
    more = {"severity": coded(severity)} if severity else {}
    return about("Condition", name, **_active(), code=coded(code), recordedDate="2026-01-05", **more)


def _active() -> Json:
    return {
        "clinicalStatus": coded("active", "http://terminology.hl7.org/CodeSystem/condition-clinical"),
        "verificationStatus": coded("confirmed", "http://terminology.hl7.org/CodeSystem/condition-ver-status"),
    }


def ranked(name: str, rank: int, url: str = f"{CORE}/ConditionRank") -> Json:
    return {"reference": f"Condition/{name}", "extension": [{"url": url, "valuePositiveInt": rank}]}


def case_number(value: str = "S-77") -> Json:
    return {
        "url": f"{REPORTING}/kl-reporting-ffb-municipalityCaseNumber",
        "extension": [{"url": "municipalitySpecific", "valueIdentifier": {"use": "usual", "value": value}}],
    }


def follow_up(name: str = "e1") -> Json:
    url = f"{REPORTING}/kl-reporting-ffb-follow-up-date-extension"
    return {"url": url, "valueReference": {"reference": f"Encounter/{name}"}}


def contact(name: str = "e1", day: str = "2026-06-01", **more: Any) -> Json:
    kind = coded("9f03dfbb-7a97-45a5-94db-d4c3501714a9", CARE_SOCIAL)
    at_home = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"}
    period = {"start": day}
    return about(
        "Encounter", name, **({"status": "planned", "class": at_home, "type": [kind], "period": period} | more)
    )


def evaluation(name: str = "o1", level: str = "dd628e73-d6c9-4837-a2b8-aa62d73bd6ae") -> Json:
    kind = coded("effe55c7-572c-4a99-8fb4-2a9dda2f6572", CARE_SOCIAL)
    return about(
        "Observation",
        name,
        status="final",
        code=kind,
        effectiveDateTime="2026-01-06",
        valueCodeableConcept=coded(level),
    )


def plan(name: str, *groups: Json, intent: str = "order", end: str = "", **more: Any) -> Json:
    body = about("CarePlan", name, extension=[case_number()], status="active", intent=intent)
    body["period"] = {"start": "2026-01-10"} | ({"end": end} if end else {})
    if intent == "order":
        body["extension"].append(follow_up())
        body["activity"] = [{"outcomeReference": [{"reference": "Observation/o1"}]}]
    return body | ({"addresses": list(groups)} if groups else {}) | more


def intervention(name: str, on: str, code: str = SETTLING, end: str = "", **more: Any) -> Json:
    detail = {"code": coded(code), "status": "in-progress"}
    period = {"start": "2026-01-12"} | ({"end": end} if end else {})
    body = about("CarePlan", name, status="active", intent="order", created="2026-01-11", period=period)
    return body | {"basedOn": [{"reference": f"CarePlan/{on}"}], "activity": [{"detail": detail}]} | more


def goal(name: str, *conditions: Json) -> Json:
    measures = {"66959f77-6e2a-4574-8423-3ff097f8b9fa": "8328ce4a-6238-4f73-bf1a-74aadb68eff8"}
    return about(
        "Goal", name, lifecycleStatus="active", addresses=list(conditions),
        category=[coded("0bb3daef-538d-45dc-b444-abdbcb63f6bc", CARE_SOCIAL)],
        description=coded("410518001", "http://snomed.info/sct"),
        target=[
            {"measure": coded(m, CARE_SOCIAL), "detailCodeableConcept": coded(v)} for m, v in measures.items()
        ],
    )  # fmt: skip


def raw(bundle: Json) -> bytes:
    return json.dumps(bundle, ensure_ascii=False).encode()


def our(kind: str, name: str, source: str = "koebenhavn-ffb") -> str:
    """The id of a thing that the sender numbers."""
    return ids(b"test")(kind, f"{source}|{kind}|{name}")


def folded(kl: Kl, *bundles: Json) -> dict[str, Resource]:
    """What is known after these, reports or orders, by the sender's own reference (`CarePlan/a`)."""
    said: list[Statement] = []
    names: dict[str, str] = {}
    for one in bundles:
        found = (kl.reports if one["type"] == "collection" else kl).translate(raw(one))
        said += found.statements
        citizen = found.citizen[0].key
        for statement in found.statements:
            names[f"{statement.kind}/{ids(b'test')(statement.kind, statement.key)}"] = (
                f"{statement.kind}/{statement.key.rpartition('|')[2]}"
            )
    person = people({citizen: [citizen]}, [])[citizen]
    made = fold(said, person, ids(b"test"), _sources())
    return {names.get(f"{r.kind}/{r.id}", r.kind): r for r in made}


@cache
def _sources() -> dict[str, Source]:
    return {one.id: one for one in Sources.read(MAPPINGS)}
