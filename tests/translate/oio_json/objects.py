"""Objects as LoRa writes and reads them, and what becomes of them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.resource import ids
from gateway.translate.languages import Recalled
from gateway.translate.oio.lora import OioJson

CPR = "0108589995"
CASE = "0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1a01"
EFFORT = "0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1a02"
DOCUMENT = "0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1a03"
UNIT = "0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20"
BASE = "https://faellesplan.dk/fhir/StructureDefinition/"

Json = dict[str, Any]


def effect(start: str = "2025-01-14 00:00:00", end: str = "infinity") -> Json:
    """A virkning."""
    return {"from": start, "to": end, "aktoerref": UNIT, "aktoertypekode": "Bruger", "notetekst": "Ingen bemærkning"}


def to(**target: Any) -> list[Json]:
    """A relation to one thing; `virkning` may be given."""
    return [{"virkning": effect()} | target]


def state(code: str, start: str = "2025-01-14 00:00:00", end: str = "infinity") -> Json:
    """A state of a case or effort."""
    return {"fremdrift": code, "virkning": effect(start, end)}


_CASE: Json = {
    "uuid": CASE,
    "note": "Ny sag",
    "attributter": {
        "sagegenskaber": [
            {
                "brugervendtnoegle": "27.57.16-2025-118",
                "sagsnummer": "2025-118",
                "titel": "Botilbud efter § 110",
                "hjemmel": "Serviceloven § 110",
                "beskrivelse": "Ophold på herberg",
                "principiel": False,
                "foelsomhed": "FOELSOMME_PERSONOPLYSNINGER",
                "sagsstatus": "Plads fundet",
                "virkning": effect(),
            }
        ]
    },
    "tilstande": {"sagfremdrift": [state("Opstaaet")]},
    "relationer": {
        "ejer": to(urn="urn:oio:cvr-nr:64942212", objekttype="Organisation", fuldtnavn="Københavns Kommune"),
        "ansvarlig": to(uuid=UNIT, objekttype="OrganisationEnhed", fuldtnavn="Center for Udsatte Voksne"),
        "primaerpart": to(urn=f"urn:oio:cpr-nr:{CPR}", objekttype="Person", fuldtnavn="Gerda Lauenborg"),
        "primaerklasse": to(uuid="e3c2b1a0-5d4f-4c3b-9a28-17f6e5d4c301", brugervendtnoegle="27.57.16"),
    },
}
_EFFORT: Json = {
    "uuid": EFFORT,
    "attributter": {
        "indsatsegenskaber": [
            {
                "brugervendtnoegle": "BESOEG",
                "beskrivelse": "Hjemmebesøg",
                "starttidspunkt": "2025-02-01 12:00:00+00:00",
                "sluttidspunkt": "2025-08-01 12:00:00+00:00",
                "virkning": effect(),
            }
        ]
    },
    "tilstande": {
        "indsatsfremdrift": [state("Visiteret")],
        "indsatspubliceret": [{"publiceret": "IkkePubliceret", "virkning": effect()}],
    },
    "relationer": {
        "indsatsmodtager": to(urn=f"urn:oio:cpr-nr:{CPR}"),
        "indsatsaktoer": [
            *to(urn="urn:oio:cvr-nr:64942212", objekttype="Organisation", indeks=1),
            *to(uuid=UNIT, objekttype="Bruger", indeks=2),
        ],
        "indsatstype": to(urn="urn:oio:kle:27.36.12", klassetitel="Socialpædagogisk bistand"),
        "indsatssag": to(uuid=CASE),
        "indsatsdokument": to(uuid=DOCUMENT),
        "samtykke": to(uuid="0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1a09"),
    },
}


def case(**changed: Any) -> Json:
    """A case; `relationer__ejer=…` and the like replace what stands there, None takes it away."""
    return _changed(_CASE, changed)


def effort(**changed: Any) -> Json:
    """An effort, likewise."""
    return _changed(_EFFORT, changed)


def _changed(whole: Json, changed: Json) -> Json:
    made = deepcopy(whole)
    for path, value in changed.items():
        *steps, last = path.split("__")
        node = made
        for step in steps:
            node = node.setdefault(step, {})
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
    return made


def raw(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


def folded(lora: OioJson, *told: Json, known: Recalled | None = None) -> dict[str, list[Json]]:
    """The bodies that objects, arrived in this order, make together, by type."""
    said = [lora.translate_known(raw(one), known or {}) for one in told]
    citizen = said[0].citizen[0]
    person = next(iter(people({citizen.key: {citizen.key}}, set()).values()))
    sources = {one.source.id: one.source for one in said}
    made: dict[str, list[Json]] = {}
    for one in fold([s for t in said for s in t.statements], person, ids(b"test"), sources):
        made.setdefault(one.kind, []).append(one.body)
    return made


def told_as(body: Json, name: str) -> list[Json]:
    """The extensions of a name."""
    return [one for one in body.get("extension", []) if one["url"] == BASE + name]
