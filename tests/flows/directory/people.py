"""Callers of the directory, and what they put into it."""

from __future__ import annotations

import json
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.identifier import CVR, SOR, Identifier
from gateway.flows import directory
from gateway.flows.parts import Gateway, Served

CODES = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
KLE = "https://data.gov.dk/id/classification/KLE"
AUTHORISATION = "https://www.sst.dk/autorisation"
SCOPES = ("system/*.cruds",)


def caller(role: str = "hospital", *sends: str, **more: Any) -> Caller:
    said: dict[str, Any] = {
        "client": role, "client_name": role, "organisation": Identifier(SOR, "265161000016000"),
        "organisation_name": role, "sector": "region", "role": role, "user": "urn:x|7", "user_name": "Asta Prøve",
        "user_role": "", "purposes": ("TREAT",), "scopes": SCOPES, "sends": sends or ("regionh-medcom",),
    }  # fmt: skip
    return Caller(**said | more)


HOSPITAL = caller()
SOCIAL = caller("social", "koebenhavn-ffb", sector="municipality", organisation=Identifier(CVR, "64942212"))
JOBCENTER = caller("jobcenter", "koebenhavn-momentum", sector="municipality", purposes=("HOPERAT",))
NGO = caller("ngo", "praksis-medcom", sector="other")


def raw(kind: str, **more: Any) -> bytes:
    return json.dumps({"resourceType": kind, **more}).encode()


def body(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(served.body)
    return found


def found(served: Served) -> list[str]:
    return [one["resource"]["id"] for one in body(served).get("entry", [])]


async def made(gateway: Gateway, who: Caller, kind: str, **more: Any) -> str:
    identity: str = body(await directory.create(gateway, who, kind, raw(kind, **more)))["id"]
    return identity
