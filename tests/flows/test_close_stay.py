"""R.BR7, test M: SLHJ never came, so a person closes the stay; the hospital's own word goes before it."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from gateway.cli import close_stay as command
from gateway.domain.when import instant
from gateway.errors import BadRequest, NotFound
from gateway.flows.close_stay import close_stay
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from tests.flows.conftest import House
from tests.flows.messages import case
from tests.translate.medcom.notices import BACK, END, LEFT, START, notice, raw

Json = dict[str, Any]
CPR = "2509479989"
CHAIN = (("m1", "admit-inpatient"),)
WHO, WHY = "Ida Krogh", "Borgeren er hjemme siden fredag"


async def told(gateway: Gateway, *messages: Json) -> None:
    assert (await receive(gateway, "oio", case(CPR))).accepted
    for message in messages:
        assert (await receive(gateway, "fhir-message", raw(message))).accepted


async def stay(gateway: Gateway) -> Json:
    (row,) = await gateway.database.fetch("SELECT body FROM resource WHERE kind = 'Encounter'")
    return json.loads(row["body"])  # type: ignore[no-any-return]


async def close(gateway: Gateway, at: str, *, undo: bool = False) -> Json:
    await close_stay(gateway, (await stay(gateway))["id"], instant(at), WHO, WHY, undo=undo)
    return await stay(gateway)


def out(header: str = "m2", end: str = BACK) -> Json:
    return notice("discharge-inpatient-home", header=header, earlier=CHAIN, status="finished", end=end) | {"id": header}


def test_a_person_closes_it_and_the_hospitals_word_goes_before(house: House) -> None:
    async def work(gateway: Gateway) -> list[Json]:
        await told(gateway, notice(header="m1"))
        found = [await close(gateway, END)]
        await told(gateway, out())
        return [*found, await stay(gateway)]

    closed, discharged = house.run(work)
    assert (closed["status"], closed["period"]) == ("finished", {"start": START, "end": END})
    assert (discharged["status"], discharged["period"]["end"]) == ("finished", BACK), "told after all"
    assert discharged["id"] == closed["id"]


def test_what_happened_later_tells_that_it_goes_on(house: House) -> None:
    left = notice("start-leave-inpatient", header="m2", earlier=CHAIN, status="onleave", leave=(BACK, "")) | {
        "id": "m2"
    }

    async def work(gateway: Gateway) -> list[Json]:
        await told(gateway, notice(header="m1"))
        found = [await close(gateway, LEFT)]
        await told(gateway, left)
        return [*found, await stay(gateway), await close(gateway, END)]

    assert [one["status"] for one in house.run(work)] == ["finished", "onleave", "finished"]


def test_it_can_be_taken_back_and_is_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[list[str], list[Json]]:
        await told(gateway, notice(header="m1"))
        statuses = [(await close(gateway, END, undo=undo))["status"] for undo in (False, True, False)]
        rows = await gateway.database.fetch("SELECT body FROM access_record ORDER BY id")
        return statuses, [one for row in rows if (one := json.loads(row["body"])).get("user_name") == WHO]

    statuses, records = house.run(work)
    assert statuses == ["finished", "in-progress", "finished"]
    assert [one["operation"] for one in records] == ["close-stay", "reopen-stay", "close-stay"]
    assert records[0]["override_reason"] == WHY
    assert CPR not in json.dumps(records)


def test_what_cannot_be_closed(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        await told(gateway, notice(header="m1"))
        identity, past = (await stay(gateway))["id"], instant(END)
        with pytest.raises(NotFound):
            await close_stay(gateway, "0" * 32, past, WHO, WHY)
        cases: list[tuple[datetime, str, str]] = [(instant("2999-01-01"), WHO, WHY), (past, " ", WHY), (past, WHO, "")]
        for at, who, why in cases:
            with pytest.raises(BadRequest):
                await close_stay(gateway, identity, at, who, why)
        assert (await stay(gateway))["status"] == "in-progress"

    house.run(work)


def test_the_command(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    async def work(gateway: Gateway) -> str:
        await told(gateway, notice(header="m1"))
        return str((await stay(gateway))["id"])

    identity = house.run(work)
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    settings = replace(house.settings, database_url=house.url)
    words = [identity, "--by", WHO, "--reason", WHY, "--at"]
    assert command.run(parser.parse_args([*words, END]), settings) == 0
    assert "closed" in capsys.readouterr().out
    with pytest.raises(BadRequest):
        command.run(parser.parse_args([*words, "i går"]), settings)
