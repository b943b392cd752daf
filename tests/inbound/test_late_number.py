"""Citizens without a CPR number, through the doors: who gets one later is one citizen, who only has a name meets
nobody, and a dummy is no number."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from gateway.domain.identifier import BORGER_ID, CPR, D_ECPR, PERSON_ID
from tests.flows.messages import case
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, FIXTURES, NUMBER, headers

Json = dict[str, Any]
REGIONAL = f"{D_ECPR}.187"
URN = f"urn:oio:cpr-nr:{NUMBER}"


async def told_case(here: Http, party: str, number: str = "1", name: str = "Sarah Tangmose", day: str = "10") -> None:
    """An OIO case about whoever the URN names, as registered on a day of March 2025."""
    text = case(NUMBER, owner="64942212").decode().replace(URN, party).replace("2025-03-10T", f"2025-03-{day}T")
    text = re.sub(r"(<\w+:UUIDIdentifikator>)5b0c9d2e", rf"\g<1>{number * 8}", text, flags=re.IGNORECASE)
    text = re.sub(r"(SagspartLokalUdvidelse>\s*<\w+:FuldtNavn>)[^<]*", rf"\g<1>{name}", text)
    xml = {**await headers(here, "social"), "Content-Type": "application/xml"}
    answer = await here.web.post("/cases/oio", headers=xml, content=text.encode())
    assert answer.status_code == 200, answer.text


async def told_order(here: Http, *numbers: tuple[str, str], other: str = "") -> None:
    """A KL order about who has these numbers; with `other`, one of other resources."""
    order = json.loads((FIXTURES / "kl" / "order.json").read_text("utf-8"))
    citizen = next(e["resource"] for e in order["entry"] if e["resource"]["resourceType"] == "Patient")
    citizen["identifier"] = [{"system": system, "value": value} for system, value in numbers]
    text = json.dumps(order)
    if other:
        text = re.sub(r"\b([0-9a-f]{4})[0-9a-f]{4}-", rf"\g<1>{other * 4}-", text)
    fhir = {**await headers(here, "social"), "Content-Type": "application/fhir+json"}
    answer = await here.web.post("/fhir/$process-message", headers=fhir, content=text.encode())
    assert answer.status_code == 200, answer.text


async def who_is(here: Http, system: str, value: str) -> list[Json]:
    """The Patients that a number leads the municipality to."""
    look = await headers(here, "social", "HOPERAT")
    found = await here.web.post("/fhir/Patient/_search", headers=look, data={"identifier": f"{system}|{value}"})
    assert found.status_code == 200, found.text
    return [entry["resource"] for entry in found.json().get("entry", [])]


async def plans_of(here: Http, patient: Json) -> list[Json]:
    look = await headers(here, "social", "HOPERAT")
    answer = await here.web.get(f"/fhir/Patient/{patient['id']}/$joint-plan", headers=look)
    assert answer.status_code == 200, answer.text
    bodies = [entry["resource"] for entry in answer.json()["entry"]]
    return [b for b in bodies if b["resourceType"] == "CarePlan" and not b["id"].startswith("joint-")]


def active(patients: list[Json]) -> Json:
    (one,) = [patient for patient in patients if patient.get("active") is not False]
    return one


@pytest.mark.parametrize(
    ("party", "system", "number"),
    [
        ("urn:oio:us:personid:1234567", PERSON_ID, "1234567"),
        ("urn:oio:us:borgerid:123456789012", BORGER_ID, "123456789012"),
        ("urn:oio:udk:borgerid:123456789012", BORGER_ID, "123456789012"),
    ],
)
def test_a_case_on_another_number_and_a_plan_on_the_cpr_number_are_one_citizens(
    database_url: str, party: str, system: str, number: str
) -> None:
    """The plan names both numbers, and so says that they are one person's."""

    async def work() -> None:
        async with http(database_url, *CLIENTS) as here:
            await told_case(here, party)
            alone = active(await who_is(here, system, number))
            assert CPR not in json.dumps(alone), "no number is made up"
            assert await who_is(here, CPR, NUMBER) == []
            await told_order(here, (system.upper(), number), (CPR, f"{NUMBER[:6]}-{NUMBER[6:]}"))
            one, same = active(await who_is(here, CPR, NUMBER)), active(await who_is(here, system, number))
            assert one["id"] == same["id"]
            assert (CPR, NUMBER) in [(i["system"], i["value"]) for i in one["identifier"]]
            told = json.dumps(await plans_of(here, one))
            assert "27.57.16" in told, "the case that was opened without a CPR number"
            assert "egen bolig efter ophold" in told, "and the plan that has it"

    run(work)


@pytest.mark.parametrize("order", [("10", "12"), ("12", "10")])
def test_a_case_that_gets_a_cpr_number_goes_to_who_has_it(database_url: str, order: tuple[str, str]) -> None:
    """The same case, registered anew with a CPR number: the newest registration says whose it is, whichever comes
    first, and no plan of it is left under the old number."""
    parties = {"10": "urn:oio:us:personid:1234567", "12": URN}

    async def work() -> None:
        async with http(database_url, *CLIENTS) as here:
            for day in order:
                await told_case(here, parties[day], day=day)
            one = active(await who_is(here, CPR, NUMBER))
            assert "27.57.16" in json.dumps(await plans_of(here, one))
            (former,) = await who_is(here, PERSON_ID, "1234567")
            assert former["id"] != one["id"], "one case is no word that two numbers are one person's"
            assert {plan["status"] for plan in await plans_of(here, former)} == {"entered-in-error"}

    run(work)


def test_who_was_known_by_a_regional_number_gets_a_cpr_number(database_url: str) -> None:
    async def work() -> None:
        async with http(database_url, *CLIENTS) as here:
            await told_order(here, (REGIONAL, "120655-0vk9"))
            before = active(await who_is(here, REGIONAL, "1206550VK9"))
            assert await who_is(here, f"{D_ECPR}.181", "1206550VK9") == [], "another region's number is another's"
            await told_order(here, (REGIONAL, "1206550VK9"), ("urn:oio:cpr-nr", NUMBER), other="a")
            after = active(await who_is(here, REGIONAL, "1206550VK9"))
            assert after["id"] == active(await who_is(here, CPR, NUMBER))["id"] != before["id"]
            plans = await plans_of(here, after)
            assert len({plan["id"] for plan in plans}) > len(plans) / 2 >= 6, "both orders are his"

    run(work)


def test_nobody_is_joined_by_name(database_url: str) -> None:
    async def work() -> None:
        async with http(database_url, *CLIENTS) as here:
            await told_order(here, (CPR, NUMBER))
            await told_case(here, "urn:oio:fuldtnavn:Sarah Tangmose", "1")
            await told_case(here, "urn:oio:fuldtnavn:Sarah Tangmose", "2")
            known = active(await who_is(here, CPR, NUMBER))
            rows = await here.gateway.database.fetch("SELECT DISTINCT citizen FROM resource WHERE kind = 'Patient'")
            assert len(rows) == 3
            assert not any("Forsorgshjem" in json.dumps(plan) for plan in await plans_of(here, known))

    run(work)


@pytest.mark.parametrize("dummy", ["0000000000", "9999999999", "1502820000", "150282-0000", "UKENDT"])
def test_a_dummy_is_neither_made_nor_taken_for_a_citizen(database_url: str, dummy: str) -> None:
    """Two strangers with one dummy are two, and a look for the dummy finds nobody."""

    async def work() -> None:
        async with http(database_url, *CLIENTS) as here:
            await told_order(here, (CPR, dummy))
            await told_order(here, (CPR, dummy), other="b")
            assert await who_is(here, CPR, dummy) == []
            rows = await here.gateway.database.fetch("SELECT DISTINCT citizen FROM resource WHERE kind = 'Patient'")
            bodies = await here.gateway.database.fetch("SELECT body FROM resource WHERE kind = 'Patient'")
            assert len(rows) == 2
            assert not any(dummy.encode() in row["body"] or CPR.encode() in row["body"] for row in bodies)

    run(work)
