"""Unusual looks: found in the real log by what is known of those who looked, and kept with what came of asking."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.domain.caller import Caller
from gateway.domain.identifier import CVR, Identifier
from gateway.domain.suspicion.finding import Finding
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound
from gateway.flows.forget_log import forget_log
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway
from gateway.flows.staff import take_staff, take_well_known
from gateway.flows.suspicion import (
    Watched,
    ask_watch,
    conclude,
    listed,
    opened,
    times,
    watch,
    watch_when_asked,
    watch_when_due,
)
from gateway.flows.suspicion import watched as when_watched
from gateway.store import suspicion as store
from tests.flows.conftest import House, caller
from tests.flows.consents import record_consent
from tests.flows.messages import CPR
from tests.flows.test_looks import admitted, consent

HEADER = "user_system,user_value,name,cpr,unit,address,postal_code,days,begins,ends"
AUDITOR = caller("auditor")
_KIND = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
RECIPIENT = {"coding": [{"system": _KIND, "code": "IRCP"}]}
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
        (found,) = (await listed(gateway, AUDITOR)).rows
        assert (found.user_name, found.citizen, found.outcome) == ("Bo Lind", citizen, "")
        assert {"no-relation", "well-known"} <= found.reasons.keys()
        assert await watch(gateway) == 0, "looked through again it is the same finding"

    house.run(work)


def test_whom_the_citizen_has_let_in_is_no_stranger(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        await take_well_known(gateway, CPR)
        who = stranger()
        named = {"type": "Organization", "identifier": {"system": CVR, "value": who.organisation.value}}
        given = consent(citizen, actor=[{"role": RECIPIENT, "reference": named}])
        assert (await record_consent(gateway, caller("social"), given)).created
        await looks_at(gateway, who, citizen)
        assert await watch(gateway) == 0
        await looks_at(gateway, replace(who, organisation=Identifier(CVR, "10103940")), citizen)
        assert await watch(gateway) == 1, "another house"

    house.run(work)


def test_an_employers_list_tells_of_kin_under_the_same_roof_and_keeps_no_number(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        assert await take_staff(gateway, STAFF.replace("2512489996", CPR)) == 1
        await looks_at(gateway, stranger(), citizen)
        assert await watch(gateway) == 1
        (found,) = (await listed(gateway, AUDITOR)).rows
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
        (found,) = (await listed(gateway, AUDITOR)).rows
        with pytest.raises(BadRequest):
            await conclude(gateway, AUDITOR, found.id, "explained", " ")
        await conclude(gateway, AUDITOR, found.id, "explained", "ringede for en kollega")
        with pytest.raises(Conflict):
            await conclude(gateway, AUDITOR, found.id, "breach", "nej")
        assert await watch(gateway) == 0
        assert (await listed(gateway, AUDITOR)).rows == []
        (before,) = (await listed(gateway, AUDITOR, concluded=True)).rows
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
        (found,) = (await listed(gateway, AUDITOR)).rows
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
        await gateway.database.fetch("DELETE FROM suspicion_day")
        found = []
        for hours in range(24):
            house.clock.ahead = timedelta(hours=hours)
            found.append(await watch_when_due(gateway))
        return found

    assert sum(house.run(work)) == 1


def test_an_auditor_asks_and_a_node_looks_once(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        await take_well_known(gateway, CPR)
        await looks_at(gateway, stranger(), citizen)
        assert await when_watched(gateway) == Watched(None, None)
        with pytest.raises(Forbidden):
            await ask_watch(gateway, caller("hospital"))
        for _ in range(2):
            await ask_watch(gateway, AUDITOR)
        waiting = (await when_watched(gateway)).waiting
        assert waiting is not None
        assert waiting.asked_by == AUDITOR.user_name
        assert await asyncio.gather(watch_when_asked(gateway), watch_when_asked(gateway)) in ([0, 1], [1, 0])
        told = await when_watched(gateway)
        assert (told.waiting, told.last and (told.last.looks, told.last.found)) == (None, (1, 1))
        (found,) = (await listed(gateway, AUDITOR)).rows
        assert [number for number, _ in await times(gateway, found)] == list(found.looks)

    house.run(work)


def test_a_node_that_died_while_it_looked_is_followed_by_another(house: House) -> None:
    async def work(gateway: Gateway) -> list[int | None]:
        await ask_watch(gateway, AUDITOR)
        begun = []
        for hours in (0, 1, 7):
            now = gateway.clock() + timedelta(hours=hours)
            begun.append(await store.begin(gateway.database, now, now - timedelta(hours=6)))
        return begun

    first, second, third = house.run(work)
    assert first is not None
    assert (second, third) == (None, first)


def test_who_looks_at_the_log_is_no_reader_of_citizens(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        await take_well_known(gateway, CPR)
        await looks_at(gateway, stranger(), citizen)
        await watch(gateway)
        await listed(gateway, AUDITOR)
        await looks_at(gateway, caller("auditor"), citizen)
        assert await watch(gateway) == 0

    house.run(work)


def finding(user: str, citizen: str, at: datetime) -> Finding:
    return Finding(user, citizen, at, at, 5.0, {"self": ""}, [1])


def test_findings_at_two_identities_that_became_one_are_at_one_citizen(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen, now = await admitted(gateway), gateway.clock()
        columns = await gateway.database.fetch(
            "SELECT column_name AS n FROM information_schema.columns WHERE table_name = 'resource'"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position"
        )
        names = [row["n"] for row in columns]
        values = ", ".join("$2" if name == "id" else name for name in names)
        insert = f"INSERT INTO resource ({', '.join(names)}) SELECT {values} FROM resource"
        await gateway.database.fetchval(
            f"{insert} WHERE kind = 'Patient' AND id = $1 RETURNING id", citizen, "merged-one"
        )
        for user, whom in (("u2", citizen), ("u2", "merged-one"), ("u1", "merged-one")):
            await store.raise_(gateway.database, [(finding(user, whom, now), "Bo", "o")], now)
        await store.raise_(gateway.database, [], now)
        told = [(one.user, one.citizen) for one in await store.listed(gateway.database)]
        assert sorted(told) == sorted([("u1", citizen), ("u2", "merged-one"), ("u2", citizen)])

    house.run(work)


def test_one_person_at_two_organisations_is_two_findings(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        now = gateway.clock()
        for organisation in ("a", "b", "a"):
            await store.raise_(gateway.database, [(finding("u", "c", now), "Bo", organisation)], now)
        assert sorted(one.organisation for one in await store.listed(gateway.database)) == ["a", "b"]
        assert await store.forget(gateway.database, now) == 0
        assert await store.forget(gateway.database, now + timedelta(seconds=1)) == 2

    house.run(work)


def test_a_case_ties_the_role_that_it_is_of_and_no_other_of_the_municipality(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        citizen = await admitted(gateway)
        await take_well_known(gateway, CPR)
        social, jobcenter = caller("social"), caller("jobcenter")
        assert social.organisation == jobcenter.organisation
        await looks_at(gateway, social, citizen)
        assert await watch(gateway) == 0
        await looks_at(gateway, jobcenter, citizen)
        assert await watch(gateway) == 1
        (found,) = (await listed(gateway, AUDITOR)).rows
        assert found.user_name == jobcenter.user_name

    house.run(work)


def test_findings_go_with_the_looks_they_rest_on(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        now = gateway.clock()
        for user, days in (("old", 300), ("new", 100)):
            at = now - timedelta(days=days)
            await store.raise_(gateway.database, [(finding(user, "c", at), "Bo", "o")], now)
        await forget_log(gateway, now - timedelta(days=200), user="", client="test")
        assert [one.user for one in await store.listed(gateway.database)] == ["new"]

    house.run(work)
