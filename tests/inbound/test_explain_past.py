"""`$explain-access` of the past takes what was known then: of the citizen, of who is the same citizen, of systems."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.flows.registrations import note_registrations
from gateway.inbound.clients import Client, Clients, registered
from tests.attack.test_hidden_elements import EVERYTHING, living
from tests.attack.test_history import NUMBER, X_ECPR, merged, unknown, with_field
from tests.attack.world import CAST, SARAH, Doors, bodies, consent, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run
from tests.inbound.test_explain_door import decisions, question

CITY = "Skjulested"
JOBCENTER = next(one for one in CAST if one.id == "jobcenter")


async def ask(here: Doors, **asked: Any) -> Any:
    """An auditor asks why the jobcenter may see, or may not."""
    body = question(**{"client": "jobcenter", "purpose": "ELIGDTRM", "patient": f"Patient/{patient_of(SARAH)}"} | asked)
    headers = await here.bearer("auditor") | {"Content-Type": "application/fhir+json"}
    return await here.http.web.post("/fhir/$explain-access", headers=headers, content=json.dumps(body))


def notes(answer: Any) -> list[str]:
    return [one["valueString"] for one in answer.json()["parameter"] if one["name"] == "note"]


def tick(here: Doors) -> str:
    """A moment between two: an hour on either side."""
    clock = here.http.world.clock
    clock.forward(3600)
    moment = clock().isoformat()
    clock.forward(3600)
    return str(moment)


async def known(here: Doors, *clients: Client) -> None:
    await note_registrations(here.http.gateway, registered(clients))


async def open_to_the_jobcenter(here: Doors) -> None:
    assert (await here.write("social", consent(patient_of(SARAH), "permit", provision=EVERYTHING))).status == 201


def protected(message: bytes) -> bytes:
    return with_field(message.replace(b"\rPV1", b"\rPD1|\rPV1"), b"PD1", 12, b"Y")


def test_an_address_that_was_protected_later(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await known(here, *CAST)
            await here.arrive(("social", order(SARAH, plan(), patient=living(SARAH, CITY))), ("psyk", stay(SARAH)))
            await open_to_the_jobcenter(here)
            before = tick(here)
            await here.arrive(("psyk", protected(stay(SARAH, "A08", 2))))
            after = tick(here)
            person = f"Patient/{patient_of(SARAH)}"
            then, since, now = [
                decisions(await ask(here, **when))[person] for when in ({"when": before}, {"when": after}, {})
            ]
            assert [one["outcome"] for one in (then, since, now)] == ["permit"] * 3
            assert not then["redaction"]
            assert since["redaction"] == now["redaction"]
            assert any("address" in path for path in since["redaction"])

    run(test)


def test_two_identities_that_became_one_later_were_two(database_url: str) -> None:
    number = {"identifier": [{"system": X_ECPR, "value": NUMBER}]}

    async def test() -> None:
        async with doors(database_url) as here:
            await known(here, *CAST)
            await here.arrive(
                ("social", order(SARAH, plan(), patient=living(SARAH, CITY))),
                ("social", order(SARAH, plan("hers"), patient=number, number="2")),
                ("psyk", protected(unknown(stay(SARAH)))),
            )
            await open_to_the_jobcenter(here)
            before = tick(here)
            await here.arrive(("psyk", merged(7)))
            tick(here)
            person = f"Patient/{patient_of(SARAH)}"
            then, now = decisions(await ask(here, when=before)), decisions(await ask(here))
            assert not then[person]["redaction"], "the protected one was somebody else"
            assert any("address" in path for path in now[person]["redaction"])
            others = now.keys() - then.keys()
            assert any(one.startswith("Encounter/") for one in others)
            assert any(one.startswith("Patient/") for one in others)
            (other,) = [one for one in others if one.startswith("Patient/")]
            theirs = decisions(await ask(here, patient=other, when=before))
            assert person not in theirs
            assert any(one.startswith("Encounter/") for one in theirs)

    run(test)


def test_a_system_that_was_registered_later_could_see_nothing(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            others = [one for one in CAST if one is not JOBCENTER]
            early = tick(here)
            await known(here, *others)
            await here.arrive(("social", order(SARAH, plan(), patient=living(SARAH, CITY))), ("psyk", stay(SARAH)))
            await open_to_the_jobcenter(here)
            before = tick(here)
            await known(here, *CAST)
            after = tick(here)
            then = await ask(here, when=before)
            assert {one["outcome"] for one in decisions(then).values()} == {"deny"}
            assert {one["reason"] for one in decisions(then).values()} == {"not-registered"}
            assert "not registered then" in notes(then)[0]
            since = await ask(here, when=after)
            assert "permit" in {one["outcome"] for one in decisions(since).values()}
            assert not notes(since)
            assert not notes(await ask(here))
            assert (await ask(here, when=early)).status_code == 404, "nothing was known of the citizen"

    run(test)


def test_before_anything_was_noted_it_is_taken_as_it_is_now(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(("social", order(SARAH, plan(), patient=living(SARAH, CITY))))
            await open_to_the_jobcenter(here)
            before = tick(here)
            await known(here, *[one for one in CAST if one is not JOBCENTER])
            tick(here)
            then = await ask(here, when=before)
            assert "permit" in {one["outcome"] for one in decisions(then).values()}
            assert "was not noted" in notes(then)[0]

    run(test)


def test_what_a_system_was_registered_for_and_whose_the_data_were(database_url: str) -> None:
    """It sends as another source since, has another role since, and is registered no more at last."""

    async def test() -> None:
        was = replace(JOBCENTER, id="gone", role="social", purposes=("COC",), sends=("koebenhavn-ffb",))
        async with doors(database_url) as here:
            rest = [one for one in CAST if one.id not in ("jobcenter", "social")]
            await here.arrive(("social", order(SARAH, plan(), patient=living(SARAH, CITY))))
            await known(here, *rest, was)
            before = tick(here)
            await known(here, *rest, replace(was, role="jobcenter", sends=()))
            after = tick(here)
            await known(here, *rest)
            at_last = tick(here)
            found = await here.get("social", f"CarePlan?patient={patient_of(SARAH)}")
            (own_plan,) = [f"CarePlan/{one['id']}" for one in bodies(found) if not one["id"].startswith("joint")]
            asked = {"client": "gone", "purpose": "COC"}
            own = decisions(await ask(here, **asked, when=before))[own_plan]
            assert (own["outcome"], own["basis"]) == ("permit", "own")
            answer = await ask(here, **asked, when=after)
            (reader,) = [one["part"] for one in answer.json()["parameter"] if one["name"] == "reader"]
            assert {"name": "role", "valueCode": "jobcenter"} in reader
            assert decisions(answer)[own_plan]["outcome"] == "deny"
            for when in ({"when": at_last}, {}):
                assert (await ask(here, **asked, **when)).status_code == 400, "nobody knows it"

    run(test)


@pytest.mark.parametrize("times", [1, 2])
def test_the_same_again_is_noted_once(database_url: str, times: int) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            gateway = here.http.gateway
            assert await note_registrations(gateway, registered(CAST)) == len(CAST)
            for _ in range(times):
                tick(here)
                assert await note_registrations(gateway, registered(Clients(CAST))) == 0
            assert await note_registrations(gateway, registered(CAST[1:])) == 1
            tick(here)
            assert await note_registrations(gateway, registered(CAST[1:])) == 0

    run(test)
