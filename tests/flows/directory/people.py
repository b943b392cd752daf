"""Callers of the directory, and what they put into it."""

from __future__ import annotations

import json
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.identifier import CVR, SOR, Identifier
from gateway.domain.searching.including import Include
from gateway.domain.searching.query import Query
from gateway.flows import directory
from gateway.flows.parts import Gateway, Served
from gateway.store.searching import reached

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


async def referred(gateway: Gateway, who: Caller, kind: str, reference: dict[str, Any]) -> list[dict[str, Any]]:
    """What a reference from a citizen's resource leads to, as far as this caller sees it."""
    stay = {"resourceType": "Encounter", "id": "1", "serviceProvider": reference, "location": [{"location": reference}]}
    team = {"resourceType": "CareTeam", "id": "1", "participant": [{"member": reference}]}
    plan = {"resourceType": "Appointment", "id": "1", "participant": [{"actor": reference}]}
    query = Query("Encounter", includes=(Include("*", "*", kind, reverse=False, iterate=False),))
    matches = [stay, team, plan]
    reach = directory.reach(gateway, who, query, matches)
    came = await reached(gateway.database, reach, directory.allowed(gateway, who), (), gateway.ids)
    return directory.included(gateway, who, query, matches, (), came.entries)
