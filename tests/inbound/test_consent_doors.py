"""A citizen's word over HTTP: recorded, changed, withdrawn; in force on the next request."""

from __future__ import annotations

import json
from typing import Any

from gateway.translate.fhir import parse, write_xml
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, arrive, headers
from tests.inbound.rest_world import with_id

JSON = "application/fhir+json"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def objection(patient: str, **changed: Any) -> dict[str, Any]:
    """The citizen objects to looks at her stays for treatment."""
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": "2025-03-14T09:00:00+01:00",
        "policyRule": {"text": "sundhedsloven § 42 a"},
        "provision": {
            "type": "deny",
            "purpose": [{"system": REASON, "code": "TREAT"}],
            "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Encounter"}],
        },
        **changed,
    }


async def put(here: Http, path: str, body: Any, bearer: dict[str, str], method: str = "POST", **extra: str) -> Any:
    if method == "PUT" and isinstance(body, dict):
        body = with_id(path.removeprefix("/fhir/"), body)
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    return await here.web.request(method, path, headers={**bearer, "Content-Type": JSON, **extra}, content=content)


async def stays(here: Http, patient: str) -> int:
    found = await here.web.get("/fhir/Encounter", params={"patient": patient}, headers=await headers(here))
    assert found.status_code == 200
    return int(found.json()["total"])


def test_recorded_withdrawn_and_in_force_at_once(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            assert await stays(here, patient) == 1
            made = await put(here, "/fhir/Consent", objection(patient), epj)
            assert made.status_code == 201, made.text
            body = made.json()
            assert made.headers["etag"] == 'W/"1"'
            location = made.headers["location"]
            assert location.endswith(f"/fhir/Consent/{body['id']}/_history/1")
            assert "content-location" not in made.headers
            assert (await here.web.get(location, headers=epj)).json() == body
            here.world.clock.forward(1)
            assert await stays(here, patient) == 0
            withdrawn = objection(patient, status="inactive", id=body["id"])
            path = f"/fhir/Consent/{body['id']}"
            changed = await put(here, path, withdrawn, epj, "PUT", **{"If-Match": 'W/"1"'})
            assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
            assert changed.headers["content-location"].endswith("/_history/2")
            here.world.clock.forward(1)
            assert await stays(here, patient) == 1

    run(test)


def test_an_objection_that_hides_itself(database_url: str) -> None:
    """Who writes down that the citizen objects to every look may not look at that either; it is kept all the same."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            everything = {"type": "deny", "purpose": [{"system": REASON, "code": "TREAT"}]}
            made = await put(here, "/fhir/Consent", objection(patient, provision=everything), epj)
            assert (made.status_code, made.content) == (201, b"")
            here.world.clock.forward(1)
            assert (await here.web.get(f"/fhir/Patient/{patient}", headers=await headers(here))).status_code == 404
            path = "/fhir" + made.headers["location"].partition("/fhir")[2].partition("/_history")[0]
            over = objection(patient, provision=everything, status="inactive")
            told = await put(here, path, over, epj, "PUT", **{"If-Match": made.headers["etag"]})
            assert told.status_code == 200, "who wrote it down takes it back"
            here.world.clock.forward(1)
            assert (await here.web.get(f"/fhir/Patient/{patient}", headers=await headers(here))).status_code == 200

    run(test)


def test_versions_that_do_not_match(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            made = (await put(here, "/fhir/Consent", objection(patient), epj)).json()
            path = f"/fhir/Consent/{made['id']}"
            for tag in ('W/"2"', '"0"', "x"):
                stale = await put(here, path, objection(patient, id=made["id"]), epj, "PUT", **{"If-Match": tag})
                assert (stale.status_code, stale.json()["issue"][0]["code"]) == (412, "conflict")
            for tag in ('W/"1"', '"1"'):
                still = await put(here, path, objection(patient), epj, "PUT", **{"If-Match": tag})
                assert still.status_code == 200, tag
                assert still.headers["etag"] == 'W/"1"', "the same content is no new version"

    run(test)


def test_in_xml_and_with_less_of_an_answer(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            xml = {"Content-Type": "application/fhir+xml", "Accept": "application/fhir+xml"}
            made = await put(here, "/fhir/Consent", write_xml(objection(patient)), epj, **xml)
            assert (made.status_code, made.headers["content-type"]) == (201, "application/fhir+xml; charset=utf-8")
            assert parse(made.content)["resourceType"] == "Consent"
            less = await put(here, "/fhir/Consent", objection(patient), epj, Prefer="return=minimal")
            assert (less.status_code, less.content) == (201, b"")
            assert less.headers["location"]

    run(test)


def test_consents_that_are_refused(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            before = await here.gateway.database.fetchval("SELECT count(*) FROM statement")
            good = objection(patient)
            cases: list[tuple[Any, int]] = [
                (b"", 400),
                (b"{", 400),
                (b"[]", 400),
                (b'{"resourceType":"Consent","status":"active","status":"inactive"}', 400),
                (b'{"resourceType":"Consent","x":NaN}', 422),
                ({"resourceType": "Patient"}, 400),
                ({**good, "status": "bananas"}, 422),
                ({**good, "banana": 1}, 422),
                ({name: value for name, value in good.items() if name != "scope"}, 422),
                ({name: value for name, value in good.items() if name != "provision"}, 422),
                ({name: value for name, value in good.items() if name != "dateTime"}, 422),
                ({**good, "patient": {"reference": "https://evil.example/Patient/1"}}, 422),
                (objection("f" * 32), 404),
            ]
            for body, status in cases:
                answer = await put(here, "/fhir/Consent", body, epj)
                assert answer.status_code == status, body
                assert answer.json()["resourceType"] == "OperationOutcome"
            for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
                answer = await put(here, "/fhir/Consent", good, epj, **{"Content-Type": content_type})
                assert answer.status_code == 415
            made, any_version = (await put(here, "/fhir/Consent", good, epj)).json(), {"If-Match": 'W/"1"'}
            other = await put(here, f"/fhir/Consent/{made['id']}", {**good, "id": "f" * 32}, epj, "PUT", **any_version)
            assert other.status_code == 400
            assert (await put(here, "/fhir/Consent/" + "f" * 32, good, epj, "PUT", **any_version)).status_code == 404
            social = await headers(here, "social")
            theirs = await put(here, f"/fhir/Consent/{made['id']}", good, social, "PUT", **any_version)
            assert theirs.status_code == 404, "what the social authority may not see is not there"
            after = await here.gateway.database.fetchval("SELECT count(*) FROM statement")
            assert after == before + 1

    run(test)


def test_what_the_server_owns_is_not_believed(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            meta = {"versionId": "99", "lastUpdated": "1999-01-01T00:00:00Z", "security": [{"code": "R"}]}
            made = (await put(here, "/fhir/Consent", objection(patient, id="mine", meta=meta), epj)).json()
            assert made["id"] != "mine"
            assert made["meta"]["versionId"] == "1"
            assert made["meta"]["lastUpdated"].startswith("2025-03-14")

    run(test)
