"""What is blacked out in a resource that may be seen is found by no parameter, no order and no word (L07, L08, L18)."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.identifier import CPR
from tests.attack.test_history import with_field
from tests.attack.world import ASK, REASON, SARAH, Doors, bodies, consent, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run
from tests.inbound.rest_world import rest

CITY = "Skjulested"
EVERYTHING = {"purpose": [{"system": REASON, "code": "ELIGDTRM"}]}
PSY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}


def living(cpr: str, city: str) -> dict[str, Any]:
    address = {"line": ["Vej 7"], "city": city, "postalCode": "9990" if city == CITY else "1000"}
    return {"identifier": [{"system": CPR, "value": cpr}], "address": [address]}


async def two(here: Doors) -> tuple[str, str]:
    """Both let the job centre see everything; her address is protected, and his is not."""
    protected = with_field(stay(SARAH).replace(b"\rPV1", b"\rPD1|\rPV1"), b"PD1", 12, b"Y")
    await here.arrive(
        ("social", order(SARAH, plan(), patient=living(SARAH, CITY))),
        ("social", order(ASK, plan("his"), number="2", patient=living(ASK, "Aarup"))),
        ("psyk", protected),
    )
    for one in (SARAH, ASK):
        said = await here.write("social", consent(patient_of(one), "permit", provision=EVERYTHING))
        assert said.status == 201, said.body
    here.http.world.clock.forward(1)
    return patient_of(SARAH), patient_of(ASK)


async def found(here: Doors, who: str, query: str) -> list[str]:
    told = await here.get(who, query)
    assert told.status == 200, (query, told.body)
    return [str(one["id"]) for one in bodies(told)]


def test_an_address_that_is_blacked_out_is_neither_found_nor_ordered_by(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            sarah, ask = await two(here)
            both = f"Patient?_id={sarah},{ask}"
            assert set(await found(here, "jobcenter", both)) == {sarah, ask}
            assert CITY.encode() not in (await here.get("jobcenter", both)).body
            for asked in (
                f"address-city={CITY}", f"address={CITY}", f"address:contains={CITY[2:]}", f"address-city:exact={CITY}",
                "address-postalcode=9990", f"_content={CITY}", f"_text={CITY}",
            ):  # fmt: skip
                assert await found(here, "jobcenter", f"{both}&{asked}") == [], asked
                if not asked.startswith("_text"):
                    assert await found(here, "social", f"{both}&{asked}") == [sarah], asked
            for asked, told in (("address-city:missing=true", [sarah]), ("address-city:missing=false", [ask])):
                assert await found(here, "jobcenter", f"{both}&{asked}") == told, asked
            for one in ("address-city", "-address-city", "address-postalcode", "-address-postalcode"):
                assert await found(here, "jobcenter", f"{both}&_sort={one}") == [ask, sarah], one
            assert await found(here, "social", f"{both}&_sort=-address-city") == [sarah, ask]
            hop = f"CarePlan?patient={sarah}&subject:Patient.address-city={CITY}"
            assert await found(here, "jobcenter", hop) == []
            assert len(await found(here, "social", hop)) >= 1

    run(test)


def test_a_condition_finds_nothing_by_it_either(database_url: str) -> None:
    """A create under a condition would tell by making nothing."""

    async def test() -> None:
        async with doors(database_url) as here:
            sarah, _ = await two(here)
            for city in (CITY, "Nowhere"):
                asked = f"patient={sarah}&subject:Patient.address-city={city}"
                told = await here.get("jobcenter", f"CarePlan?{asked}&_summary=count")
                assert told.json()["total"] == 0

    run(test)


def test_no_choice_of_elements_brings_back_what_is_hidden_or_takes_away_what_warns(database_url: str) -> None:
    """L23: decided about whole, then cut; what R4 requires, labels and modifiers stay."""
    cuts = ("_elements=address", "_elements=address,name", "_summary=true", "_summary=data", "_summary=false")
    goal = {
        "resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "Ro"},
        "note": [{"text": "Lang"}], "meta": {"security": [PSY]},
    }  # fmt: skip

    async def test() -> None:
        async with doors(database_url) as here:
            sarah, ask = await two(here)
            for cut in cuts:
                told = await here.get("jobcenter", f"Patient?_id={sarah},{ask}&{cut}")
                assert told.status == 200
                assert CITY.encode() not in told.body, cut
                assert (b"Aarup" in told.body) == ("_summary=data" in cut or b"address" in told.body), cut
            await here.arrive(("social", order(SARAH, goal, number="9")))
            for cut in ("_elements=note", "_elements=id", "_summary=data"):
                (one,) = bodies(await here.get("social", f"Goal?patient={sarah}&{cut}"))
                assert "PSY" in {label["code"] for label in one["meta"]["security"]}, cut
                assert "SUBSETTED" in {tag["code"] for tag in one["meta"]["tag"]}, cut
                assert {"lifecycleStatus", "subject", "description"} <= one.keys(), cut

    run(test)


@pytest.mark.parametrize("labelled", [False, True])
def test_what_is_contained_labels_the_whole(database_url: str, labelled: bool) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            inner: dict[str, Any] = {
                "resourceType": "Condition", "id": "c", "code": {"text": "Søvn"},
                "subject": {"reference": f"Patient/{here.patient}"},
            }  # fmt: skip
            if labelled:
                inner["code"] = {"coding": [{"system": "urn:oid:1.2.208.176.2.4", "code": "DF200"}]}
            task = here.about(
                "Task", status="requested", intent="order", contained=[inner], reasonReference={"reference": "#c"}
            )
            made = await here.made(task, who="social")
            codes = {one["code"] for one in made["meta"].get("security", [])}
            assert ("PSY" in codes) == labelled, codes
            seen = await here.call("GET", f"/Task/{made['id']}", who="psyk")
            other = await here.call("GET", f"/Task/{made['id']}")
            assert "DF200" not in other.text or other.status_code == 200
            assert seen.status_code in (200, 404)

    run(test)
