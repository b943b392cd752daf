"""Værdispring: a reason, a time box, the task to tell the citizen, and the work queue."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.caller import Caller, Override
from gateway.domain.override import Outcome
from gateway.errors import BadRequest, Conflict, Forbidden, GatewayError, NotFound
from gateway.flows import override_queue
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Gateway
from gateway.flows.read import read
from gateway.flows.receive import receive
from gateway.flows.search import search
from tests.flows.conftest import House, caller
from tests.flows.messages import adt, case

WHY = "Bevidstløs; pårørende skal findes"


async def admitted(gateway: Gateway) -> str:
    for message in (case(), adt("A01", 1, "20260302090000+0100")):
        answer = await receive(gateway, "hl7v2" if message.startswith(b"MSH") else "oio", message)
        assert answer.accepted, answer.body
    return str(await gateway.database.fetchval("SELECT citizen FROM identity"))


def overriding(gateway: Gateway, name: str = "hospital", code: str = "emergency", **more: Any) -> Caller:
    return caller(name, purposes=("BTG",), override=Override(code, WHY, gateway.clock()), **more)


async def tasks(gateway: Gateway) -> list[dict[str, Any]]:
    rows = await gateway.database.fetch("SELECT body FROM resource WHERE kind = 'Task' ORDER BY updated, id")
    return [json.loads(row["body"]) for row in rows]


async def decisions(gateway: Gateway) -> list[str]:
    rows = await gateway.database.fetch("SELECT decision FROM access_record WHERE client <> '' ORDER BY id")
    return [row["decision"] for row in rows]


async def failed(work: Any) -> type[GatewayError] | None:
    try:
        await work
    except GatewayError as error:
        return type(error)
    return None


def test_one_task_for_each_user_citizen_and_day(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        assert not await tasks(gateway)
        await joint_plan(gateway, overriding(gateway), patient)
        (task,) = await tasks(gateway)
        assert task["for"] == {"reference": f"Patient/{patient}"}
        assert task["code"]["coding"][0]["code"] == "tell-citizen-of-override"
        assert task["owner"]["identifier"]["value"] == caller("hospital").organisation.value
        assert task["reasonCode"]["coding"][0]["code"] == "emergency"
        assert task["reasonCode"]["text"] == WHY
        assert (await decisions(gateway))[-1:] == ["override"], "the look itself, in the same commit"
        await read(gateway, overriding(gateway), "Patient", patient)
        await search(gateway, overriding(gateway), "Patient", [("_id", patient)])
        assert len(await tasks(gateway)) == 1
        assert (await decisions(gateway))[-3:] == ["override"] * 3
        await read(gateway, overriding(gateway, user="urn:test|another"), "Patient", patient)
        assert len(await tasks(gateway)) == 2
        house.clock.ahead = timedelta(days=1)
        await read(gateway, overriding(gateway), "Patient", patient)
        assert len(await tasks(gateway)) == 3

    house.run(work)


def test_two_first_looks_at_the_same_moment(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        await asyncio.gather(*(joint_plan(gateway, overriding(gateway), patient) for _ in range(4)))
        assert len(await tasks(gateway)) == 1
        assert (await decisions(gateway)).count("override") == 4, "each look has its record"

    house.run(work)


def test_what_was_not_shown_by_override_owes_nothing(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        jobcenter = overriding(gateway, "jobcenter", sends=("koebenhavn-momentum",))
        assert await failed(joint_plan(gateway, jobcenter, patient)) is NotFound
        unknown = overriding(gateway, code="because")
        assert await failed(joint_plan(gateway, unknown, patient)) is NotFound
        assert await failed(joint_plan(gateway, overriding(gateway, sends=()), patient)) is NotFound
        assert not await tasks(gateway)
        elsewhere = overriding(gateway, sends=("no-such-source",))
        assert await failed(joint_plan(gateway, elsewhere, patient)) is Forbidden
        assert not await tasks(gateway)
        assert (await decisions(gateway))[-4:] == ["deny"] * 4

    house.run(work)


def test_an_override_is_of_one_citizen_who_is_named(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        everybody = json.loads((await search(gateway, caller("hospital"), "Encounter", [])).body)
        assert everybody["entry"], "the circle of a hospital is whom it told of"
        nobody = json.loads((await search(gateway, overriding(gateway), "Encounter", [])).body)
        assert "entry" not in nobody
        assert not await tasks(gateway)
        named = json.loads((await search(gateway, overriding(gateway), "Encounter", [("patient", patient)])).body)
        assert named["entry"]
        assert len(await tasks(gateway)) == 1

    house.run(work)


@pytest.mark.parametrize(("code", "minutes"), [("emergency", 60), ("vital-interest", 30)])
def test_an_override_holds_for_so_long_from_its_token(house: House, code: str, minutes: int) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        who = overriding(gateway, code=code)
        house.clock.ahead = timedelta(minutes=minutes, seconds=-2)
        assert await failed(joint_plan(gateway, who, patient)) is None
        house.clock.ahead = timedelta(minutes=minutes, seconds=2)
        assert await failed(joint_plan(gateway, who, patient)) is NotFound

    house.run(work)


def test_the_task_is_its_own_organisations_alone(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        await joint_plan(gateway, overriding(gateway), patient)
        (task,) = await tasks(gateway)
        shown = json.loads((await read(gateway, caller("hospital"), "Task", task["id"])).body)
        assert shown["for"] == {"reference": f"Patient/{patient}"}
        for other in ("herlev", "nursing", "social", "jobcenter", "auditor"):
            assert await failed(read(gateway, caller(other), "Task", task["id"])) is NotFound, other
        assert await failed(read(gateway, overriding(gateway, "herlev"), "Task", task["id"])) is NotFound

    house.run(work)


def test_the_work_queue(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        decider, reviewer = overriding(gateway), caller("hospital", user="urn:test|chief", user_name="Overlæge Bo")
        await joint_plan(gateway, decider, patient)
        (one,) = (await override_queue.queue(gateway, reviewer)).rows
        assert (one.state, one.overdue, bool(one.told), one.reason, one.row.looks) == ("open", False, False, WHY, 1)
        assert one.row.citizen == patient
        for other in ("herlev", "nursing", "social"):
            assert not (await override_queue.queue(gateway, caller(other))).rows, other
        assert len((await override_queue.queue(gateway, caller("auditor"))).rows) == 1
        assert await failed(override_queue.queue(gateway, caller("hospital", user=""))) is Forbidden
        assert await failed(override_queue.take(gateway, caller("social"), one.row.task)) is NotFound
        taken = await override_queue.take(gateway, reviewer, one.row.task)
        assert (taken.state, taken.row.taken_name) == ("taken", "Overlæge Bo")
        another = caller("hospital", user="urn:test|third")
        assert await failed(override_queue.take(gateway, another, one.row.task)) is Conflict
        assert await failed(override_queue.review(gateway, another, one.row.task, Outcome.JUSTIFIED, "")) is Conflict
        assert (
            await failed(override_queue.review(gateway, reviewer, one.row.task, Outcome.UNJUSTIFIED, " ")) is BadRequest
        )
        handed_on = await override_queue.take(gateway, another, one.row.task, former=taken.row.taken_by)
        assert handed_on.row.taken_by != taken.row.taken_by
        done = await override_queue.review(gateway, another, one.row.task, Outcome.JUSTIFIED, "Livsfare")
        assert (done.state, done.row.outcome) == ("reviewed", "justified")
        assert await failed(override_queue.take(gateway, reviewer, one.row.task, former=done.row.taken_by)) is Conflict
        assert [
            r["decision"]
            for r in await gateway.database.fetch(
                "SELECT decision FROM access_record WHERE interaction = 'operation' AND citizen = $1", patient
            )
        ]

    house.run(work)


def test_nobody_reviews_the_own_override(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        await joint_plan(gateway, overriding(gateway), patient)
        (one,) = (await override_queue.queue(gateway, caller("hospital"))).rows
        await override_queue.take(gateway, caller("hospital"), one.row.task)
        review = override_queue.review(gateway, caller("hospital"), one.row.task, Outcome.JUSTIFIED, "")
        assert await failed(review) is Forbidden

    house.run(work)


def test_overdue_until_the_citizen_was_told_or_it_says_why_not(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        for user in ("urn:test|a", "urn:test|b"):
            await joint_plan(gateway, overriding(gateway, user=user), patient)
        house.clock.ahead = timedelta(days=14)
        assert not (await override_queue.queue(gateway, caller("hospital"), overdue=True)).rows, "the last day is a day"
        house.clock.ahead = timedelta(days=16)
        first, second = (await override_queue.queue(gateway, caller("hospital"), overdue=True)).rows
        who = caller("hospital")
        day = (gateway.clock() - timedelta(hours=1)).isoformat()
        late = (gateway.clock() + timedelta(hours=1)).isoformat()
        for less in ({}, {"when": day}, {"how": "Brev"}, {"when": late, "how": "Brev"}, {"why_not": " "}):
            assert await failed(override_queue.tell(gateway, who, first.row.task, **less)) is BadRequest
        assert await failed(override_queue.tell(gateway, caller("auditor"), first.row.task, why_not="x")) is Forbidden
        told = await override_queue.tell(gateway, who, first.row.task, when=day, how="Brev i Digital Post")
        assert (told.told.how, told.overdue) == ("Brev i Digital Post", False)
        excused = await override_queue.tell(gateway, who, second.row.task, why_not="Borgeren er død")
        assert (excused.told.why_not, excused.overdue) == ("Borgeren er død", False)
        assert not (await override_queue.queue(gateway, who, overdue=True)).rows
        assert {task["status"] for task in await tasks(gateway)} == {"completed", "rejected"}

    house.run(work)
