"""What one MLLP sender cannot do to the gateway, nor to other senders: silence, slowness, floods."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from gateway.inbound.mllp import Peer
from tests.inbound.mllp_senders import answer, connected, ended, frame, listening, run


def test_idle_connection_is_closed() -> None:
    async def test() -> None:
        async with listening(idle_seconds=0.1) as (_, connect):
            reader, writer = await connect()
            writer.write(frame(b"MSH|1"))
            await answer(reader)
            assert await ended(reader)

    run(test)


def test_waiting_for_an_answer_is_not_idleness() -> None:
    async def slow(raw: bytes, peer: Peer) -> bytes:
        await asyncio.sleep(0.4)
        return b"late"

    async def test() -> None:
        async with listening(slow, idle_seconds=0.1) as (_, connect):
            reader, writer = await connect()
            writer.write(frame(b"MSH|1"))
            assert await answer(reader) == b"late"

    run(test)


def test_slow_loris() -> None:
    async def test() -> None:
        async with listening(frame_seconds=0.2) as (_, connect):
            reader, writer = await connect()
            writer.write(b"\x0bMSH")

            async def drip() -> None:
                while True:
                    writer.write(b"x")
                    await asyncio.sleep(0.02)

            dripping = asyncio.create_task(drip())
            assert (await answer(reader)).startswith(b"NAK AR")
            dripping.cancel()
            assert await ended(reader)

    with capture_logs() as logs:
        run(test)
    assert "slow-frame" in {entry.get("kind") for entry in logs}


def test_many_quick_frames_are_not_one_slow_one() -> None:
    async def test() -> None:
        async with listening(frame_seconds=0.2) as (_, connect):
            reader, writer = await connect()
            for n in range(10):  # each packet ends one frame and begins the next
                writer.write((b"" if n else b"\x0b") + b"MSH|%d\x1c\x0d\x0b" % n)
                assert await answer(reader) == b"ACK MSH|%d" % n
                await asyncio.sleep(0.05)

    run(test)


def test_too_many_connections() -> None:
    async def test() -> None:
        async with listening(connections=2) as (listener, connect):
            first, second = await connect(), await connect()
            for reader, writer in (first, second):
                writer.write(frame(b"MSH"))
                await answer(reader)
            third = await connect()
            assert await ended(third[0])
            first[1].close()
            await connected(listener, 1)
            fourth = await connect()
            fourth[1].write(frame(b"MSH"))
            assert await answer(fourth[0]) == b"ACK MSH"

    run(test)


def test_back_pressure_stops_reading() -> None:
    gate = asyncio.Event()
    taken = 0

    async def held(raw: bytes, peer: Peer) -> bytes:
        nonlocal taken
        taken += 1
        await gate.wait()
        return b"ok"

    async def test() -> None:
        async with listening(held, unanswered=2, message_bytes=100_000) as (listener, connect):
            reader, writer = await connect()
            big = frame(b"M" * 90_000)
            sent = 0
            try:
                async with asyncio.timeout(0.5):
                    for _ in range(400):  # 36 MB: more than any socket buffer holds
                        writer.write(big)
                        await writer.drain()
                        sent += 1
            except TimeoutError:
                pass
            assert sent < 400
            assert taken == 1
            (connection,) = listener._connections
            assert connection._unanswered_bytes <= 200_000
            gate.set()
            for _ in range(sent):
                assert await answer(reader) == b"ok"

    run(test)


def test_a_peer_that_takes_no_answers_is_cut() -> None:
    async def flood(raw: bytes, peer: Peer) -> bytes:
        return b"x" * 3_000_000

    async def test() -> None:
        async with listening(flood, answer_seconds=0.2, unanswered=2) as (listener, connect):
            _, writer = await connect()
            writer.write(frame(b"MSH") * 30)
            await connected(listener, 1)
            await connected(listener, 0)

    with capture_logs() as logs:
        run(test)
    kinds = [entry.get("kind") for entry in logs]
    assert {"answer-not-taken", "unanswered"} <= set(kinds)
