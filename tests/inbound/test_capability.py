"""The CapabilityStatement and the doors say the same, in both directions."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from gateway.inbound.definitions import KINDS
from gateway.inbound.door import Bearer
from gateway.inbound.doors import DOORS
from gateway.inbound.rest.kinds import DIRECTORY, SINGLE
from gateway.translate.fhir import parse
from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import CLIENTS

INTERACTIONS = {
    "read": ("GET", "/fhir/{kind}/1"),
    "vread": ("GET", "/fhir/{kind}/1/_history/1"),
    "search-type": ("GET", "/fhir/{kind}?_id=1"),
    "create": ("POST", "/fhir/{kind}"),
    "update": ("PUT", "/fhir/{kind}/1"),
    "delete": ("DELETE", "/fhir/{kind}/1"),
    "patch": ("PATCH", "/fhir/{kind}/1"),
    "history-instance": ("GET", "/fhir/{kind}/1/_history"),
    "history-type": ("GET", "/fhir/{kind}/_history"),
}


async def statement(here: Http) -> dict[str, Any]:
    answer = await here.web.get("/fhir/metadata")
    assert answer.status_code == 200
    return dict(answer.json())


def test_it_is_a_capability_statement(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            body = await statement(here)
            CapabilityStatement.model_validate(body)
            assert body["fhirVersion"] == "4.0.1"
            assert body["implementation"]["url"] == "https://gateway.example/fhir"
            answer = await here.web.get("/fhir/metadata", headers={"Accept": "application/fhir+xml"})
            assert parse(answer.content) == body
            assert (await here.web.head("/fhir/metadata")).status_code == 200

    run(test)


def test_what_is_stated_is_there_and_what_is_there_is_stated(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            stated = {
                resource["type"]: {one["code"] for one in resource["interaction"]}
                for resource in (await statement(here))["rest"][0]["resource"]
            }
            assert set(stated) == set(SINGLE)
            for kind, codes in stated.items():
                for code, (method, path) in INTERACTIONS.items():
                    answer = await here.web.request(method, path.replace("{kind}", kind))
                    assert (answer.status_code == 401) == (code in codes), (kind, code)

    run(test)


def test_operations_and_the_table(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            rest = (await statement(here))["rest"][0]
            stated = {f"/fhir/${one['name']}" for one in rest["operation"]}
            for resource in rest["resource"]:
                operations = [f"/fhir/{resource['type']}/${one['name']}" for one in resource.get("operation", [])]
                assert len(operations) == len(set(operations))
                stated |= set(operations)
            served = {
                d.path.replace("/{id:id}", "").replace("{kind:kind}", kind)
                for d in DOORS
                if isinstance(d, Bearer) and "/fhir/" in d.path and "$" in d.path
                for kind in (SINGLE if "{kind:kind}" in d.path else ("",))
            }
            assert stated == served

    run(test)


def test_search_parameters_that_are_stated_are_served(database_url: str) -> None:
    values = {
        "token": "x",
        "reference": f"Patient/{'0' * 32}",
        "date": "2025",
        "string": "x",
        "uri": "urn:x",
        "number": "1",
    }

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            person = nurse(iua={"purpose_of_use": ["HOPERAT"]})
            for resource in (await statement(here))["rest"][0]["resource"]:
                kind = resource["type"]
                client = "auditor" if kind == "AuditEvent" else "social"
                headers = await here.bearer(client=client, extensions=person)
                named = {"_id": "1"} if kind == "Patient" else {"_id": "1", "patient": "1"}
                if kind in ("AuditEvent", *DIRECTORY, *KINDS):
                    named = {}
                for parameter in resource.get("searchParam", []):
                    wanted = {**named, parameter["name"]: values[parameter["type"]]}
                    answer = await here.web.get(f"/fhir/{kind}", params=wanted, headers=headers)
                    assert answer.status_code == 200, (kind, parameter["name"], answer.text)
                answer = await here.web.get(f"/fhir/{kind}", params={**named, "banana": "1"}, headers=headers)
                assert answer.status_code == (400 if "searchParam" in resource else 404), kind  # Binary is not searched

    run(test)


def test_the_security_that_is_stated(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            security = (await statement(here))["rest"][0]["security"]
            assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
            assert security["cors"] is False
            (uri,) = security["extension"][0]["extension"]
            assert uri == {"url": "token", "valueUri": "https://gateway.example/oauth/token"}

    run(test)
