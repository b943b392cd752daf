"""`$validate` through HTTP: every way of asking, what it answers, and that it tells and keeps nothing of a citizen."""

from __future__ import annotations

import json
from typing import Any

from fhir.resources.R4B.operationoutcome import OperationOutcome

from gateway.translate.fhir import parse, write_xml
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, headers
from tests.inbound.test_consent_doors import objection

JSON, XML = "application/fhir+json", "application/fhir+xml"
COVERAGE: dict[str, Any] = {
    "resourceType": "Coverage", "status": "active", "beneficiary": {"display": "X"}, "payor": [{"display": "X"}],
}  # fmt: skip
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p1", "birthDate": "1982-02-15"}
OURS = "https://faellesplan.dk/fhir/StructureDefinition"


async def ask(
    here: Http, path: str, body: Any, expect: int = 200, kind: str = JSON, **query: str
) -> list[dict[str, Any]]:
    """The issues that are errors."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    if "authorization" not in here.web.headers:
        here.web.headers |= await here.bearer("system/Bundle.c")
    answer = await here.web.post(f"/fhir/{path}", content=content, headers={"Content-Type": kind}, params=query)
    assert answer.status_code == expect, answer.text
    outcome = answer.json()
    OperationOutcome.model_validate(outcome)
    return [issue for issue in outcome["issue"] if issue["severity"] in ("error", "fatal")]


def given(resource: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": resource}, *more]}


def test_the_bare_resource_and_parameters(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            bad = PATIENT | {"gender": "x"}
            for path in ("$validate", "Patient/$validate"):
                assert await ask(here, path, PATIENT) == []
                assert await ask(here, path, given(PATIENT)) == []
                assert await ask(here, path, write_xml(PATIENT), kind=XML) == []
                for body in (bad, given(bad)):
                    (issue,) = await ask(here, path, body)
                    assert issue["code"] == "code-invalid"
                    assert issue["expression"] == ["Patient.gender"]
            (issue,) = await ask(here, "Encounter/$validate", PATIENT)
            assert issue["details"]["text"] == "This is no Encounter."
            assert await ask(here, "Patient/p1/$validate", PATIENT) == []
            (issue,) = await ask(here, "Patient/p2/$validate", given(PATIENT))
            assert issue["expression"] == ["Patient.id"]
            assert await ask(here, "$validate", {"resourceType": "Parameters"}) == []
            assert (
                await ask(here, "Questionnaire/$validate", {"resourceType": "Questionnaire", "status": "draft"}) == []
            )
            profile = {"name": "profile", "valueUri": f"{OURS}/faellesplan-careplan"}
            assert len(await ask(here, "$validate", given(PATIENT, profile))) == 1
            assert len(await ask(here, "$validate", PATIENT, profile=f"{OURS}/faellesplan-careplan")) == 1
            assert (
                await ask(here, "$validate", PATIENT, profile="http://hl7.org/fhir/StructureDefinition/Patient") == []
            )

    run(test)


def test_modes(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            consent = objection("1")
            create = {"name": "mode", "valueCode": "create"}
            assert await ask(here, "Consent/$validate", given(consent, create)) == []
            (issue,) = await ask(here, "Consent/$validate", consent, mode="update")
            assert issue["expression"] == ["Consent.id"]
            del consent["dateTime"]
            assert await ask(here, "Consent/$validate", consent) == []
            (issue,) = await ask(here, "Consent/$validate", consent, mode="create")
            assert issue["expression"] == ["Consent.dateTime"]
            (issue,) = await ask(here, "Coverage/$validate", COVERAGE, mode="create")
            assert issue["code"] == "not-supported"
            for kind in (["Consent"], {"a": 1}, 5, None):
                found = await ask(here, "$validate", given({"resourceType": kind}, create))
                assert {issue["code"] for issue in found} == {"structure", "not-supported"}, kind

    run(test)


def test_what_cannot_be_validated_and_what_cannot_be_read(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url) as here:
            for body in (
                b"{",
                b"",
                b"\xff",
                b'{"resourceType": "Patient",}',
                b"[1]",
                b'{"resourceType": "Patient", "id": 1e999}',
            ):
                assert [issue["severity"] for issue in await ask(here, "$validate", body)] == ["error"]
            assert len(await ask(here, "$validate", b"<Patient/>", kind=XML)) == 1
            assert await ask(here, "$validate", b"// x\n" + json.dumps(PATIENT).encode()) == []
            for query in ({"mode": "delete"}, {"mode": "x"}, {"patient": "1"}):
                await ask(here, "$validate", PATIENT, 400, **query)
            await ask(here, "Patient/$validate", {"resourceType": "Parameters"}, 400)
            await ask(
                here, "$validate", {"resourceType": "Parameters", "parameter": given(PATIENT)["parameter"] * 2}, 400
            )
            await ask(here, "Frob/$validate", PATIENT, 404)
            await ask(here, "$validate", b"x", 415, kind="text/plain")
            await ask(here, "$validate", b" " * 2_097_153, 413)
            assert (await here.web.get("/fhir/$validate")).status_code == 405
            del here.web.headers["authorization"]
            assert (await here.web.post("/fhir/$validate", content=b"{}")).status_code == 401

    run(test)


def test_nothing_is_told_back_and_nothing_is_on_record(database_url: str) -> None:
    secret = "2512489996"

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            body = PATIENT | {"identifier": [{"system": secret, "value": secret}], "birthDate": secret, secret: secret}
            bearer = await headers(here) | {"Content-Type": JSON, "Accept": XML}
            before = await here.gateway.database.fetchval("SELECT count(*) FROM access_record")
            answer = await here.web.post("/fhir/Patient/$validate", content=json.dumps(body), headers=bearer)
            assert answer.status_code == 200
            assert parse(answer.content)["resourceType"] == "OperationOutcome"
            assert secret not in answer.text
            assert await here.gateway.database.fetchval("SELECT count(*) FROM access_record") == before

    run(test)


def test_what_is_written_is_validated(database_url: str) -> None:
    """The same faults, by the same words, where a resource is written."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            here.web.headers |= await headers(here)
            for change, where in (
                ({"policyRule": None}, "Consent.policyRule"),
                ({"category": [{"coding": [{"system": "loinc"}]}]}, "Consent.category[0].coding[0].system"),
                ({"source": 1}, "Consent.source"),
                ({"organization": [{"reference": "#o"}]}, "Consent.organization[0].reference"),
                ({"provision": {"code": [{"coding": [{"system": "http://hl7.org/fhir/resource-types", "code": "X"}]}]}},
                 "Consent.provision.code[0].coding[0].code"),
            ):  # fmt: skip
                body = json.dumps(objection("1") | change)
                answer = await here.web.post("/fhir/Consent", content=body, headers={"Content-Type": JSON})
                assert answer.status_code == 422, answer.text
                assert answer.json()["issue"][0]["expression"] == [where]
                assert where in [i["expression"][0] for i in await ask(here, "Consent/$validate", body.encode())]

    run(test)
