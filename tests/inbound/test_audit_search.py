"""The auditor's search by R4's own parameters: what the log cannot look up is tested on the events."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.identifier import CPR
from gateway.flows.find_looks import make_findable
from gateway.flows.log import integrate
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, NUMBER, arrive, headers


async def events(here: Http, bearer: dict[str, str], query: str) -> list[dict[str, Any]]:
    """All pages."""
    told, path = list[dict[str, Any]](), f"/fhir/AuditEvent?{query}"
    while path:
        answer = await here.web.get(path, headers=bearer)
        assert answer.status_code == 200, (path, answer.text)
        assert NUMBER not in str(answer.json()["link"])
        for one in answer.json().get("entry", []):
            there = f"{here.gateway.public_url}/fhir/AuditEvent/{one['resource'].get('id')}"
            assert one.get("fullUrl", there) == there
            assert ("fullUrl" in one) is (one["search"]["mode"] == "match")
        told += [one["resource"] for one in answer.json().get("entry", []) if one["search"]["mode"] == "match"]
        links = {one["relation"]: one["url"] for one in answer.json()["link"]}
        path = links.get("next", "").removeprefix(here.gateway.public_url)
    return told


def test_audit_events_by_the_parameters_of_r4(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.flows.audit.BATCH", 3)
    monkeypatch.setattr("gateway.flows.audit.WALK", 6)

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social, nobody = await arrive(here), await headers(here, "social"), await headers(here)
            goals = (await here.web.get(f"/fhir/Goal?patient={patient}", headers=social)).json()["entry"]
            goal = goals[0]["resource"]["id"]
            await here.web.get(f"/fhir/Goal/{goal}", headers=social)
            await here.web.get("/fhir/Goal/none", headers=nobody)
            auditor = await headers(here, "auditor", "HOPERAT")
            read = "http://hl7.org/fhir/restful-interaction|read"
            goal = f"{goal}&type=rest"  # there is one of the import too
            seen = await events(here, auditor, f"entity=Goal/{goal}")
            assert {one["subtype"][0]["code"] for one in seen} == {"read", "search-type"}
            asked = (
                (f"entity=Goal/{goal}&subtype={read}", 1), (f"entity=Goal/{goal}&subtype=read", 1),
                (f"entity=Goal/{goal}&action=R", 1), (f"entity=Goal/{goal}&action:not=R", 1),
                (f"entity=Goal/{goal}&outcome=0&_count=1", 2), (f"entity=Goal/{goal}&outcome=4", 0),
                (f"entity=Goal/{goal}&agent-name=Københavns", 2), (f"entity=Goal/{goal}&agent-name=Herlev", 0),
                (f"entity=Goal/{goal}&entity-type:missing=true", 0), (f"entity=Goal/{goal}&date=ne1999", 2),
                (f"entity=Goal/{goal}&date=eq1999", 0), (f"entity=Goal/{goal}&site:missing=false", 2),
                (f"entity:identifier={CPR}|{NUMBER}", 0), (f"altid={NUMBER}", 0),
                (f"_id={seen[0]['id']}", 1), (f"entity-role=24&patient={patient}&action=E&entity=Goal/{goal}", 1),
            )  # fmt: skip
            for query, count in asked:
                assert len(await events(here, auditor, query)) == count, query
            everything = await events(here, auditor, f"patient={patient}")
            again = await events(here, auditor, f"patient={patient}&_sort=-date")
            assert again[-len(everything) :] == everything  # the looks before it are on record by then
            form = {"patient:identifier": f"{CPR}|{NUMBER}", "action": "R"}
            told = await here.web.post("/fhir/AuditEvent/_search", headers=auditor, data=form)
            assert told.status_code == 200
            (part,) = await events(here, auditor, f"_id={seen[0]['id']}&_elements=outcome")
            assert {"type", "recorded", "agent", "source", "outcome"} == part.keys() - {"resourceType", "id", "meta"}
            for wrong in ("_tag=x", "_sort=agent", "purpose=TREAT&purpose=HOPERAT", "client=", "_lastUpdated=ge2025-13",
                          "patient:identifier=", "_count=5&_count=7", "_count=0", "_summary=count",
                          "agent.name=x", "_has:Goal:subject:status=x",
                          "_include=AuditEvent:entity", "outcome:below=0", "banana=1", "_total=accurate"):  # fmt: skip
                answer = await here.web.get(f"/fhir/AuditEvent?{wrong}", headers=auditor)
                assert answer.status_code == 400, (wrong, answer.text)
                told = answer.json()["issue"][0]["diagnostics"]
                assert told.startswith(f"At {wrong.partition('=')[0]}".partition(":")[0]), told

    run(test)


def test_what_is_given_twice_has_to_hold_twice(database_url: str) -> None:
    """R4 3.1.1.4: a repeated parameter is an AND, a comma an OR."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            await here.web.get(f"/fhir/Patient/{patient}", headers=social)
            auditor, other = await headers(here, "auditor", "HOPERAT"), "0" * 32
            number, hyphened = f"{CPR}|{NUMBER}", f"{CPR}|{NUMBER[:6]}-{NUMBER[6:]}"
            asked = f"patient={patient}&subtype=read"
            whole = await events(here, auditor, asked)
            assert len(whole) == 1
            for more, found in (
                (f"&patient={patient}", True), (f"&patient={other}", False), (f"&patient:identifier={number}", True),
                (f"&patient:identifier={CPR}|2512489996", False), (f"&patient:identifier={hyphened}", True),
                ("&subtype=read", True), ("&subtype=vread", False),
                ("&subtype=read,vread", True), ("&client=social&client=social,epj", True),
                ("&client=social&client=epj", False), ("&_lastUpdated=ge2000&_lastUpdated=lt2100", True),
                ("&date=ge2100&date=ge2000", False), ("&date=ge2000&date=ge2100", False),
                ("&date=lt2000&date=lt2100", False),
                ("&_lastUpdated=ne2000", True), ("&_lastUpdated=eq2000", False),
                ("&date=ge2000-01-01T00:00:00+01:00", True),
            ):  # fmt: skip
                assert await events(here, auditor, asked + more) == (whole if found else []), more
            for both in (f"patient={patient},{other}", f"patient.identifier={number},{CPR}|2512489996"):
                assert await events(here, auditor, f"{both}&subtype=read") == whole
            assert whole[0]["meta"]["lastUpdated"] == whole[0]["recorded"].replace("Z", "+00:00")
            last = await here.gateway.database.fetchval("SELECT max(id) FROM access_record")
            await events(here, auditor, f"patient={patient}&patient={other}")
            rows = await here.gateway.database.fetch("SELECT citizen FROM access_record WHERE id > $1", last)
            assert {row["citizen"] for row in rows} == {patient, other}, "both are named, whatever is found"

    run(test)


def test_a_page_that_ends_before_it_is_full_leads_onwards(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no index knows is tested on so many events a page; the rest is behind the link."""
    monkeypatch.setattr("gateway.flows.audit.BATCH", 2)
    monkeypatch.setattr("gateway.flows.audit.WALK", 4)

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            for _ in range(4):
                await here.web.get(f"/fhir/Patient/{patient}", headers=social)
            auditor = await headers(here, "auditor", "HOPERAT")
            answer = (await here.web.get("/fhir/AuditEvent?action=C", headers=auditor)).json()
            assert "entry" not in answer, "the newest four are looks"
            assert [one["relation"] for one in answer["link"]] == ["self", "next"]
            assert "total" not in answer
            told = await events(here, auditor, "action=C")
            assert len(told) == 2, "the order and the admission, pages behind"
            oldest = told[-1]["id"]
            for query in (f"_id={oldest}", f"_id={oldest},99999999,none"):
                page = (await here.web.get(f"/fhir/AuditEvent?{query}", headers=auditor)).json()
                assert [one["resource"]["id"] for one in page["entry"]] == [oldest], "looked up, however old it is"
                assert len(page["link"]) == 1
            assert await events(here, auditor, f"_id={oldest}&action=D") == []
            assert await events(here, auditor, "_id=none") == []

    run(test)


def test_what_a_look_was_at_is_found_by_an_index_however_old_it_is(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.flows.audit.BATCH", 2)
    monkeypatch.setattr("gateway.flows.audit.WALK", 2)

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            goals = (await here.web.get(f"/fhir/Goal?patient={patient}", headers=social)).json()["entry"]
            first, second, *_ = [one["resource"]["id"] for one in goals]
            for one in (first, second, first):
                await here.web.get(f"/fhir/Goal/{one}", headers=social)
            auditor = await headers(here, "auditor", "HOPERAT")

            async def reads(*goals: str) -> list[str]:
                value = ",".join(f"Goal/{one}" for one in goals)
                told = await events(here, auditor, f"entity={value}&subtype=read&_count=1")
                assert len({one["id"] for one in told}) == len(told), "each once"
                return [one["id"] for one in told]

            async def known() -> None:
                await integrate(here.gateway)
                await make_findable(here.gateway)

            before = [await reads(first), await reads(second), await reads(first, second), await reads("none")]
            assert [len(one) for one in before] == [2, 1, 3, 0]
            await known()
            assert [await reads(first), await reads(second), await reads(first, second), await reads("none")] == before
            await here.web.get(f"/fhir/Goal/{second}", headers=social)
            assert len(await reads(first, second)) == 4, "also what came since"
            for _ in range(6):
                await here.web.get(f"/fhir/Patient/{patient}", headers=social)
            await known()
            value = f"entity=Goal/{second}&subtype=read"
            page = (await here.web.get(f"/fhir/AuditEvent?{value}", headers=auditor)).json()
            assert len(page["entry"]) == 2, "on the first page, behind more looks than a page goes through"
            assert len(await events(here, auditor, f"entity=Goal/{second}&patient={patient}&subtype=read")) == 2
            assert len(await events(here, auditor, f"entity=Patient/{patient}&subtype=read")) > 5

    run(test)
