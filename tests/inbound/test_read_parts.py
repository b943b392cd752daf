"""`_summary` and `_elements` of a read: a part of what is read, told after the decision and the record. R4 3.1.0.1.6"""

from __future__ import annotations

from typing import Any

from gateway.flows.search.page import shape
from gateway.translate.fhir import parse
from gateway.translate.r4 import facts
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, arrive, headers
from tests.inbound.rest_world import rest
from tests.inbound.test_search_door import found, names

ABSENT = "f" * 32
PARTS = ("_summary=true", "_summary=text", "_summary=data", "_elements=status,name", "_summary=data&_elements=name")


async def everything_of(here: Http, patient: str) -> list[tuple[dict[str, str], str]]:
    """One of each type that this citizen has, of the directory, of the log and of the definitions, by who reads it."""
    epj, social, auditor = await headers(here), await headers(here, "social"), await headers(here, "auditor", "HOPERAT")
    told = dict[str, tuple[dict[str, str], str]]()
    for bearer in (social, epj):
        for name in names(await found(here, bearer, f"Patient/{patient}/*?_count=500")):
            told.setdefault(name.partition("/")[0], (bearer, name))
    told["joint"] = (social, f"CarePlan/joint-{patient}")
    told["vread"] = (epj, f"Patient/{patient}/_history/1")
    for bearer, path in ((epj, "Organization"), (epj, "CodeSystem"), (epj, "StructureDefinition"),
                         (epj, f"Provenance?target=Patient/{patient}"), (auditor, "AuditEvent")):  # fmt: skip
        bundle = await found(here, bearer, f"{path}{'&' if '?' in path else '?'}{'_count=1' * (path[0] not in 'CS')}")
        if "entry" in bundle:
            one = bundle["entry"][0]["resource"]
            told[one["resourceType"]] = (bearer, f"{one['resourceType']}/{one['id']}")
    return list(told.values())


def test_a_part_of_whatever_is_read(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            read = await everything_of(here, patient)
            assert len(read) > 10
            for bearer, name in read:
                whole = await here.web.get(f"/fhir/{name}", headers=bearer)
                for query in PARTS:
                    part = await here.web.get(f"/fhir/{name}?{query}", headers=bearer)
                    assert part.status_code == 200, (name, query, part.text)
                    check(whole.json(), part.json(), query)
                    assert part.headers.get("etag") == whole.headers.get("etag")
                    xml = await here.web.get(f"/fhir/{name}?{query}&_format=xml", headers=bearer)
                    assert b"SUBSETTED" in xml.content
                    if facts().kind(part.json()["resourceType"]):  # types that are read as XML too
                        assert parse(xml.content) == part.json(), (name, query)
                for query in ("_summary=false", "_elements=", "_pretty=false"):
                    same = await here.web.get(f"/fhir/{name}?{query}", headers=bearer)
                    assert same.content == whole.content, (name, query)
                for wrong in ("_summary=count", "_summary=maybe", "_elements=a b", "_count=1", "name=x",
                              "_summary=true&_summary=data", "_format=json&_format=xml"):  # fmt: skip
                    assert (await here.web.get(f"/fhir/{name}?{wrong}", headers=bearer)).status_code == 400, wrong

    run(test)


def check(whole: dict[str, Any], part: dict[str, Any], query: str) -> None:
    kept = shape(whole["resourceType"])
    assert part["id"] == whole["id"]
    assert "SUBSETTED" in [tag["code"] for tag in part["meta"]["tag"]]
    needed = whole.keys() & (kept.needed | kept.modifiers)
    assert needed <= part.keys() <= whole.keys() | {"meta"}, query
    if "_summary=data" in query:
        assert part.keys() == whole.keys() - {"text"} | {"meta"}
    if query == "_summary=text":
        assert part.keys() - needed <= {"resourceType", "id", "meta", "text"}
    if query == "_elements=status,name":
        assert part.keys() - needed <= {"resourceType", "id", "meta", "status", "name"}


def test_a_part_is_decided_and_on_record_as_the_whole(database_url: str) -> None:
    """What is hidden and what is not there are the same answer; the record of a look does not hang on how much of it
    was asked for; who has it already is told so."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social, jobcenter = (
                await arrive(here), await headers(here, "social"), await headers(here, "jobcenter", "HOPERAT")
            )  # fmt: skip
            goal = names(await found(here, social, f"Goal?patient={patient}"))[0]
            hidden = names(await found(here, await headers(here), f"Encounter?patient={patient}"))[0]
            rows = "SELECT * FROM access_record WHERE id > $1 ORDER BY id"
            said = []
            for query in ("", *PARTS):
                last = await here.gateway.database.fetchval("SELECT max(id) FROM access_record")
                answer = await here.web.get(f"/fhir/{goal}?{query}", headers=social)
                (record,) = await here.gateway.database.fetch(rows, last)
                said.append({k: v for k, v in record.items() if k in ("citizen", "decision", "interaction", "kind")})
                same = await here.web.get(
                    f"/fhir/{goal}?{query}", headers=social | {"If-None-Match": answer.headers["etag"]}
                )
                assert (same.status_code, same.content) == (304, b"")
                told = [
                    await here.web.get(f"/fhir/{path}?{query}", headers=jobcenter)
                    for path in (hidden, f"Encounter/{ABSENT}")
                ]
                assert [one.status_code for one in told] == [404, 404]
                assert told[0].content == told[1].content
            assert all(one == said[0] for one in said)

    run(test)


def test_a_part_is_not_written_back(database_url: str) -> None:
    """What a part leaves out would be lost: of citizens' resources and of the directory."""

    async def test() -> None:
        async with rest(database_url) as here:
            house = {"resourceType": "Location", "name": "Huset", "status": "active", "description": "Stort"}
            for made in (await here.made(here.goal()), await here.made(house)):
                path = f"/{made['resourceType']}/{made['id']}"
                part = await here.call("GET", f"{path}?_elements=status")
                tag = part.headers["etag"]
                refused = await here.call("PUT", path, part.json(), If_Match=tag)
                assert refused.status_code == 422, refused.text
                assert "SUBSETTED" in refused.text
                again = await here.call("GET", path)
                assert (again.headers["etag"], again.json()) == (tag, made)

    run(test)
