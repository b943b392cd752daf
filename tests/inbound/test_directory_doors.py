"""The directory by HTTP: every interaction, and what a client without a source or a scope gets."""

from __future__ import annotations

from dataclasses import replace

from gateway.inbound.scopes import Scope
from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import HOSPITAL, JOBCENTER, SOCIAL, headers

ALL = Scope("*", "cruds")
CLIENTS = tuple(replace(one, scopes=(*one.scopes, ALL)) for one in (HOSPITAL, SOCIAL, JOBCENTER))
NUMBER = {"system": "https://www.sst.dk/autorisation", "value": "0ABCD"}


def test_the_life_of_a_practitioner(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            epj, web = await headers(here), here.web
            body = {"resourceType": "Practitioner", "identifier": [NUMBER], "name": [{"family": "Prøve"}]}
            once = epj | {"If-None-Exist": "identifier=https://www.sst.dk/autorisation|0ABCD"}
            made = await web.post("/fhir/Practitioner", headers=once, json=body)
            assert made.status_code == 201, made.text
            place = "/fhir/Practitioner/" + made.json()["id"]
            assert made.headers["location"].endswith(f"{place}/_history/1")
            again = await web.post("/fhir/Practitioner", headers=once, json=body)
            assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
            assert (await web.put(place, headers=epj, json=made.json())).status_code == 428
            first = epj | {"If-Match": made.headers["etag"]}
            changed = await web.put(place, headers=first, json=made.json() | {"active": True})
            assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
            patch = first | {"Content-Type": "application/json-patch+json", "If-Match": 'W/"2"'}
            operations = '[{"op": "replace", "path": "/active", "value": false}]'
            patched = await web.patch(place, headers=patch, content=operations)
            assert (patched.status_code, patched.json()["active"]) == (200, False)
            stale = await web.put(place, headers=first, json=made.json())
            assert stale.status_code == 412
            xml = await web.get(place, headers=epj | {"Accept": "application/fhir+xml"})
            assert b"<family value=" in xml.content
            old = await web.get(f"{place}/_history/1", headers=epj)
            assert "active" not in old.json()
            assert (await web.delete(place, headers=epj | {"If-Match": 'W/"3"'})).status_code == 204
            gone = await web.get(place, headers=epj)
            assert gone.status_code == 410
            told = await web.get(f"{place}/_history", headers=epj)
            assert [one["request"]["method"] for one in told.json()["entry"]] == ["DELETE", "PUT", "PUT", "POST"]

    run(test)


def test_whose_it_is_and_who_may_look(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            social, jobcenter, web = (
                await headers(here, "social"),
                await headers(here, "jobcenter", "HOPERAT"),
                here.web,
            )
            body = {"resourceType": "Location", "name": "Krisecenter", "address": {"city": "Hemmelig"}}
            made = await web.post("/fhir/Location", headers=social, json=body)
            place = "/fhir/Location/" + made.json()["id"]
            nowhere = await web.get("/fhir/Location/none", headers=jobcenter)
            for method in ("GET", "DELETE"):
                answer = await web.request(method, place, headers=jobcenter)
                assert answer.status_code == 404
                assert b"Hemmelig" not in answer.content
            assert (await web.get(place, headers=jobcenter)).json() == nowhere.json()
            found = await web.get("/fhir/Location", headers=jobcenter, params={"address-city": "hemmelig"})
            assert found.json()["total"] == 0
            sendless = await web.post("/fhir/Location", headers=jobcenter, json=body | {"name": "Hus"})
            assert sendless.status_code == 403
            other = await web.put(place, headers=await headers(here) | {"If-Match": '"1"'}, json=made.json())
            assert other.status_code == 403  # who treats may see it; whose it is may change it
            less = await here.bearer("system/Goal.rs", "social")
            assert (await web.get(place, headers=less)).status_code == 403

    run(test)
