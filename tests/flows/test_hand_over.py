"""A case goes from one municipality to another: what may go goes, on record; the old one sees nothing of what comes
after."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from gateway.bootstrap import read_rules
from gateway.domain.caller import Caller
from gateway.errors import BadRequest, Forbidden, NotFound, RuleBroken
from gateway.flows.hand_over import HandedOver
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway
from gateway.flows.read import read
from gateway.flows.receive import receive
from gateway.flows.search import search
from gateway.flows.writing.asked import Asked
from gateway.flows.writing.single import write
from tests.flows.conftest import House
from tests.flows.handing import (
    CPR,
    HERLEV,
    NEW,
    NURSE,
    OLD,
    PROJECT,
    WHY,
    Json,
    begun,
    consents,
    handed,
    last_record,
    told,
)
from tests.inbound.statements import counted
from tests.translate.hl7v2.ward import adt, pv1, segment


async def sees(gateway: Gateway, who: Caller, citizen: str, at: datetime | None = None) -> Json:
    """Kind/id → resource, as a caller sees the joint plan; nothing where there is none for it."""
    try:
        bundle = json.loads((await joint_plan(gateway, who, citizen, at)).body)
    except NotFound:
        return {}
    return {f"{e['resource']['resourceType']}/{e['resource']['id']}": e["resource"] for e in bundle["entry"]}


def test_what_goes_is_the_old_municipalitys_case_and_it_can_be_read_again(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[HandedOver, str, Json]:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        found = await handed(gateway, citizen)
        return found, await last_record(gateway), await sees(gateway, OLD, citizen)

    found, record, seen = house.run(work)
    bundle = json.loads(found.body)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert (bundle["type"], found.destination) == ("collection", "")
    assert {"Patient", "CarePlan", "CareTeam"} <= set(kinds)
    plans = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "CarePlan"]
    assert "completed" in {plan["status"] for plan in plans}, "with its history: the case is closed"
    assert "Encounter" not in kinds, "what the hospital told is not the municipality's to hand over"
    assert found.regions == ("Region Hovedstaden", "Region Hovedstaden") or "Region Østdanmark" in found.regions
    again = read_rules(PROJECT / "mappings", b"elsewhere").languages.of("kl-report").translate(found.body)
    assert again.source.municipality == "0101"
    assert sum(one.kind == "CarePlan" for one in again.statements) == kinds.count("CarePlan")
    assert "hand-over" in record
    assert bundle["id"] in record
    assert WHY in record
    team = next(b for b in seen.values() if b["resourceType"] == "CareTeam" and b.get("name") == "Handlekommune")
    assert [(p["member"]["display"], sorted(p["period"])) for p in team["participant"]] == [
        ("København", ["end"]), ("Frederiksberg", ["start"]),
    ]  # fmt: skip


def test_what_another_municipality_told_does_not_go_though_both_may_see_it(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[Json, HandedOver]:
        citizen = await told(gateway, "01-sag-koebenhavn.xml", "05-sag-lukket.xml", "04-sag-frederiksberg.xml")
        await consents(gateway, citizen)
        await consents(gateway, citizen, to="64942212")
        return await sees(gateway, OLD, citizen), await handed(gateway, citizen)

    seen, found = house.run(work)
    theirs = "Støtte i eget hjem efter § 85"
    assert theirs in json.dumps(seen, ensure_ascii=False)
    bodies = [entry["resource"] for entry in json.loads(found.body)["entry"]]
    titles = {body.get("title") for body in bodies if body["resourceType"] == "CarePlan"}
    assert titles == {"Midlertidigt botilbud efter § 107"}


def test_without_a_consent_nothing_goes_and_the_refusal_is_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[str, str]:
        citizen = await begun(gateway)
        with pytest.raises(Forbidden) as caught:
            await handed(gateway, citizen)
        record = await last_record(gateway)
        teams = await sees(gateway, OLD, citizen)
        assert not any(body.get("name") == "Handlekommune" for body in teams.values()), "it has not left"
        return caught.value.told(), record

    text, record = house.run(work)
    assert "consents first" in text
    assert "hand-over" in record
    assert "deny" in record


def test_unclear_wishes_are_refused(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        for wrong in ({"new": "0101"}, {"new": "9999"}, {"new": "0411"}, {"old": "9999"}, {"to_file": False}):
            with pytest.raises(BadRequest):
                await handed(gateway, citizen, **wrong)
        with pytest.raises(NotFound):
            await handed(gateway, "f" * 32)

    house.run(work)


def test_three_digits_and_a_cvr_number_name_a_municipality_too(house: House) -> None:
    async def work(gateway: Gateway) -> list[int]:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        return [(await handed(gateway, citizen, new=new, old="101")).parts for new in ("147", "11259979")]

    first, second = house.run(work)
    assert 1 < first < second, "the second tells of the first too"


# --- who may not stop to act


def test_a_municipality_that_helped_into_a_shelter_still_acts(house: House) -> None:
    async def work(gateway: Gateway) -> str:
        citizen = await told(gateway, "01-sag-koebenhavn.xml", "02-bestilling.json")  # the case is not closed
        await consents(gateway, citizen)
        with pytest.raises(RuleBroken) as caught:
            await handed(gateway, citizen)
        assert "deny" in await last_record(gateway)
        await told(gateway, "05-sag-lukket.xml")
        assert (await handed(gateway, citizen)).parts > 1
        return caught.value.told()

    text = house.run(work)
    assert "et midlertidigt botilbud (servicelovens § 107)" in text
    assert "retssikkerhedsloven § 9" in text


# --- what the old municipality sees afterwards

MOVED = ("04-sag-frederiksberg.xml", "06-re-stin.json", "07-slhj.json")


def test_what_comes_after_changes_nothing_that_the_old_municipality_sees(house: House) -> None:
    """Non-interference: whatever others tell after the move, the old one sees what it saw, by every way of looking."""

    async def work(gateway: Gateway) -> tuple[list[Json], list[Json], Json]:
        citizen = await begun(gateway)
        nurse_before = await sees(gateway, NURSE, citizen)
        assert "in-progress" in statuses(nurse_before, "Encounter"), "she treats him"
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        before = [await sees(gateway, who, citizen) for who in (OLD, NURSE)]
        await told(gateway, *MOVED)
        await moves_house(gateway)
        assert "Nyvej 7" in json.dumps(await sees(gateway, HERLEV, citizen))
        after = [await sees(gateway, who, citizen) for who in (OLD, NURSE)]
        assert [await sees(gateway, who, citizen, gateway.clock()) for who in (OLD, NURSE)] == after, "as it stands now"
        return before, after, await sees(gateway, NEW, citizen)

    before, after, new = house.run(work)
    assert after == before
    assert statuses(after[0], "Encounter") == statuses(after[1], "Encounter") == []
    assert "CarePlan" in {body["resourceType"] for body in after[0].values()}, "its own case stays its own"
    assert "finished" in statuses(new, "Encounter")


async def moves_house(gateway: Gateway) -> None:
    """A hospital tells where the citizen lives now, and under which other number."""
    pid = {3: f"{CPR}^^^CPR&1.2.208.176.1.2&ISO~777^^^REGH", 5: "Bak^Bent", 11: "Nyvej 7^^Frederiksberg^^2000^DK^H"}
    at = "20260410101500+0200"
    raw = adt("A01", citizen=segment("PID", pid), visit=pv1({2: "I", 19: "v-after"}), at=at, sent=at)
    assert (await receive(gateway, "hl7v2", raw)).accepted


async def _may_name(gateway: Gateway, who: Caller, number: str) -> bool:
    """Whether a goal of the citizen with this number is taken; one of nobody is not."""
    system, _, value = number.partition("|")
    subject = {"type": "Patient", "identifier": {"system": system, "value": value}}
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "x"}, "subject": subject}
    try:
        await write(gateway, who, Asked("create", "Goal", body=goal, raw=json.dumps(goal).encode()))
    except NotFound:
        return False
    return True


def statuses(seen: Json, kind: str) -> list[str]:
    return [body["status"] for body in seen.values() if body["resourceType"] == kind]


def test_the_old_municipality_reads_what_it_has_as_it_stood(house: House) -> None:
    """Read, version read and search: no other way leads to what came after."""

    async def work(gateway: Gateway) -> None:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        await told(gateway, *MOVED)
        await moves_house(gateway)
        newest = json.loads((await read(gateway, HERLEV, "Patient", citizen)).body)["meta"]["versionId"]
        for who in (OLD, NURSE):
            with pytest.raises(NotFound):
                await read(gateway, who, "Patient", citizen, int(newest))
        mine = await read(gateway, OLD, "Patient", citizen)
        assert b"Nyvej" not in mine.body
        assert int(mine.version) < int(newest)
        found = json.loads((await search(gateway, OLD, "Patient", [("_id", citizen)])).body)
        assert [e["resource"]["meta"]["versionId"] for e in found["entry"]] == [mine.version]
        later = "urn:oid:1.2.208.176.1.2.1|777"
        assert json.loads((await search(gateway, HERLEV, "Patient", [("identifier", later)])).body)["total"] == 1
        for number, count in ((f"urn:oid:1.2.208.176.1.2|{CPR}", 1), (later, 0)):
            named = json.loads((await search(gateway, OLD, "Patient", [("identifier", number)])).body)
            assert named["total"] == count, "a number that came later leads nowhere"
            assert await _may_name(gateway, OLD, number) == bool(count), "nor where it writes"
        stay = next(key for key in await sees(gateway, NEW, citizen) if key.startswith("Encounter/"))
        for who in (OLD, NURSE):
            with pytest.raises(NotFound):
                await read(gateway, who, "Encounter", stay.removeprefix("Encounter/"))

    house.run(work)


def test_what_it_had_is_found_in_as_few_statements_as_anything(house: House) -> None:
    """What stood before comes with the citizen; nothing is fetched for each resource."""

    async def work(gateway: Gateway) -> None:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        await moves_house(gateway)
        number = f"urn:oid:1.2.208.176.1.2|{CPR}"
        for params in (
            [("identifier", number)], [("_id", citizen), ("_revinclude", "*"), ("_revinclude", "Provenance:target")]
        ):  # fmt: skip
            with counted(house.url) as statements:
                page = await search(gateway, OLD, "Patient", params)
            assert len(statements) <= 3, statements
            assert b'"mode":"match"' in page.body
            assert b"Nyvej" not in page.body
        with counted(house.url) as statements:
            page = await search(gateway, OLD, "Patient", [])
        assert len(statements) <= 3
        assert (b"Nyvej" in page.body, b'"mode":"match"' in page.body) == (False, True)

    house.run(work)


def test_the_citizen_may_let_the_old_municipality_see_on(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[list[str], list[str]]:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        await told(gateway, *MOVED)
        before = statuses(await sees(gateway, OLD, citizen), "Encounter")
        await consents(gateway, citizen, to="64942212")
        return before, statuses(await sees(gateway, OLD, citizen), "Encounter")

    before, after = house.run(work)
    assert (before, after) == ([], ["finished"])


def test_who_gets_the_case_back_treats_again(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[Json, Json]:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        await handed(gateway, citizen)
        away = await sees(gateway, NURSE, citizen)
        await told(gateway, "04-sag-frederiksberg.xml")
        await consents(gateway, citizen, to="64942212")
        house.clock.ahead += timedelta(days=2)
        await handed(gateway, citizen, old="0147", new="0101")
        return away, await sees(gateway, NURSE, citizen)

    away, back = house.run(work)
    assert statuses(away, "Encounter") == []
    assert statuses(back, "Encounter") == ["in-progress"]
