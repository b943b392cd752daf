"""A transaction that is sent again under its number is answered with what stands now: a look like every other."""

from __future__ import annotations

from typing import Any

from tests.attack.test_rest_writes import second
from tests.inbound.http_world import run
from tests.inbound.rest_world import rest
from tests.inbound.test_rest_bundles import bundle, entry


def test_it_stands_in_the_list_of_each_citizen_whom_it_shows(database_url: str) -> None:
    """Otherwise a Bundle of long ago, sent day by day, would watch a citizen whom no list tells of it."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            goals = [
                entry("POST", "Goal", here.goal(subject={"reference": f"Patient/{who}"}))
                for who in (here.patient, other)
            ]
            staff = entry("POST", "Practitioner", {"resourceType": "Practitioner", "name": [{"family": "Bo"}]})
            sent = bundle("transaction", *goals, staff) | {
                "identifier": {"system": "https://e.example/b", "value": "1"}
            }
            told: list[Any] = []
            for _ in range(2):
                before = len(await here.records())
                answer = await here.call("POST", "", sent, who="social", Prefer="return=representation")
                assert answer.status_code == 200, answer.text
                records = (await here.records())[before:]
                told.append((answer.json()["entry"], sorted((one.citizen, one.resources) for one in records)))
            (first, once), (again, twice) = told
            assert first == again
            assert [one["resource"]["resourceType"] for one in again] == ["Goal", "Goal", "Practitioner"]
            assert [citizen for citizen, _ in twice] == sorted(["", here.patient, other])
            assert once[1:] == twice[1:]

    run(test)
