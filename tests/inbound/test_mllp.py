"""The MLLP door over real sockets: what a sender does, and what it gets."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.errors import Unavailable
from gateway.inbound.mllp import Peer
from tests.inbound.mllp_senders import answer, connected, ended, frame, listening, run


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
            writer.write(frame(b"M" * 1_000_000))
            async with asyncio.timeout(10):
                got = await reader.readexactly(1_000_000 + 7)
            assert got[:6] == b"\x0bACK M"

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
