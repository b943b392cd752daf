"""A listener and senders on real sockets, for the tests of the MLLP door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from gateway.errors import GatewayError
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
