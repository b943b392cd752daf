"""Delivery: at least once, in order, whatever happens to the receiver, to a node or to the database."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.domain.source import Connection
from gateway.flows.deliver import LEASE, claim, send
from gateway.flows.outbox import send_again, show
from gateway.flows.parts import Gateway
from gateway.outbound import metrics
from gateway.outbound.lines import lines
from gateway.store import outbox
from tests.outbound.conftest import Office, connected, courier, delivered, states
from tests.outbound.receivers import PSYCHIATRY, ack, letter, receiving

WELL = ("receipted", 1, "")


def test_what_waits_goes_out_in_order_and_once(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            letters = [letter(n) for n in range(20)]
            await outbox.put(gateway.database, letters, gateway.clock())
            await outbox.put(gateway.database, letters[:5], gateway.clock())
            one = courier(here)
            for _ in range(4):
                await delivered(one)
            assert hospital.numbers == [f"M{n}" for n in range(20)]
            assert hospital.got[3] == letters[3].body
            assert set((await states(gateway)).values()) == {WELL}

    office.run(work)


def test_a_receiver_that_is_away_is_tried_again_and_the_rest_waits_untried(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as other:
            port = other.port
        here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{port}")
        await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
        one = courier(here)
        await delivered(one)
        found = await states(gateway)
        assert found["M1"] == ("waiting", 1, "The receiver cannot be reached. (ConnectionRefusedError)")
        assert found["M2"] == ("waiting", 0, "")
        async with receiving(port=port) as back:
            await outbox.put(gateway.database, [letter(3)], gateway.clock())
            await delivered(one)
            assert back.got == [], "it is not due yet, and nothing overtakes it"
            office.clock.ahead += timedelta(seconds=6)
            await delivered(one)
            assert back.numbers == ["M1", "M2", "M3"]
            assert (await states(gateway))["M1"] == ("receipted", 2, "")

    office.run(work)


def test_the_limit_of_tries_and_an_operator_who_lets_it_wait_again(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(ack("AR", "ERR||||E|||busy|busy")) as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1)], gateway.clock())
            one = courier(here, tries=3)
            for _ in range(6):
                await delivered(one)
                office.clock.ahead += timedelta(minutes=20)
            assert hospital.numbers == ["M1"] * 3
            assert await states(gateway) == {"M1": ("failed", 3, "busy")}
            (row,) = (await show(gateway, ["failed"])).messages
            assert await send_again(gateway, [row.id, row.id + 99]) == [row.id]
            hospital.behaviour = ack("AA")
            await delivered(one)
            assert (await states(gateway))["M1"][0] == "receipted"
            assert await send_again(gateway, [row.id]) == [], "what is well is not sent again"

    office.run(work)


def test_what_a_receiver_refuses_is_not_sent_again_and_holds_up_nothing(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            good, bad = ack("AA"), ack("AE", "ERR||PID^1^3|101|E|||no such citizen")
            hospital.behaviour = lambda message: (bad if b"|M1|" in message else good)(message)
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(n) for n in range(3)], gateway.clock())
            one = courier(here)
            await delivered(one)
            office.clock.ahead += timedelta(hours=1)
            await delivered(one)
            assert hospital.numbers == ["M0", "M1", "M2"]
            assert (await states(gateway))["M1"] == ("failed", 1, "no such citizen")

    office.run(work)


def test_a_receiver_that_hangs_up_after_every_answer_is_called_again(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            hospital.hangs_up = True
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(n) for n in range(5)], gateway.clock())
            await delivered(courier(here))
            assert hospital.numbers == [f"M{n}" for n in range(5)]
            assert hospital.connections == 5
            assert set((await states(gateway)).values()) == {WELL}

    office.run(work)


@pytest.mark.parametrize("mark", [b"\x0b", b"\x1c\r"])
def test_no_message_can_be_two(office: Office, mark: bytes) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            evil = replace(letter(1), body=letter(1).body + mark + letter(9).body)
            await outbox.put(gateway.database, [evil, letter(2)], gateway.clock())
            await delivered(courier(here))
            assert hospital.numbers == ["M2"]
            assert (await states(gateway))["M1"][0] == "failed"

    office.run(work)


def test_one_that_is_not_wanted_now_is_overtaken(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            good, busy = ack("AA"), ack("AR")
            hospital.behaviour = lambda message: (busy if b"|M1|" in message else good)(message)
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
            one = courier(here)
            await delivered(one)
            await outbox.put(gateway.database, [letter(3)], gateway.clock())
            await delivered(one)
            assert hospital.numbers == ["M1", "M2", "M3"]

    office.run(work)


def test_taken_is_sent_and_an_application_acknowledgement_may_follow(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(ack("CA")) as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1)], gateway.clock())
            await delivered(courier(here))
            assert await states(gateway) == {"M1": ("sent", 1, "")}

    office.run(work)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "The receiver did not answer. (IncompleteReadError)"),
        (b"garbage", "The receiver's answer cannot be read."),
        (b"MSH|^~\\&|A|B|C|D|2026||ACK|1|P|2.5\rMSA|AA|M99\r", "The receiver answered another message than the one"),
        (b"MSH|^~\\&|A|B|C|D|2026||ACK|1|P|2.5\rMSA|AA|" + b"x" * 5000, "The receiver did not answer."),
        (b"", "The receiver did not answer. (TimeoutError)"),
    ],
)
def test_an_answer_that_says_nothing_is_none(office: Office, answer: bytes | None, told: str) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(lambda _: answer) as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
            await delivered(courier(here, wait=0.2, most=2000))
            found = await states(gateway)
            assert found["M1"][:2] == ("waiting", 1)
            assert found["M1"][2].startswith(told)
            assert found["M2"] == ("waiting", 0, "")
            assert hospital.numbers == ["M1"], "the line is not used again: its next answer may be a late one"

    office.run(work)


def test_a_receiver_that_never_answers_by_agreement(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving(lambda _: b"") as hospital:
            there = Connection(f"mllp://127.0.0.1:{hospital.port}", answers=False)
            here = connected(gateway, regionh_somatik_adt=there)
            await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
            await delivered(courier(here))
            assert {state for state, _, _ in (await states(gateway)).values()} == {"sent"}
            await hospital.arrived.wait()

    office.run(work)


def test_a_destination_without_a_connection_fails_until_it_has_one(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        await outbox.put(gateway.database, [letter(1), letter(2, "nowhere")], gateway.clock())
        with capture_logs():
            await delivered(courier(gateway))
        found = await states(gateway)
        assert found["M1"][0] == found["M2"][0] == "failed"
        assert "deliver is missing in mappings/sources/nowhere.yaml" in found["M2"][2]

    office.run(work)


def test_several_nodes_send_each_message_once_and_each_destination_in_order(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as first, receiving() as second:
            here = connected(
                gateway,
                regionh_somatik_adt=f"mllp://127.0.0.1:{first.port}",
                regionh_psyk_adt=f"mllp://127.0.0.1:{second.port}",
            )
            nodes = [courier(here) for _ in range(3)]
            letters = [letter(n, PSYCHIATRY if n % 2 else "regionh-somatik-adt") for n in range(60)]
            await outbox.put(gateway.database, letters, gateway.clock())
            while (await show(gateway, ["waiting"])).messages:
                await asyncio.gather(*(delivered(node) for node in nodes))
            assert first.numbers == [f"M{n}" for n in range(0, 60, 2)]
            assert second.numbers == [f"M{n}" for n in range(1, 60, 2)]

    office.run(work)


def test_one_destination_that_hangs_holds_up_no_other(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as slow, receiving() as quick:
            slow.held.clear()
            here = connected(
                gateway,
                regionh_somatik_adt=f"mllp://127.0.0.1:{slow.port}",
                regionh_psyk_adt=f"mllp://127.0.0.1:{quick.port}",
            )
            one = courier(here)
            await outbox.put(gateway.database, [letter(1), letter(2, PSYCHIATRY)], gateway.clock())
            await one.look()
            await slow.arrived.wait()
            await outbox.put(gateway.database, [letter(3), letter(4, PSYCHIATRY)], gateway.clock())
            while quick.numbers != ["M2", "M4"]:
                await one.look()
                await asyncio.sleep(0)
            assert slow.numbers == ["M1"], "nothing overtakes what is on its way to the same destination"
            slow.held.set()
            await one.idle()

    office.run(work)


def test_a_long_queue_does_not_wait_for_the_next_look(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(n) for n in range(40)], gateway.clock())
            running = asyncio.create_task(courier(here, seconds=3600).run())
            while len(hospital.got) < 40:
                hospital.arrived.clear()
                await hospital.arrived.wait()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            assert hospital.numbers == [f"M{n}" for n in range(40)]

    office.run(work)


def test_a_node_that_dies_loses_nothing(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
            assert await claim(here), "claimed by a node that is heard of no more"
            other = courier(here)
            await delivered(other)
            assert hospital.got == []
            office.clock.ahead += LEASE
            await delivered(other)
            assert hospital.numbers == ["M1", "M2"]

    office.run(work)


def test_a_node_whose_lease_is_nearly_over_begins_nothing(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
            (slow,) = await claim(here)
            office.clock.ahead += LEASE - timedelta(minutes=1)
            await send(here, lines(), slow, 3)
            assert hospital.got == [], "another node could take over while it waits for an answer"
            await delivered(courier(here))
            assert hospital.numbers == ["M1", "M2"]

    office.run(work)


def test_a_node_that_is_stopped_finishes_what_is_on_its_way_and_gives_back_the_rest(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            hospital.held.clear()
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
            running = asyncio.create_task(courier(here, wait=60).run())
            await hospital.arrived.wait()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            assert {row[0] for row in (await states(gateway)).values()} == {"waiting"}
            hospital.held.set()
            await delivered(courier(here))
            assert hospital.numbers == ["M1", "M1", "M2"], "nobody knows what became of the first: at least once"
            assert {row[0] for row in (await states(gateway)).values()} == {"receipted"}

    office.run(work)


def test_a_stopped_node_waits_for_an_answer_that_comes_in_time(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        async with receiving() as hospital:
            hospital.held.clear()
            here = connected(gateway, regionh_somatik_adt=f"mllp://127.0.0.1:{hospital.port}")
            await outbox.put(gateway.database, [letter(1)], gateway.clock())
            one = courier(here, wait=60)
            one.drain = 20.0
            running = asyncio.create_task(one.run())
            await hospital.arrived.wait()
            running.cancel()
            await asyncio.sleep(0)
            hospital.held.set()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            assert hospital.numbers == ["M1"]
            assert await states(gateway) == {"M1": WELL}

    office.run(work)


def test_a_database_that_is_away_stops_no_courier(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        one = courier(gateway)
        await gateway.database.close()
        with capture_logs() as logs:
            await one.look()
            await one.remind()
            await one.count()
        assert {entry["event"] for entry in logs} == {"delivery waits"}

    office.run(work)


def test_nothing_that_goes_wrong_ends_the_courier(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        one = courier(gateway)
        await gateway.database.fetchval("ALTER TABLE outbox RENAME TO elsewhere")
        try:
            with capture_logs() as logs:
                await one.look()
                await one.remind()
                await one.count()
        finally:
            await gateway.database.fetchval("ALTER TABLE elsewhere RENAME TO outbox")
        assert [entry["event"] for entry in logs] == ["delivery failed"] * 3
        assert {entry["error"] for entry in logs} == {"UndefinedTableError"}

    office.run(work)


def test_the_metrics_tell_what_waits_and_nothing_of_whom(office: Office) -> None:
    async def work(gateway: Gateway) -> None:
        await outbox.put(gateway.database, [letter(1), letter(2), letter(3, "nowhere")], gateway.clock())
        one = courier(connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1"))
        with capture_logs():
            await delivered(one)
        office.clock.ahead += timedelta(minutes=5)
        await one.count()
        assert metrics.OUTBOX.labels("waiting")._value.get() == 2
        assert metrics.OUTBOX.labels("failed")._value.get() == 1
        assert 300 <= metrics.OLDEST.labels("waiting")._value.get() < 330

    office.run(work)
