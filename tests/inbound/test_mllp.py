"""The MLLP door over real sockets: what a sender does, and what it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from gateway.errors import GatewayError, Unavailable
from gateway.inbound.mllp import Limits, MllpListener, Peer

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def frame(payload: bytes) -> bytes:
    return b"\x0b" + payload + b"\x1c\x0d"


def refuse(raw: bytes, error: GatewayError) -> bytes:
    return b"NAK %s %s" % (error.ack.encode(), raw[:20])


async def echo(raw: bytes, peer: Peer) -> bytes:
    return b"ACK " + raw


@asynccontextmanager
async def listening(
    receive: Callable[[bytes, Peer], Awaitable[bytes]] = echo, **limits: float
) -> AsyncIterator[tuple[MllpListener, Callable[[], Awaitable[Stream]]]]:
    listener = MllpListener(receive, refuse, limits=Limits(**{"linger_seconds": 0.5, **limits}))  # type: ignore[arg-type]
    port = await listener.start("127.0.0.1", 0)
    opened: list[asyncio.StreamWriter] = []

    async def connect() -> Stream:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.append(writer)
        return reader, writer

    try:
        yield listener, connect
    finally:
        await listener.stop()
        for writer in opened:
            writer.close()
        await asyncio.gather(*(w.wait_closed() for w in opened), return_exceptions=True)


async def answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        got = await reader.readuntil(b"\x1c\x0d")
    assert got[:1] == b"\x0b"
    return got[1:-2]


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(5):
            return await reader.read() == b""
    except ConnectionError:
        return True


async def connected(listener: MllpListener, count: int) -> None:
    while listener.connections != count:  # noqa: ASYNC110 - the listener has no event for it
        await asyncio.sleep(0.01)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(bounded())


def test_one_connection_many_messages() -> None:
    async def test() -> None:
        async with listening() as (listener, connect):
            reader, writer = await connect()
            for n in range(50):
                writer.write(frame(b"MSH|%d" % n))
                assert await answer(reader) == b"ACK MSH|%d" % n
            assert listener.connections == 1

    run(test)


def test_bytes_pass_untouched() -> None:
    """No decoding in the transport: Latin-1, UTF-8, LF, BOM and lone 0x1C come out as they went in."""
    seen: list[bytes] = []

    async def keep(raw: bytes, peer: Peer) -> bytes:
        seen.append(raw)
        return b"ok"

    async def test() -> None:
        async with listening(keep) as (_, connect):
            reader, writer = await connect()
            for raw in (b"MSH|\xe6\xf8\xe5\n", "MSH|æøå\r".encode(), b"\xef\xbb\xbfMSH|", b"a\x1cb", b"\xff" * 9):
                writer.write(frame(raw))
                await answer(reader)
                assert seen[-1] == raw

    run(test)


def test_pipelined_messages_are_answered_in_order() -> None:
    async def slow_first(raw: bytes, peer: Peer) -> bytes:
        await asyncio.sleep(0.05 if raw.endswith(b"0") else 0)
        return raw

    async def test() -> None:
        async with listening(slow_first) as (_, connect):
            reader, writer = await connect()
            writer.write(b"".join(frame(b"MSH|%d" % n) for n in range(30)))
            assert [await answer(reader) for _ in range(30)] == [b"MSH|%d" % n for n in range(30)]

    run(test)


def test_message_split_over_packets() -> None:
    async def test() -> None:
        async with listening() as (_, connect):
            reader, writer = await connect()
            for byte in frame(b"MSH|slow\rPID|1"):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.001)
            assert await answer(reader) == b"ACK MSH|slow\rPID|1"

    run(test)


def test_one_megabyte_is_quick() -> None:
    async def test() -> None:
        async with listening() as (_, connect):
            reader, writer = await connect()
            clock = asyncio.get_running_loop().time
            begun = clock()
            writer.write(frame(b"M" * 1_000_000))
            async with asyncio.timeout(10):
                got = await reader.readexactly(1_000_000 + 7)
            assert got[:6] == b"\x0bACK M"
            assert clock() - begun < 2

    run(test)


def test_connections_do_not_wait_for_each_other() -> None:
    gate = asyncio.Event()

    async def held(raw: bytes, peer: Peer) -> bytes:
        if raw == b"wait":
            await gate.wait()
        return raw

    async def test() -> None:
        async with listening(held) as (_, connect):
            first, second = await connect(), await connect()
            first[1].write(frame(b"wait"))
            second[1].write(frame(b"go"))
            assert await answer(second[0]) == b"go"
            gate.set()
            assert await answer(first[0]) == b"wait"

    run(test)


def test_oversized_is_refused_then_closed() -> None:
    async def test() -> None:
        async with listening(message_bytes=1000) as (_, connect):
            reader, writer = await connect()
            writer.write(frame(b"MSH|fine") + b"\x0bMSH|" + b"x" * 200_000)
            assert await answer(reader) == b"ACK MSH|fine"
            assert (await answer(reader)).startswith(b"NAK A")
            assert await ended(reader)

    with capture_logs() as logs:
        run(test)
    assert {"frame-too-large"} == {entry["kind"] for entry in logs if entry["event"] == "mllp incident"}


def test_garbage_before_a_frame_up_to_its_limit() -> None:
    async def test() -> None:
        async with listening(garbage_bytes=100) as (_, connect):
            reader, writer = await connect()
            writer.write(b"GET / HTTP/1.1\r\n\r\n" + frame(b"MSH|1") + b"\r\n" + frame(b"MSH|2"))
            assert [await answer(reader), await answer(reader)] == [b"ACK MSH|1", b"ACK MSH|2"]
            writer.write(b"z" * 101)
            assert await ended(reader)

    run(test)


def test_truncated_frame_at_the_end_is_told_and_answered() -> None:
    async def test() -> None:
        async with listening() as (_, connect):
            reader, writer = await connect()
            writer.write(frame(b"MSH|1") + b"\x0bMSH|secret 2512489996")
            writer.write_eof()
            assert await answer(reader) == b"ACK MSH|1"
            assert (await answer(reader)).startswith(b"NAK AR MSH|secret")
            assert await ended(reader)

    with capture_logs() as logs:
        run(test)
    told = [entry for entry in logs if entry["event"] == "mllp incident"]
    assert [(entry["kind"], entry["bytes"]) for entry in told] == [("frame-truncated", 21)]
    assert "2512489996" not in str(logs)


def test_truncated_frame_of_a_peer_that_is_gone() -> None:
    async def test() -> None:
        async with listening() as (listener, connect):
            _, writer = await connect()
            writer.write(b"\x0bMSH|half")
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.transport.abort()
            await connected(listener, 0)

    with capture_logs() as logs:
        run(test)
    assert "frame-truncated" in {entry.get("kind") for entry in logs}


def test_a_frame_begun_inside_another_loses_neither() -> None:
    async def test() -> None:
        async with listening() as (_, connect):
            reader, writer = await connect()
            writer.write(b"\x0bMSH|one\x0bMSH|two\x1c\x0d")
            assert await answer(reader) == b"NAK AR MSH|one"
            assert await answer(reader) == b"ACK MSH|two"
            writer.write(frame(b"MSH|three"))
            assert await answer(reader) == b"ACK MSH|three"

    run(test)


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
            begun = asyncio.get_running_loop().time()
            assert (await answer(reader)).startswith(b"NAK AR")
            assert asyncio.get_running_loop().time() - begun < 2
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


def test_failures_are_answered_and_the_connection_lives() -> None:
    async def failing(raw: bytes, peer: Peer) -> bytes:
        if raw == b"bug":
            raise ZeroDivisionError("2512489996")
        raise Unavailable

    async def test() -> None:
        async with listening(failing) as (_, connect):
            reader, writer = await connect()
            writer.write(frame(b"bug") + frame(b"db"))
            assert await answer(reader) == b"NAK AR bug"
            assert await answer(reader) == b"NAK AR db"

    with capture_logs() as logs:
        run(test)
    assert "2512489996" not in str(logs)


def test_no_answer_when_there_is_none() -> None:
    async def silent(raw: bytes, peer: Peer) -> bytes:
        return b"" if raw == b"quiet" else b"loud"

    async def test() -> None:
        async with listening(silent) as (_, connect):
            reader, writer = await connect()
            writer.write(frame(b"quiet") + frame(b"other"))
            assert await answer(reader) == b"loud"

    run(test)


def test_stop_answers_what_was_taken() -> None:
    started = asyncio.Event()

    async def slow(raw: bytes, peer: Peer) -> bytes:
        started.set()
        await asyncio.sleep(0.1)
        return raw

    async def test() -> None:
        async with listening(slow) as (listener, connect):
            reader, writer = await connect()
            idle = await connect()
            writer.write(frame(b"MSH|1") + frame(b"MSH|2") + b"\x0bMSH|half")
            await started.wait()
            await listener.stop()
            assert await answer(reader) == b"MSH|1"
            assert await answer(reader) == b"MSH|2"
            assert (await answer(reader)).startswith(b"NAK AR MSH|half")
            assert await ended(reader)
            assert await ended(idle[0])
            with pytest.raises(ConnectionRefusedError):
                await connect()

    run(test)


def test_stop_cuts_what_takes_too_long() -> None:
    async def forever(raw: bytes, peer: Peer) -> bytes:
        await asyncio.sleep(60)
        return b""

    async def test() -> None:
        async with listening(forever, drain_seconds=0.1) as (listener, connect):
            reader, writer = await connect()
            writer.write(frame(b"MSH|1"))
            await asyncio.sleep(0.05)
            await listener.stop()
            assert await ended(reader)
            assert not listener.connections

    with capture_logs() as logs:
        run(test)
    assert "unanswered" in {entry.get("kind") for entry in logs}
