"""Over HTTP and the database: scopes with parameters narrow whatever is read, searched, included and asked through."""

from __future__ import annotations

from typing import Any

from tests.inbound.http_world import Http, http, run
from tests.inbound.oauth_client import nurse
from tests.inbound.one_citizen import AUDITOR, HOSPITAL, SOCIAL, arrive, headers


async def kinds(here: Http, bearer: dict[str, str], patient: str, kind: str) -> list[dict[str, Any]]:
    answer = await here.web.get(f"/fhir/{kind}", params={"patient": patient}, headers=bearer)
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", [])]


async def scoped(here: Http, scope: str) -> dict[str, str]:
    return await here.bearer(scope, "epj", extensions=nurse())


def test_a_scope_with_parameters_narrows_read_search_history_and_plan(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, HOSPITAL, SOCIAL) as here:
            patient, all_of_it = await arrive(here), await headers(here)
            stays = await kinds(here, all_of_it, patient, "Encounter")
            (stay,) = stays
            status = stay["status"]
            met = await scoped(here, f"system/Encounter.rs?status={status} system/Patient.rs")
            missed = await scoped(here, "system/Encounter.rs?status=planned system/Patient.rs")
            assert [one["id"] for one in await kinds(here, met, patient, "Encounter")] == [stay["id"]]
            assert await kinds(here, missed, patient, "Encounter") == []
            paths = (f"/fhir/Encounter/{stay['id']}", f"/fhir/Encounter/{stay['id']}/_history/1")
            for path in paths:
                assert (await here.web.get(path, headers=met)).status_code == 200
                assert (await here.web.get(path, headers=missed)).status_code == 404, "as if it were not there"
            counted = await here.web.get("/fhir/Encounter", params={"patient": patient}, headers=missed)
            assert counted.json()["total"] == 0
            split = await scoped(here, "system/Encounter.r system/Encounter.s?status=planned system/Patient.rs")
            assert await kinds(here, split, patient, "Encounter") == [], "the letter r does not open a search"
            assert (await here.web.get(paths[0], headers=split)).status_code == 200
            asked = {"_id": patient, "_has:Encounter:patient:status": status}
            for bearer, there in (
                (met, 1), (all_of_it, 1), (missed, 0), (split, 0),
                (await scoped(here, "system/Encounter.r system/Encounter.s system/Patient.rs?_id=" + patient), 1),
            ):  # fmt: skip
                told = await here.web.get("/fhir/Patient", params=asked, headers=bearer)
                assert told.json()["total"] == there, "nor a question that passes through"
            answer = await here.web.get(f"/fhir/Patient/{patient}", headers=missed)
            assert answer.status_code == 200

    run(test)


def test_a_scope_with_parameters_narrows_what_the_plan_is_made_of(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, HOSPITAL, SOCIAL) as here:
            patient = await arrive(here)
            path = f"/fhir/Patient/{patient}/$joint-plan"
            whole = await here.web.get(path, headers=await scoped(here, "system/*.rs"))
            none = await here.web.get(path, headers=await scoped(here, "system/*.rs?_id=nothing"))
            some = await here.web.get(path, headers=await scoped(here, f"system/*.rs?_id={patient}"))
            assert whole.status_code == 200
            assert none.status_code == 404
            told = some.text
            assert '"Encounter"' not in told
            found = await kinds(here, await scoped(here, "system/*.rs"), patient, "CarePlan")
            joint = next(one["id"] for one in found if one["id"].startswith("joint-"))
            for scope, status in (("status=active", 200), ("status=draft", 404)):
                bearer = await scoped(here, f"system/CarePlan.rs?{scope} system/Encounter.rs system/Patient.rs")
                answer = await here.web.get(f"/fhir/CarePlan/{joint}", headers=bearer)
                assert answer.status_code == status, "what is composed is a resource of its type as well"
                listed = await kinds(here, bearer, patient, "CarePlan")
                assert (joint in [one["id"] for one in listed]) == (status == 200)
                plan = await here.web.get(path, headers=await scoped(here, f"system/*.rs?{scope}"))
                assert plan.status_code == status
                assert (f'"id":"{joint}"' in plan.text) == (status == 200)
            assert "Encounter/" not in told

    run(test)


def test_a_scope_with_parameters_narrows_what_stands_in_nobodys_plan(database_url: str) -> None:
    """Events of the log, who said something, subscriptions: what a scope leaves out is not there in a read, a search,
    an include or a status."""

    async def test() -> None:
        async with http(database_url, HOSPITAL, SOCIAL, AUDITOR) as here:
            patient, epj = await arrive(here), await headers(here)
            (stay,) = await kinds(here, epj, patient, "Encounter")

            async def found(bearer: dict[str, str], query: str) -> list[str]:
                answer = await here.web.get(f"/fhir/{query}", headers=bearer)
                assert answer.status_code == 200, answer.text
                bodies = [one["resource"] for one in answer.json().get("entry", [])]
                return [f"{one['resourceType']}/{one['id']}" for one in bodies]

            of_all = f"Provenance?target=Encounter/{stay['id']},Patient/{patient}"
            both = await found(epj, of_all)
            one, other = f"Provenance/Encounter.{stay['id']}.1", f"Provenance/Patient.{patient}.2"
            assert {one, other} == set(both)
            scope = f"system/Provenance.rs?target=Encounter/{stay['id']} system/Encounter.rs system/Patient.rs"
            narrow = await scoped(here, scope)
            assert await found(narrow, of_all) == [one]
            for name, status in ((one, 200), (other, 404)):
                assert (await here.web.get(f"/fhir/{name}", headers=narrow)).status_code == status, name
            assert await found(narrow, f"Patient?_id={patient}&_revinclude=Provenance:target") == [f"Patient/{patient}"]
            assert one in await found(narrow, f"Encounter?patient={patient}&_revinclude=Provenance:target")

            whole, reads = await headers(here, "auditor", "HOPERAT"), "system/AuditEvent.rs?subtype=read"
            await here.web.get(f"/fhir/Encounter/{stay['id']}", headers=epj)
            person = nurse(iua={"purpose_of_use": ["HOPERAT"]})
            some = await here.bearer(reads, "auditor", extensions=person)
            listed = (await here.web.get("/fhir/AuditEvent?_count=200", headers=whole)).json()["entry"]
            codes = {item["resource"]["id"]: item["resource"]["subtype"][0]["code"] for item in listed}
            assert {"read", "search-type"} <= set(codes.values())
            seen = await found(some, "AuditEvent?_count=200")
            assert {codes[name.partition("/")[2]] for name in seen} == {"read"}
            assert await found(some, f"AuditEvent?patient={patient}&subtype=search-type") == []
            for method, path, body in (
                ("GET", f"/log/lists/{patient}", None), ("POST", "/fhir/$explain-access", {}),
                ("POST", "/console/tickets", None),
            ):  # fmt: skip
                answer = await here.web.request(method, path, json=body, headers=some)
                assert answer.status_code == 403, f"{path} tells of more than events"
                assert (await here.web.request(method, path, json=body, headers=whole)).status_code != 403, path
            for identity, code in codes.items():
                answer = await here.web.get(f"/fhir/AuditEvent/{identity}", headers=some)
                assert answer.status_code == (200 if code == "read" else 404), code

    run(test)


def test_what_is_included_of_the_directory_may_be_read(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, HOSPITAL, SOCIAL) as here:
            patient = await arrive(here)
            params = {"patient": patient, "_include": "Encounter:service-provider"}
            for scope, included in (
                ("system/Organization.rs", True), ("system/Organization.r", True), ("system/Organization.s", False),
                ("system/Organization.r?name=nobody", False), ("", False),
            ):  # fmt: skip
                bearer = await scoped(here, f"system/Encounter.rs {scope}".strip())
                told = (await here.web.get("/fhir/Encounter", params=params, headers=bearer)).json()["entry"]
                found = {one["resource"]["resourceType"] for one in told}
                assert ("Organization" in found) is included, scope

    run(test)
