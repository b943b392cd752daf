"""A citizen whom a case knows by name alone gets a CPR number later (docs/decisions/0006): nobody is joined by chance,
the municipality's system is told what is left behind, and one message with both numbers brings all together."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from lxml import etree

from gateway.domain.identifier import CPR
from gateway.domain.resource import ids
from gateway.inbound.scopes import Scope
from tests.acceptance.oio.test_oio_door import ME, SOCIAL, sees
from tests.inbound.http_world import SECRET, Http, http, run
from tests.inbound.oauth_client import nurse
from tests.translate.oio.cases import CITIZEN, UUID, changed

WRITER = replace(SOCIAL, scopes=(Scope("*", "cruds"), Scope("Bundle", "c")))
PARTY = "urn:faellesplan:source:frederiksberg-sag:case-party"
UNKNOWN = ids(SECRET)("Patient", f"{PARTY}|{UUID}")
BY_NAME = changed((CITIZEN, "urn:oio:fuldtnavn:Ukendt Mand"))
NUMBERED = changed((CITIZEN, f"urn:oio:cpr-nr:{ME}"), ("2025-03-10T09:15:0", "2025-03-20T09:15:0"))
BOTH = {
    "resourceType": "Patient",
    "identifier": [{"system": CPR, "value": ME}, {"system": PARTY, "value": UUID}],
}


async def sent(here: Http, raw: bytes) -> str:
    """What the answer remarks."""
    headers = {**await here.bearer("system/Bundle.c", "social"), "Content-Type": "application/xml"}
    told = etree.fromstring((await here.web.post("/cases/oio", headers=headers, content=raw)).content)
    assert told.findtext(".//{*}StatusKode") == "20"
    return told.findtext(".//{*}DetaljeretFejlbesked") or ""


async def written(here: Http, resource: dict[str, Any]) -> int:
    claims = {"extensions": nurse(iua={"purpose_of_use": ["HOPERAT"]})}
    headers = await here.bearer("system/*.cruds", "social", **claims)
    path = f"/fhir/{resource['resourceType']}"
    answer = await here.web.post(
        path, headers=headers | {"Content-Type": "application/fhir+json"}, content=json.dumps(resource)
    )
    return answer.status_code


def test_one_message_with_both_numbers_brings_all_together(database_url: str) -> None:
    goal = {
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "En bolig"},
        "subject": {"reference": f"Patient/{UNKNOWN}"},
    }  # fmt: skip

    async def test() -> None:
        async with http(database_url, WRITER) as here:
            assert await sent(here, BY_NAME) == ""
            assert await written(here, goal) == 201
            remark = await sent(here, NUMBERED)
            assert "another number or none before" in remark
            assert ME not in remark
            apart = await sees(here)
            assert [one["status"] for one in apart["CarePlan"]] == ["active"]
            assert "Goal" not in apart, "nobody has said that they are one"
            assert await written(here, BOTH) == 201
            whole = await sees(here)
            assert [one["status"] for one in whole["CarePlan"]] == ["active"], (
                "the case is theirs, it was taken from nobody"
            )
            assert [one["description"]["text"] for one in whole["Goal"]] == ["En bolig"]
            assert len(whole["DocumentReference"]) == len(apart["DocumentReference"])
            newer = NUMBERED.replace(b"2025-03-20T09:15:0", b"2025-03-21T09:15:0")
            assert await sent(here, newer) == "", "there is nothing left to ask"

    run(test)


def test_of_two_cpr_numbers_nothing_is_asked(database_url: str) -> None:
    other = changed((CITIZEN, "urn:oio:cpr-nr:2509479989"))

    async def test() -> None:
        async with http(database_url, WRITER) as here:
            assert await sent(here, other) == ""
            assert await sent(here, NUMBERED) == ""

    run(test)
