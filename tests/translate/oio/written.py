"""A case as the gateway holds it, and what is written of it."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.translate.oio.tree import Node
from gateway.translate.oio.walk import read
from gateway.translate.oio.write.resources import messages, write
from gateway.translate.oio.write.tables import Tables
from gateway.translate.telling.entry import Texts
from gateway.translate.telling.of_resources import texts_in

Json = dict[str, Any]

MAPPINGS = Path(__file__).parents[3] / "mappings"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
UUID = "7d1e0c3a-92b5-4f60-8c1d-3a4b5c6d7e8f"
KLE_UUID = "e3c2b1a0-5d4f-4c3b-9a28-17f6e5d4c301"
UNIT = "0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20"
PERSON = "1b6b6f0e-71a1-4a31-a6c1-9f4f5b1d7e31"
BASE = "https://faellesplan.dk/fhir/StructureDefinition"
OWNER: Json = {
    "type": "Organization",
    "identifier": {"system": "http://cvr.dk", "value": "11259979"},
    "display": "Frederiksberg Kommune",
}
HOSPITAL: Json = {
    "type": "Organization",
    "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "265161000016000"},
    "display": "Bispebjerg Hospital",
}


@lru_cache
def _tables() -> tuple[Tables, Texts]:
    return Tables.read(MAPPINGS), texts_in(MAPPINGS)


def only(found: list[bytes]) -> bytes:
    (one,) = found
    return one


def patient(**more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": "p",
        "active": True,
        "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "2505544849"}],
        "name": [{"text": "Ingrid Prøve"}],
    } | more


def kle(code: str, uuid: str = KLE_UUID) -> Json:
    coding: Json = {"system": "https://data.gov.dk/id/classification/KLE", "code": code, "display": f"KLE {code}"}
    return {"coding": [coding | ({"extension": [{"url": f"{BASE}/oio-class", "valueString": uuid}]} if uuid else {})]}


def state(code: str, start: str = "", end: str = "") -> Json:
    period = {edge: text for edge, text in (("start", start), ("end", end)) if text}
    inner: list[Json] = [{"url": "state", "valueCode": code}]
    inner += [{"url": "period", "valuePeriod": period}] if period else []
    return {"url": f"{BASE}/oio-state", "extension": inner}


def plan(**more: Any) -> Json:
    return {
        "resourceType": "CarePlan",
        "id": "c",
        "subject": {"reference": "Patient/p"},
        "status": "active",
        "intent": "order",
        "title": "Midlertidigt botilbud",
        "identifier": [{"use": "official", "system": "https://data.gov.dk/id/organization", "value": UUID}],
        "author": copy.deepcopy(OWNER),
        "category": [kle("27.57.16"), kle("G01")],
        "careTeam": [{"reference": "CareTeam/t"}],
        "created": "2025-01-14",
        "period": {"start": "2025-02-01"},
    } | more


def team(*more: Json) -> Json:
    unit = {"type": "Organization", "identifier": {"system": "https://kombit.dk/sts/organisation", "value": UNIT}}
    responsible = {"role": [{"text": "Ansvarlig"}], "member": unit, "period": {"start": "2025-01-14"}}
    return {
        "resourceType": "CareTeam",
        "id": "t",
        "subject": {"reference": "Patient/p"},
        "participant": [responsible, *more],
    }


def stay(**more: Any) -> Json:
    return {
        "resourceType": "Encounter",
        "id": "e",
        "subject": {"reference": "Patient/p"},
        "status": "finished",
        "class": {"code": "IMP"},
        "period": {"start": "2026-02-20T08:00:00+01:00", "end": "2026-02-27T10:00:00+01:00"},
        "serviceProvider": HOSPITAL,
    } | more


def goal(**more: Any) -> Json:
    return {
        "resourceType": "Goal",
        "id": "g",
        "subject": {"reference": "Patient/p"},
        "lifecycleStatus": "active",
        "description": {"text": "Taler med sin kontaktperson hver uge"},
    } | more


def written(*resources: Json, mappings: Path = MAPPINGS) -> Node:
    """The one message that these resources become, as a tree."""
    raw = only(messages(resources, AT, mappings) if mappings != MAPPINGS else write(resources, AT, *_tables()))
    return read(raw)


def case(*resources: Json, mappings: Path = MAPPINGS) -> Node:
    """The registration of the one case in it."""
    found = written(*(resources or (patient(), plan(), team())), mappings=mappings).first("SagIndeks", "Registrering")
    assert found is not None
    return found
