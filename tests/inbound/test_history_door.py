"""History of a resource and of a type, and $everything, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.domain.identifier import CPR
from gateway.translate.fhir import parse
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, NUMBER, admission, arrive, headers
from tests.inbound.test_search_door import found, names, url_of

ABSENT = "f" * 32


async def grown(here: Http) -> str:
    """A citizen whose stay has several versions."""
    patient = await arrive(here)
    for number, (event, code) in enumerate((("A21", "20250316083000"), ("A22", "20250317083000")), 2):
        here.world.clock.now += timedelta(hours=1)
        raw = (
            admission(f"M{number}")
            .replace(b"A01", event.encode())
            .replace(b"EVN|" + event.encode() + b"|20250314083000", b"EVN|" + event.encode() + b"|" + code.encode())
        )
        er7 = {**await headers(here), "Content-Type": "application/hl7-v2"}
        told = await here.web.post("/messages/hl7v2", headers=er7, content=raw)
        assert told.status_code == 200, told.text
    return patient


def versions(bundle: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["resource"]["id"], one["resource"]["meta"]["versionId"]) for one in bundle.get("entry", [])]


def test_versions_of_one_newest_first(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await grown(here), await headers(here)
            (stay,) = names(await found(here, epj, f"Encounter?patient={patient}"))
            whole = await found(here, epj, f"{stay}/_history")
            numbers = [int(version) for _, version in versions(whole)]
            assert numbers == sorted(numbers, reverse=True) == list(range(len(numbers), 0, -1))
            assert whole["total"] == len(numbers) > 2
            assert (whole["type"], whole["entry"][-1]["request"]["method"]) == ("history", "POST")
            assert whole["entry"][0]["request"] == {"method": "PUT", "url": stay}
            assert whole["entry"][0]["response"]["etag"] == f'W/"{numbers[0]}"'
            for entry in whole["entry"]:
                read = await here.web.get(
                    f"/fhir/{stay}/_history/{entry['resource']['meta']['versionId']}", headers=epj
                )
                assert read.json() == entry["resource"]
            page = await found(here, epj, f"{stay}/_history?_count=1")
            told = versions(page)
            while url_of(page, "next"):
                page = await found(here, epj, url_of(page, "next").partition("/fhir/")[2])
                told += versions(page)
            assert told == versions(whole)
            last = whole["entry"][0]["resource"]["meta"]["lastUpdated"]
            since = {"_since": last}
            fresh = (await here.web.get(f"/fhir/{stay}/_history", params=since, headers=epj)).json()
            assert [version for _, version in versions(fresh)] == [str(numbers[0])]
            at = {"_at": whole["entry"][-1]["resource"]["meta"]["lastUpdated"]}
            stood = (await here.web.get(f"/fhir/{stay}/_history", params=at, headers=epj)).json()
            assert str(numbers[0]) not in [version for _, version in versions(stood)]
            later = await found(here, epj, f"{stay}/_history?_since=2999-01-01")
            assert (later["total"], "entry" in later) == (0, False)

    run(test)


def test_history_of_a_type(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await grown(here), await headers(here)
            whole = await found(here, epj, f"Encounter/_history?patient={patient}")
            assert versions(whole) == versions(await found(here, epj, "Encounter/_history"))
            told = await here.web.get(
                "/fhir/Encounter/_history", params={"patient.identifier": f"{CPR}|{NUMBER}", "_count": "1"}, headers=epj
            )
            assert NUMBER not in str(told.json()["link"])
            assert versions(told.json()) == versions(whole)[:1]
            second = await found(here, epj, url_of(told.json(), "next").partition("/fhir/")[2])
            assert versions(second) == versions(whole)[1:2]
            assert "entry" not in await found(here, await headers(here, "jobcenter", "HOPERAT"), "Encounter/_history")
            for query in ("status=x", "_sort=date", "_count=0", "_since=never", "_include=Encounter:patient"):
                refused = await here.web.get(f"/fhir/Encounter/_history?{query}", headers=epj)
                assert refused.status_code == 400, query
            assert (await here.web.get("/fhir/_history", headers=epj)).status_code == 404

    run(test)


def test_history_of_the_hidden_and_of_nothing(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await grown(here), await headers(here)
            (stay,) = names(await found(here, epj, f"Encounter?patient={patient}"))
            other = {**await headers(here, "jobcenter", "HOPERAT"), "X-Request-Id": "same"}
            size = "SELECT count(*) FROM access_record"
            grown_by = []
            for number in (NUMBER, "2512489996"):
                before = await here.gateway.database.fetchval(size)
                form = {"patient.identifier": f"{CPR}|{number}"}
                told = await here.web.get("/fhir/Encounter/_history", params=form, headers=other)
                assert "entry" not in told.json()
                grown_by.append(await here.gateway.database.fetchval(size) - before)
            assert grown_by == [1, 1], "the growing log tells nobody who is there"
            for number in (NUMBER, f"{NUMBER}\0"):
                form = {"patient.identifier": f"{CPR}|{number}"}
                told = await here.web.get("/fhir/Encounter/_history", params=form, headers=epj)
                assert len(told.json()["entry"]) > 0, "as a search finds them"
            await here.web.get(f"/fhir/{stay}/_history", headers=other)
            last = "SELECT citizen FROM access_record ORDER BY id DESC LIMIT 1"
            assert await here.gateway.database.fetchval(last) == patient, "a refused look is a look at somebody"
            await here.web.get(f"/fhir/Patient/{patient}/$everything", headers=other)
            assert await here.gateway.database.fetchval(last) == patient
            for query in ("", "?_since=2999", "?_count=1"):
                one = await here.web.get(f"/fhir/{stay}/_history{query}", headers=other)
                two = await here.web.get(f"/fhir/Encounter/{ABSENT}/_history{query}", headers=other)
                assert (one.status_code, one.headers, one.content) == (404, two.headers, two.content)
            for kind in ("Patient", "CarePlan"):
                one = await here.web.get(f"/fhir/{kind}/{patient}/$everything", headers=other)
                two = await here.web.get(f"/fhir/{kind}/{ABSENT}/$everything", headers=other)
                assert (one.status_code, one.headers, one.content) == (404, two.headers, two.content)

    run(test)


def test_everything_of_a_citizen_and_of_a_plan(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await grown(here), await headers(here, "social")
            whole = await found(here, social, f"Patient/{patient}/$everything")
            told = names(whole)
            assert told[0] == f"Patient/{patient}"
            assert whole["total"] == len(told) == len(set(told))
            kinds = {name.partition("/")[0] for name in told}
            searched: set[str] = set()
            for kind in kinds - {"Patient"}:
                searched |= {
                    one for one in names(await found(here, social, f"{kind}?patient={patient}")) if "joint-" not in one
                }
            assert set(told) == searched | {f"Patient/{patient}"}
            form = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Goal,CarePlan"}]}
            post = await here.web.post(f"/fhir/Patient/{patient}/$everything", headers=social, json=form)
            assert names(post.json()) == [one for one in told if one.startswith(("Goal/", "CarePlan/"))]
            page = await found(here, social, f"Patient/{patient}/$everything?_count=2")
            walked = names(page)
            while url_of(page, "next"):
                page = await found(here, social, url_of(page, "next").partition("/fhir/")[2])
                assert page["total"] == whole["total"]
                walked += names(page)
            assert walked == told
            none = await found(here, social, f"Patient/{patient}/$everything?_since=2999")
            assert (none["total"], "entry" in none) == (0, False)
            joint = names(await found(here, social, f"CarePlan/joint-{patient}/$everything"))
            assert set(joint) == {*told, f"CarePlan/joint-{patient}", f"CareTeam/joint-{patient}"}
            plan = next(one for one in told if one.startswith("CarePlan/"))
            near = names(await found(here, social, f"{plan}/$everything"))
            assert near[0] == plan
            assert set(near) <= set(told)
            refused = await here.web.get(f"/fhir/Patient/{patient}/$everything?banana=1", headers=social)
            assert refused.status_code == 400

    run(test)


def test_what_is_asked_of_a_history_and_of_everything(database_url: str) -> None:
    """A time takes no prefix, nothing is told in two ways, and a list may be: none of it is left out in silence."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await grown(here), await headers(here)
            (stay,) = names(await found(here, epj, f"Encounter?patient={patient}"))
            place = (await found(here, epj, "Organization?_count=1"))["entry"][0]["resource"]["id"]
            histories = (f"{stay}/_history", f"Encounter/_history?patient={patient}", "Encounter/_history",
                         f"Organization/{place}/_history", "Organization/_history")  # fmt: skip
            for path in histories:
                mark = "&" if "?" in path else "?"
                for wrong in ("_since=gt2025", "_at=lt2025", "_since=2025&_since=2026", "_at=2025&_at=2026", "_count=0",
                              "_count=1&_count=2", "_summary=count", "_sort=_lastUpdated", "status=finished",
                              "_total=none"):  # fmt: skip
                    answer = await here.web.get(f"/fhir/{path}{mark}{wrong}", headers=epj)
                    assert answer.status_code == 400, (path, wrong)
                    told = answer.json()["issue"][0]["diagnostics"]
                    assert wrong.partition("=")[0] in told, (path, wrong, told)
                whole = await found(here, epj, f"{path}{mark}_count=500")
                part = await found(here, epj, f"{path}{mark}_count=500&_elements=status&_elements=partOf")
                assert len(part.get("entry", ())) == len(whole.get("entry", ()))
                for one, cut in zip(whole.get("entry", ()), part.get("entry", ()), strict=True):
                    assert "SUBSETTED" in str(cut["resource"]["meta"])
                    assert cut["resource"].keys() <= one["resource"].keys() | {"meta"}
                    assert {k: v for k, v in cut.items() if k != "resource"} == {
                        k: v for k, v in one.items() if k != "resource"
                    }
                xml = await here.web.get(f"/fhir/{path}{mark}_count=500&_format=xml", headers=epj)
                assert parse(xml.content) == whole

    run(test)


def test_the_types_and_times_of_everything(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, social = await grown(here), await headers(here, "social")
            path = f"Patient/{patient}/$everything"
            whole = names(await found(here, social, path))
            both = [one for one in whole if one.startswith(("Goal/", "CarePlan/"))]
            assert names(await found(here, social, f"{path}?_type=Goal&_type=CarePlan")) == both
            types = [{"name": "_type", "valueCode": "Goal"}, {"name": "_type", "valueCode": "CarePlan"}]
            form = {"resourceType": "Parameters", "parameter": types}
            post = await here.web.post(f"/fhir/{path}", headers=social, json=form)
            assert names(post.json()) == both
            page = await found(here, social, f"{path}?_type=Goal&_type=CarePlan&_count=1&_elements=status")
            walked = list(page["entry"])
            while url_of(page, "next"):
                page = await found(here, social, url_of(page, "next").partition("/fhir/")[2])
                walked += page["entry"]
            assert [one["resource"]["id"] for one in walked] == [one.partition("/")[2] for one in both]
            assert all("SUBSETTED" in str(one["resource"]["meta"]) for one in walked)
            for wrong in ("_since=ge2020", "start=ge2020", "end=lt2030", "start=2020&start=2021", "_count=0",
                          "_count=1&_count=2", "_type=Practitioner", "_type=Banana", "_type=", "_summary=count",
                          "_type=Goal&_type=AuditEvent", "_summary=x"):  # fmt: skip
                answer = await here.web.get(f"/fhir/{path}?{wrong}", headers=social)
                assert answer.status_code == 400, wrong
                assert f"At {wrong.partition('=')[0]}" in answer.json()["issue"][0]["diagnostics"]
            xml = await here.web.get(f"/fhir/{path}?_format=xml", headers=social)
            assert parse(xml.content) == await found(here, social, path)

    run(test)
