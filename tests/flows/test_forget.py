"""§ 12 c and what was not understood: its content is kept for a time to mend the mapping, then it is deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from gateway.cli.serve import running
from gateway.flows.forget import forget
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.flows.replay import replay
from tests.flows.conftest import House
from tests.flows.messages import CPR, adt, case
from tests.flows.test_receive import everything, told

BROKEN = adt("A01", 1, "20260302090000+0100").replace(b"19481225", b"19481399")
STRANGE = adt("A01", 5, "20260302090000+0100", sender="NEW|SYS")
DAYS = 14


async def states(gateway: Gateway) -> list[tuple[str, bool]]:
    rows = await gateway.database.fetch("SELECT state, body IS NULL AS empty FROM message ORDER BY id")
    return [(row["state"], row["empty"]) for row in rows]


def test_content_in_quarantine_is_deleted_when_its_time_is_over(house: House) -> None:
    async def before(gateway: Gateway) -> tuple[list[tuple[str, bool]], int]:
        (answer,) = await told(gateway, STRANGE)
        assert not answer.accepted
        return await states(gateway), await forget(gateway, DAYS)

    assert house.run(before) == ([("quarantined", False)], 0)
    house.clock.ahead = timedelta(days=DAYS, minutes=1)

    async def after(gateway: Gateway) -> tuple[int, list[tuple[str, bool]], str, int]:
        gone = await forget(gateway, DAYS)
        replayed = await replay(gateway)
        (again,) = await told(gateway, STRANGE)
        assert not again.accepted, "it is answered as before"
        return gone, await states(gateway), await everything(gateway), len(replayed)

    gone, found, stored, replayed = house.run(after)
    assert (gone, replayed) == (1, 0)
    assert found == [("forgotten", True)]
    assert CPR not in stored
    assert "Lind" not in stored


def test_replayed_it_meets_the_legal_filter(house: House) -> None:
    """The mapping was mended; the citizen has no case, so nothing of the content is left."""

    async def before(gateway: Gateway) -> None:
        await told(gateway, STRANGE)

    house.run(before)
    house.with_sender("NEW|SYS")

    async def after(gateway: Gateway) -> tuple[list[str], list[tuple[str, bool]], str]:
        return [one.error for one in await replay(gateway)], await states(gateway), await everything(gateway)

    errors, found, stored = house.run(after)
    assert errors == [""]
    assert found == [("replayed", True), ("not-entitled", True)]
    assert CPR not in stored


def test_the_answer_does_not_tell_who_has_a_case(house: House) -> None:
    """Refused alike, byte for byte but for the answer's own number and time."""

    async def work(gateway: Gateway) -> tuple[bytes, bytes]:
        first = await receive(gateway, "hl7v2", BROKEN)
        await told(gateway, case())
        second = await receive(gateway, "hl7v2", BROKEN.replace(b"|M1|", b"|M2|"))
        return first.body, second.body.replace(b"|M2", b"|M1")

    first, second = house.run(work)
    assert first.split(b"\r")[1:] == second.split(b"\r")[1:]
    assert b"MSA|AE|M1" in first


def test_serve_forgets(house: House) -> None:
    async def fill(gateway: Gateway) -> None:
        await told(gateway, STRANGE)

    house.run(fill)
    house.clock.ahead = timedelta(days=DAYS, minutes=1)
    settings = replace(house.settings, database_url=house.url, http_port=0, mllp_port=0)

    async def served(gateway: Gateway) -> list[tuple[str, bool]]:
        async with running(settings, clock=house.clock):
            for _ in range(1000):
                if await states(gateway) != [("quarantined", False)]:
                    break
                await asyncio.sleep(0.01)
            return await states(gateway)

    assert house.run(served) == [("forgotten", True)]
