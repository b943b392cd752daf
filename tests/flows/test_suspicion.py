"""Unusual looks: found in the real log by what is known of those who looked, and kept with what came of asking."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest

from gateway.domain.caller import Caller
from gateway.domain.identifier import CVR, Identifier
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway
from gateway.flows.staff import take_staff, take_well_known
from gateway.flows.suspicion import conclude, listed, opened, watch, watch_when_due
from tests.flows.conftest import House, caller
from tests.flows.messages import CPR
from tests.flows.test_looks import admitted

HEADER = "user_system,user_value,name,cpr,unit,address,postal_code,days,begins,ends"
AUDITOR = caller("auditor")
STAFF = f"{HEADER}\nurn:test,nosy-1,Bo Lind,2512489996,ward 1,Strandvej 1,2100,mo tu we th fr,07:00,15:00\n"


async def looks_at(gateway: Gateway, who: Caller, citizen: str, times: int = 1) -> None:
    for _ in range(times):
        with contextlib.suppress(NotFound):
            await joint_plan(gateway, who, citizen)


def stranger() -> Caller:
    """Of a house that has nothing to do with the citizen."""
    return caller("hospital", user="urn:test|nosy-1", user_name="Bo Lind", organisation=Identifier(CVR, "11259979"))


def test_a_stranger_at_a_well_known_citizen_is_found_and_who_treats_is_not(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        assert await take_well_known(gateway, f"{CPR[:6]}-{CPR[6:]}\n\n") == 1
        await looks_at(gateway, caller("hospital"), citizen, 3)
        assert await watch(gateway) == 0, "the ward that treats"
        await looks_at(gateway, stranger(), citizen)
        assert await watch(gateway) == 1
        (found,) = await listed(gateway, AUDITOR)
        assert (found.user_name, found.citizen, found.outcome) == ("Bo Lind", citizen, "")
        assert {"no-relation", "well-known"} <= found.reasons.keys()
        assert await watch(gateway) == 0, "looked through again it is the same finding"

    house.run(work)


def test_an_employers_list_tells_of_kin_under_the_same_roof_and_keeps_no_number(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        assert await take_staff(gateway, STAFF.replace("2512489996", CPR)) == 1
        await looks_at(gateway, stranger(), citizen)
        assert await watch(gateway) == 1
        (found,) = await listed(gateway, AUDITOR)
        assert "self" in found.reasons
        rows = await gateway.database.fetch("SELECT * FROM staff")
        assert CPR not in str([tuple(row) for row in rows])
        assert "Strandvej" not in str([tuple(row) for row in rows])

    house.run(work)


def test_what_came_of_asking_stays_until_there_are_later_looks(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        await take_well_known(gateway, CPR)
        await looks_at(gateway, stranger(), citizen)
        await watch(gateway)
        (found,) = await listed(gateway, AUDITOR)
        with pytest.raises(BadRequest):
            await conclude(gateway, AUDITOR, found.id, "explained", " ")
        await conclude(gateway, AUDITOR, found.id, "explained", "ringede for en kollega")
        with pytest.raises(Conflict):
            await conclude(gateway, AUDITOR, found.id, "breach", "nej")
        assert await watch(gateway) == 0
        assert await listed(gateway, AUDITOR) == []
        (before,) = await listed(gateway, AUDITOR, concluded=True)
        assert (before.outcome, before.note) == ("explained", "ringede for en kollega")
        await looks_at(gateway, stranger(), citizen)
        assert await watch(gateway) == 1

    house.run(work)


def test_only_auditors_see_findings_and_their_look_is_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        await take_well_known(gateway, CPR)
        await looks_at(gateway, stranger(), citizen)
        await watch(gateway)
        with pytest.raises(Forbidden):
            await listed(gateway, caller("hospital"))
        with pytest.raises(NotFound):
            await opened(gateway, AUDITOR, 999)
        (found,) = await listed(gateway, AUDITOR)
        assert await opened(gateway, AUDITOR, found.id) == found
        told = await gateway.database.fetch(
            "SELECT decision, citizen FROM access_record WHERE interaction = 'operation' AND client = $1 ORDER BY id",
            AUDITOR.client,
        )
        assert [tuple(row) for row in told] == [("permit", ""), ("permit", citizen), ("permit", citizen)]

    house.run(work)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a,b\n", "line 1"),
        (f"{HEADER}\n,,Bo,,,,,,,\n", "line 2"),
        (f"{HEADER}\nurn:test,1,Bo,,,,,mo,7,15:00\n", "line 2"),
        (f"{HEADER}\nurn:test,1,Bo,,,,,xx,07:00,15:00\n", "line 2"),
    ],
)
def test_a_list_that_is_wrong_names_the_line_and_changes_nothing(house: House, text: str, where: str) -> None:
    async def work(gateway: Gateway) -> None:
        await take_staff(gateway, STAFF)
        with pytest.raises(BadRequest) as refused:
            await take_staff(gateway, text)
        assert refused.value.where == where
        assert await gateway.database.fetchval("SELECT count(*) FROM staff") == 1
        with pytest.raises(BadRequest):
            await take_well_known(gateway, "2512489996\nSarah\n")

    house.run(work)


def test_it_runs_by_itself_once_in_a_night(house: House) -> None:
    async def work(gateway: Gateway) -> list[int]:
        citizen = await admitted(gateway)
        await take_well_known(gateway, CPR)
        await looks_at(gateway, stranger(), citizen)
        found = []
        for hours in range(24):
            house.clock.ahead = timedelta(hours=hours)
            found.append(await watch_when_due(gateway))
        return found

    assert sum(house.run(work)) == 1
