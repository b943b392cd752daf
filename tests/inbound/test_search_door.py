"""Search over HTTP: parameters, hops, includes, orders, parts of resources, pages; named citizens and the circle."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.domain.identifier import CPR
from gateway.translate.fhir import parse
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, NUMBER, arrive, headers


async def found(here: Http, bearer: dict[str, str], path: str) -> dict[str, Any]:
    answer = await here.web.get(f"/fhir/{path}", headers=bearer)
    assert answer.status_code == 200, (path, answer.text)
    return dict(answer.json())


def names(bundle: dict[str, Any], mode: str = "match") -> list[str]:
    """`Type/id` of the entries."""
    entries = (one for one in bundle.get("entry", []) if one["search"]["mode"] == mode)
    return [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in entries]


def url_of(bundle: dict[str, Any], relation: str) -> str:
    return next((str(one["url"]) for one in bundle["link"] if one["relation"] == relation), "")


async def pages(here: Http, bearer: dict[str, str], path: str) -> list[list[str]]:
    """Every page, following the links."""
    told = [await found(here, bearer, path)]
    while url_of(told[-1], "next"):
        told.append(await found(here, bearer, url_of(told[-1], "next").partition("/fhir/")[2]))
        assert len(told) < 50
    return [names(one) for one in told]


def test_matches_hops_and_includes(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            stays = names(await found(here, epj, f"Encounter?patient={patient}"))
            assert stays
            own = f"{here.gateway.public_url}/fhir/Patient/{patient}/_history/1"
            for same in (
                f"patient={own}",
                f"patient=Patient/{patient}",
                f"patient={patient}&status:not=cancelled",
                f"patient={patient}&class:missing=false",
                f"patient={patient}&subject:Patient.family=tang",
                f"patient={patient}&patient.birthdate=lt1983",
                f"patient={patient}&_lastUpdated=ge2000&_content=IMP",
                f"patient={patient}&patient=Patient/{patient}",
                "patient.name:exact=Tangmose",
            ):
                assert names(await found(here, epj, f"Encounter?{same}")) == stays, same
            for none in (
                f"patient={patient}&patient={'0' * 32}",
                f"patient={patient}&subject:Patient.family=berg",
                f"patient={patient}&status=planned",
                f"patient={patient}&_id=other",
            ):
                assert names(await found(here, epj, f"Encounter?{none}")) == [], none
            both = await found(here, epj, f"Encounter?patient={patient}&_include=Encounter:patient")
            assert names(both, "include") == [f"Patient/{patient}"]
            back = await found(here, epj, f"Patient?_id={patient}&_revinclude=Encounter:patient")
            assert names(back, "include") == stays
            wild = await found(here, epj, f"Patient?_id={patient}&_revinclude=*")
            assert set(stays) < set(names(wild, "include"))
            has = await found(here, epj, "Patient?_has:Encounter:patient:class=IMP")
            assert names(has) == [f"Patient/{patient}"]
            assert names(await found(here, epj, "Patient?_has:Encounter:patient:class=AMB")) == []

    run(test)


def test_parts_orders_and_totals(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            every = await found(here, social, f"CarePlan?patient={patient}&_sort=-_lastUpdated,_id")
            times = [one["resource"]["meta"].get("lastUpdated", "") for one in every["entry"]]
            assert times == sorted(times, reverse=True)
            assert every["total"] == len(every["entry"]) > 1
            for counted in ("_summary=count", "_count=0"):
                told = await found(here, social, f"CarePlan?patient={patient}&{counted}")
                assert (told["total"], "entry" in told) == (every["total"], False)
            assert "total" not in await found(here, social, f"CarePlan?patient={patient}&_total=none")
            for path in (
                f"CarePlan?patient={patient}",
                "CarePlan?",
                "Organization?",
                f"Provenance?target=Patient/{patient}",
            ):
                whole = await found(here, social, f"{path}&_total=accurate&_count=500")
                for counted in ("_summary=count", "_count=0"):
                    told = await found(here, social, f"{path}&{counted}&_total=none")
                    assert told["total"] == len(whole["entry"]) > 0, "who asks for nothing else is told it"
            assert "total" not in await found(here, social, "CarePlan?status=active")
            assert (await found(here, social, "CarePlan?_total=accurate"))["total"] == every["total"]
            part = await found(here, social, f"CarePlan?patient={patient}&_elements=title")
            for one in (entry["resource"] for entry in part["entry"]):
                assert {"status", "intent", "subject", "meta", "id"} <= one.keys() <= {
                    "resourceType", "id", "meta", "status", "intent", "subject", "title", "implicitRules",
                }  # fmt: skip
                assert "SUBSETTED" in [tag["code"] for tag in one["meta"]["tag"]]
            text = await found(here, social, f"Patient?_id={patient}&_summary=text")
            assert "name" not in text["entry"][0]["resource"]
            short = await found(here, social, f"Patient?_id={patient}&_summary=true")
            assert "name" in short["entry"][0]["resource"]

    run(test)


def test_what_is_asked_by_url_and_by_form_counts_both(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            whole = names(await found(here, social, f"Goal?patient={patient}"))
            form = social | {"Content-Type": "application/x-www-form-urlencoded"}
            for path, bearer, body, there in (
                (f"patient={patient}", social, b"", whole),  # no body, no type of one
                (f"patient={patient}", form, b"", whole),
                ("", form, f"patient={patient}".encode(), whole),
                ("lifecycle-status:missing=false", form, f"patient={patient}".encode(), whole),
                ("lifecycle-status:missing=false", form, f"patient={patient}&lifecycle-status=x".encode(), []),
                ("", form, b"patient=Group/1", []),
            ):
                told = await here.web.post(f"/fhir/Goal/_search?{path}", headers=bearer, content=body)
                assert (told.status_code, names(told.json())) == (200, there), (path, body)
            for wrong in ({"Content-Type": "application/fhir+json"}, {}):
                told = await here.web.post("/fhir/Goal/_search", headers=social | wrong, content=b"{}")
                assert told.status_code == 415, wrong

    run(test)


def test_pages_hold_everything_once(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            for query in (
                f"CarePlan?patient={patient}",
                f"CarePlan?patient={patient}&_sort=-date,status",
                "CarePlan?intent=plan,order,proposal",
                "CarePlan?_sort=category",
            ):
                whole = names(await found(here, social, f"{query}&_count=500"))
                one_by_one = await pages(here, social, f"{query}&_count=1")
                assert [name for page in one_by_one for name in page] == whole, query
                assert all(len(page) == 1 for page in one_by_one)
            form = {"patient.identifier": f"{CPR}|{NUMBER}", "_count": "1"}
            first = (await here.web.post("/fhir/CarePlan/_search", headers=social, data=form)).json()
            assert NUMBER not in str(first["link"])
            second = await found(here, social, url_of(first, "next").partition("/fhir/")[2])
            assert names(second)[0] not in names(first)

    run(test)


def test_the_next_page_comes_in_the_same_form(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            auditor = await headers(here, "auditor", "HOPERAT")
            goal = names(await found(here, social, f"Goal?patient={patient}"))[0]
            for bearer, path in (
                (social, f"CarePlan?patient={patient}"), (social, "CarePlan?status=active"), (social, "Organization?"),
                (social, f"Patient/{patient}/*?"), (social, f"Patient/{patient}/$everything?"), (social, "CodeSystem?"),
                (social, "CarePlan/_history?"), (social, "Organization/_history?"), (auditor, "AuditEvent?"),
                (social, f"Provenance?target={goal},Patient/{patient}"),
            ):  # fmt: skip
                answer = await here.web.get(f"/fhir/{path}&_count=1&_format=application/fhir%2Bxml", headers=bearer)
                onwards = url_of(parse(answer.content), "next").partition("https://gateway.example")[2]
                if not onwards and path.startswith("Organization/"):
                    continue
                assert onwards.count("_format=") == 1, path
                told = await here.web.get(onwards, headers=bearer)
                assert (told.status_code, told.headers["content-type"][:20]) == (200, "application/fhir+xml"), path
                number = "&_pretty=2512489996" if "AuditEvent" not in path else ""
                plain = (await here.web.get(f"/fhir/{path}&_count=1{number}", headers=bearer)).json()
                assert "_format" not in str(plain["link"])
                assert "2512489996" not in str(plain["link"])
            pretty = (
                await here.web.get(f"/fhir/CarePlan?patient={patient}&_count=1&_pretty=true", headers=social)
            ).json()
            assert "_pretty=true" in url_of(pretty, "next")
            assert "_pretty=true" in url_of(pretty, "self")
            link = url_of(pretty, "next").partition("/fhir/")[2].partition("&")[0]
            for more, status in (
                ("&_format=xml", 200),
                ("&_format=json", 200),
                ("&_count=2", 400),
                ("&_format=ttl", 406),
            ):
                assert (await here.web.get(f"/fhir/{link}{more}", headers=social)).status_code == status, more

    run(test)


def test_a_link_is_its_callers_alone_and_ends(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await arrive(here), await headers(here, "social")
            link = url_of(await found(here, social, f"CarePlan?patient={patient}&_count=1"), "next")
            path = link.partition("/fhir/")[2]
            others = (await headers(here), await headers(here, "social", "HOPERAT"))
            told = [await here.web.get(f"/fhir/{path}", headers=one) for one in others]
            at = path.index("_page=") + 20
            mended = path[:at] + ("A" if path[at] != "A" else "B") + path[at + 1 :]
            told += [
                await here.web.get(f"/fhir/{one}", headers=social) for one in (mended, path[:-4], "CarePlan?_page=")
            ]
            told.append(await here.web.get(f"/fhir/{path.replace('CarePlan', 'Goal')}", headers=social))
            assert {one.status_code for one in told} == {404}
            assert len({str(one.json()["issue"]) for one in told}) == 1
            assert (await here.web.get(f"/fhir/{path}&status=active", headers=social)).status_code == 400
            here.world.clock.now += timedelta(minutes=59)
            assert (await here.web.get(f"/fhir/{path}", headers=await headers(here, "social"))).status_code == 200
            here.world.clock.now += timedelta(minutes=2)
            assert (await here.web.get(f"/fhir/{path}", headers=await headers(here, "social"))).status_code == 410

    run(test)


def test_a_look_at_the_circle_is_on_record(database_url: str) -> None:
    """One record of the search, and one of each citizen of whom anything is told, in a total too."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            nobody = await headers(here, "jobcenter", "HOPERAT")
            for bearer, query, citizens in (
                (epj, "Encounter?status:not=planned", [patient, ""]),
                (epj, "Encounter?status:not=planned&_summary=count", [patient, ""]),
                (epj, "Encounter?status=planned", [""]),
                (nobody, "Encounter?status:not=planned", [""]),
            ):
                last = await here.gateway.database.fetchval("SELECT coalesce(max(id), 0) FROM access_record")
                await found(here, bearer, query)
                rows = await here.gateway.database.fetch("SELECT citizen FROM access_record WHERE id > $1", last)
                assert sorted(row["citizen"] for row in rows) == sorted(citizens), query

    run(test)


HOSTILE = [
    "encounter.encounter.encounter.status=x",
    ".".join(["part-of:CarePlan"] * 10) + ".status=active",
    "_has:Goal:patient:_has:Goal:patient:_has:Goal:patient:status=x",
    "_has:Goal:patient=x",
    "_has:Banana:patient:status=x",
    f"status={','.join(['a'] * 1000)}",
    "date=ge99999-01-01",
    "date=2026-13-01",
    "date=" + "1" * 5000,
    "_sort=banana",
    "_sort=" + ",".join(["date"] * 9),
    "_count=-1",
    "_offset=2",
    "_summary=maybe",
    "_total=perhaps",
    "_elements=a b",
    "_include:recurse=CarePlan:patient",
    "_include=CarePlan:status",
    "goal.lifecycle-status:text.x=1",
    "goal:Patient.name=x",
    "status:in=http://x",
    "status:below=x",
    "part-of:recurse=x",
    "subject:below=x",
    "_has:Provenance:target:agent=x",
    "_revinclude=AuditEvent:entity",
    "&".join(["author:Organization.name=x"] * 11),
    "status=",
    "status:not=",
    "_count=1&_count=2",
    "_summary=text&_include=CarePlan:patient",
    "_contained=true",
    "_list=x",
    "_filter=status eq active)",
    "_filter=status:not eq active",
    "_filter=" + "(" * 60,
    "activity-date=(a+)+$",
    "&".join(["_include=CarePlan:patient"] * 30),
]


def test_hostile_questions_are_refused_with_400(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            social = await headers(here, "social")
            for query in HOSTILE:
                answer = await here.web.get(f"/fhir/CarePlan?{query}", headers=social)
                assert answer.status_code == 400, (query, answer.text)
                assert answer.json()["issue"][0]["diagnostics"]
            for query in (
                "_sort=banana",
                "_summary=maybe",
                "_has:Encounter:service-provider:status=finished",
                "partof.partof.partof.name=x",
            ):
                assert (await here.web.get(f"/fhir/Organization?{query}", headers=social)).status_code == 400, query
            lenient = {**social, "Prefer": "handling=lenient"}
            assert (await here.web.get("/fhir/CarePlan?banana=1", headers=lenient)).status_code == 400

    run(test)


def test_a_reverse_chain_and_everything_take_the_type_that_they_come_to(database_url: str) -> None:
    """What a token may search and not read matches in no `_has` and is no part of `$everything`, and the other way."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            why = {"ihe_iua": {"subject_id": "urn:x|1", "purpose_of_use": ["TREAT"]}}
            for letters, met, told in (("rs", True, True), ("r", False, True), ("s", False, False), ("", False, False)):
                scope = f"system/Patient.rs {f'system/Encounter.{letters}' if letters else ''}".strip()
                bearer = await here.bearer(scope, "epj", extensions=why)
                asked = await found(here, bearer, f"Patient?_id={patient}&_has:Encounter:patient:status=in-progress")
                assert bool(names(asked)) is met, scope
                whole = await here.web.get(f"/fhir/Patient/{patient}/$everything", headers=bearer)
                kinds = {one["resource"]["resourceType"] for one in whole.json()["entry"]}
                assert kinds == ({"Patient", "Encounter"} if told else {"Patient"}), scope
                assert whole.json()["total"] == len(whole.json()["entry"])

    run(test)


def test_a_token_without_a_type_asks_nothing_of_it(database_url: str) -> None:
    """Scope on every hop: what the token may not both read and search neither matches nor is included."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            why = {"ihe_iua": {"subject_id": "urn:x|1", "purpose_of_use": ["TREAT"]}}
            for scope, seen in (
                ("system/Encounter.rs system/Patient.rs", True),
                ("system/Encounter.rs system/Patient.r", False),
                ("system/Encounter.rs system/Patient.s", False),
                ("system/Encounter.rs", False),
            ):
                bearer = await here.bearer(scope, "epj", extensions=why)
                chained = await found(here, bearer, f"Encounter?patient={patient}&patient.family=Tangmose")
                assert bool(names(chained)) is seen, scope
                both = await found(here, bearer, f"Encounter?patient={patient}&_include=Encounter:patient")
                assert names(both)
                assert bool(names(both, "include")) is ("Patient.r" in scope), scope

    run(test)
