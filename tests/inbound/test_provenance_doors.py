"""Provenance: who said each version, when and in which message; the decision is that of its target."""

from __future__ import annotations

from typing import Any

from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, arrive, headers


async def bundle(here: Http, who: dict[str, str], path: str, **params: str) -> list[dict[str, Any]]:
    answer = await here.web.get(path, headers=who, params=params)
    assert answer.status_code == 200, answer.text
    return [one["resource"] for one in answer.json().get("entry", [])]


def test_provenance_tells_who_said_it_when_and_in_which_message(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            epj = await headers(here)
            stay, said = await bundle(here, epj, "/fhir/Encounter", patient=patient, _revinclude="Provenance:target")
            assert said["resourceType"] == "Provenance"
            reference = f"Encounter/{stay['id']}/_history/{stay['meta']['versionId']}"
            assert said["target"] == [{"reference": reference}]
            assert said["entity"] == [{"role": "source", "what": {"identifier": {"value": "M1"}}}]
            assert said["occurredDateTime"].startswith("2025-03-14T07:30:00")
            assert said["recorded"] == here.world.clock().isoformat(timespec="milliseconds")
            author, system = said["agent"]
            assert author["who"]["identifier"] == {"system": "urn:oid:1.2.208.176.1.1", "value": "265161000016000"}
            assert system["who"] == {"display": "regionh-somatik-adt", "type": "Device"}
            assert said["activity"]["coding"][0]["code"] == "CREATE"
            for target in (f"Encounter/{stay['id']}", reference):
                (one,) = await bundle(here, epj, "/fhir/Provenance", target=target)
                assert one == said
            read = await here.web.get(f"/fhir/Provenance/{said['id']}", headers=epj)
            assert read.json() == said
            (own,) = await bundle(here, epj, "/fhir/Provenance", patient=patient)
            assert own["target"][0]["reference"].startswith("Patient/")

    run(test)


def test_who_may_not_see_the_target_is_told_nothing_of_who_said_it(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            epj = await headers(here)
            jobcenter = await headers(here, "jobcenter", "HOPERAT")
            stay, said = await bundle(here, epj, "/fhir/Encounter", patient=patient, _revinclude="Provenance:target")
            hidden = await here.web.get(f"/fhir/Provenance/{said['id']}", headers=jobcenter)
            nowhere = await here.web.get("/fhir/Provenance/Encounter.none.1", headers=jobcenter)
            assert (hidden.status_code, hidden.json()) == (nowhere.status_code, nowhere.json())
            assert hidden.status_code == 404
            assert await bundle(here, jobcenter, "/fhir/Provenance", target=f"Encounter/{stay['id']}") == []
            assert (
                await bundle(here, jobcenter, "/fhir/Encounter", patient=patient, _revinclude="Provenance:target") == []
            )
            without = await here.bearer("system/Encounter.rs", "epj")
            answer = await here.web.get(f"/fhir/Provenance/{said['id']}", headers=without)
            assert answer.status_code == 403
            answer = await here.web.get("/fhir/Provenance", headers=epj)
            assert answer.status_code == 400
            for method, path in (("POST", "/fhir/Provenance"), ("PUT", f"/fhir/Provenance/{said['id']}")):
                answer = await here.web.request(method, path, headers=epj, json=said)
                assert answer.status_code in (404, 405)
            for odd in ("Encounter.x.0", "Encounter", "..1", f"Binary.{stay['id']}.1", "Encounter.a.99999999"):
                answer = await here.web.get(f"/fhir/Provenance/{odd}", headers=epj)
                assert answer.status_code == 404, odd

    run(test)


def test_the_hospital_of_a_stay_is_included_from_the_directory(database_url: str) -> None:
    """A message names it by its SOR number alone."""

    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient = await arrive(here)
            epj = await headers(here)
            for include in ("Encounter:service-provider", "Encounter:service-provider:Organization"):
                stay, hospital = await bundle(here, epj, "/fhir/Encounter", patient=patient, _include=include)
                number = stay["serviceProvider"]["identifier"]["value"]
                assert (hospital["resourceType"], hospital["name"]) == ("Organization", "Herlev og Gentofte Hospital")
                assert number in [one["value"] for one in hospital["identifier"]]
            (alone,) = await bundle(
                here, epj, "/fhir/Encounter", patient=patient, _include="Encounter:service-provider:Location"
            )
            assert alone["resourceType"] == "Encounter"

    run(test)
