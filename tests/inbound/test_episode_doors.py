"""EpisodeOfCare through the doors: made of the stays of one number, read, searched and included like every part."""

from __future__ import annotations

from gateway.domain.identifier import CPR
from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import CLIENTS, FIXTURES, NUMBER, arrive, headers


def test_an_episode_is_read_and_searched_and_who_may_not_see_stays_sees_none(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, web = await arrive(here), here.web
            epj, jobcenter = await headers(here), await headers(here, "jobcenter", "HOPERAT")
            raw = (FIXTURES / "medcom" / "stin.json").read_bytes().replace(b"2509479989", NUMBER.encode())
            answer = await web.post(
                "/fhir/$process-message", headers={**epj, "Content-Type": "application/fhir+json"}, content=raw
            )
            assert answer.status_code == 200, answer.text
            found = await web.post(
                "/fhir/EpisodeOfCare/_search", headers=epj, data={"patient.identifier": f"{CPR}|{NUMBER}"}
            )
            (episode,) = [one["resource"] for one in found.json()["entry"]]
            assert episode["patient"] == {"reference": f"Patient/{patient}"}
            number = episode["identifier"][0]["value"]
            named = await web.get("/fhir/EpisodeOfCare", headers=epj, params={"patient": patient, "identifier": number})
            assert named.json()["total"] == 1
            read = await web.get(f"/fhir/EpisodeOfCare/{episode['id']}", headers=epj)
            assert read.json() == episode
            hidden = await web.get(f"/fhir/EpisodeOfCare/{episode['id']}", headers=jobcenter)
            assert hidden.status_code == 404

    run(test)
