"""Exports of a part: `_typeFilter`, and the address of the server. http://hl7.org/fhir/uv/bulkdata/STU2/export.html"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from tests.attack.test_hidden_elements import CITY, two
from tests.attack.world import _ALL, CAST, SARAH, doors, kl_id
from tests.inbound.http_world import run
from tests.inbound.test_bulk_export import ASYNC, BASE, PSYK, begun, call, exported, lines, made, names, town


def test_what_is_no_filter_is_refused_without_its_value(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            for query in (
                "", "Goal", "Goal?", "Goal?status=active", "Goal?_count=5", "Goal?_include=Goal:subject",
                "Goal?_sort=_id", "Goal?patient.name=x", "Goal?_has:Task:patient:status=x", "Practitioner?name=x",
                "AuditEvent?date=2025", f"Patient?identifier={SARAH}", f"Goal?patient.identifier={SARAH}",
                f"Goal?patient:identifier=urn:oid:1.2.208.176.1.2|{SARAH}", f"Goal?subject:identifier={SARAH}",
                "Encounter?service-provider:below=x", "Encounter?part-of:above=x", "Goal?start-date=yesterday",
                "Goal?_filter=patient.name eq x", "Goal?_filter=lifecycle-status eq active",
                ",".join(["Goal?lifecycle-status=active"] * 21),
            ):  # fmt: skip
                told = await here.get(PSYK, f"Patient/$export?_typeFilter={quote(query)}", headers=ASYNC)
                assert told.status == 400, (query, told.body)
                assert SARAH.encode() not in told.body
            for query, status in (
                ("Goal?lifecycle-status=active,completed,Goal?lifecycle-status=on-hold", 202),
                ("Goal?lifecycle-status:other=x", 400), ("Encounter?status=finished", 400),
                (f"Goal?patient=Patient/{'0' * 32}", 202),
            ):  # fmt: skip
                told = await here.get(PSYK, f"Patient/$export?_type=Goal&_typeFilter={quote(query)}", headers=ASYNC)
                assert told.status == status, (query, told.body)

    run(test)


def test_a_filter_leaves_what_a_search_would_find(database_url: str) -> None:
    async def test() -> None:
        async with town(database_url) as here:
            every = await exported(here, "social")
            one, other = kl_id("Goal", "g"), kl_id("Goal", "h")
            assert {one, other} <= {body["id"] for body in every["Goal"]}
            for query, left in (
                ("Goal?_content=bolig", {one}),
                ("Goal?lifecycle-status=active,completed", {body["id"] for body in every["Goal"]}),
                ("Goal?lifecycle-status=completed", set()),
                ("Goal?lifecycle-status:not=completed", {body["id"] for body in every["Goal"]}),
                (f"Goal?_id={one},nobody", {one}),
                (f"Goal?_id={one}&lifecycle-status=completed", set()),
                (f"Goal?_id={one},Goal?_id={other}", {one, other}),
            ):
                found = await exported(here, "social", f"?_typeFilter={quote(query)}")
                assert {body["id"] for body in found.get("Goal", [])} == left, query
                assert found["CarePlan"] == every["CarePlan"], "what no filter is of comes whole"
            asked = (await here.records(interaction="export", client="social"))[0].query
            await begun(here, "social", f"?_typeFilter={quote('Goal?_content=bolig')}")
            told = [one.query for one in await here.records(interaction="export", client="social")]
            assert any(query.endswith("_typeFilter=Goal") for query in told), asked
            assert not any("bolig" in query for query in told)

    run(test)


def test_a_filter_finds_nothing_out_about_what_is_taken_away(database_url: str) -> None:
    """An address that this reader may not see is found by no search, and so by no filter."""
    cast = [
        replace(one, sends=(*one.sends, "regionh-psyk-adt"), scopes=_ALL) if one.id == "jobcenter" else one
        for one in CAST
    ]

    async def test() -> None:
        async with doors(database_url, *cast) as here:
            sarah, ask = await two(here)
            for who, whom in (("social", {sarah}), ("jobcenter", set[str]())):
                assert {one["id"] for one in (await exported(here, who, "?_type=Patient"))["Patient"]} >= {sarah}
                narrowed = await exported(here, who, f"?_type=Patient&_typeFilter=Patient%3Faddress-city%3D{CITY}")
                assert {one["id"] for one in narrowed.get("Patient", [])} == whom, who
            missing = f"?_type=Patient&_typeFilter={quote('Patient?address-city:missing=true')}"
            assert sarah in {one["id"] for one in (await exported(here, "jobcenter", missing))["Patient"]}
            assert ask not in {one["id"] for one in (await exported(here, "social", missing)).get("Patient", [])}

    run(test)


def test_at_the_address_of_the_server_it_is_of_the_circle_too(database_url: str) -> None:
    async def test() -> None:
        async with town(database_url) as here:
            of_citizens = await exported(here, PSYK)
            told = await here.get(PSYK, "$export", headers=ASYNC)
            assert told.status == 202, told.body
            path = told.headers["content-location"].removeprefix(BASE)
            manifest = await made(here, PSYK, path)
            assert manifest["request"] == f"{BASE}/fhir/$export"
            assert names(await lines(here, PSYK, manifest)) == names(of_citizens)
            assert (await call(here, "GET", path, "social")).status == 404
            none = await here.get(PSYK, "Group/everybody/$export", headers=ASYNC)
            assert none.status == 404

    run(test)
