"""What senders do to the MLLP door with the whole gateway behind it: nothing is lost, nothing is kept twice, and nobody
else notices."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from structlog.testing import capture_logs

from gateway.errors import GatewayError
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.inbound.mllp import Limits, MllpListener, Peer
from gateway.store.pool import Database
from tests.inbound.http_world import parts
from tests.inbound.mllp_senders import Stream, answer, connected, ended, frame
from tests.inbound.oauth_client import Clock
from tests.inbound.test_message_doors import admission

UNKNOWN = admission("U", event="Q99")
SILENT = admission("S").replace(b"|P|2.5||||||", b"|P|2.5|||NE|NE||")
RECEIPT = b"MSH|^~\\&|SP|HGH|GW|KK|2026||ACK|R|P|2.5\rMSA|AA|X\r"
BATCH = b"BHS|^~\\&|SP|HGH|GW|KK|2026||||B\r" + admission("B1") + UNKNOWN + b"BTS|3\r"


@dataclass
class Door:
    """A listener with a gateway behind it."""

    gateway: Gateway
    listener: MllpListener
    port: int
    opened: list[asyncio.StreamWriter]

    async def connect(self, *, room: int = 0) -> Stream:
        """A connection; with `room` its system holds no more unread bytes than about that."""
        own = socket.socket()
        if room:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        own.setblocking(False)
        await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=own)
        self.opened.append(writer)
        return reader, writer

    async def ask(self, message: bytes) -> list[str]:
        """MSA of the answer to one message on a connection of its own."""
        reader, writer = await self.connect()
        writer.write(frame(message))
        try:
            return msa(await answer(reader))
        finally:
            writer.close()

    async def kept(self, state: str = "not-entitled") -> list[str]:
        rows = await self.gateway.database.fetch("SELECT message_id FROM message WHERE state = $1 ORDER BY id", state)
        return [row[0] for row in rows]


def msa(told: bytes) -> list[str]:
    """The acknowledgements in an answer: `AA M1`."""
    lines = [line.split("|") for line in told.decode("latin-1").split("\r")]
    return [" ".join(fields[1:3]).strip() for fields in lines if fields[0] == "MSA"]


@asynccontextmanager
async def door(database_url: str, **limits: float) -> AsyncIterator[Door]:
    database = await Database.open(database_url, size=4)
    gateway = parts(database, Clock(), ())

    async def take(raw: bytes, peer: Peer) -> bytes:
        return (await receive(gateway, "hl7v2", raw)).body

    def refuse(raw: bytes, error: GatewayError) -> bytes:
        return gateway.languages.of("hl7v2").refuse(raw, error, gateway.clock())

    listener = MllpListener(take, refuse, limits=Limits(**{"linger_seconds": 0.5, **limits}))  # type: ignore[arg-type]
    made = Door(gateway, listener, await listener.start("127.0.0.1", 0), [])
    try:
        yield made
    finally:
        await listener.stop()
        for writer in made.opened:
            writer.close()
        await asyncio.gather(*(w.wait_closed() for w in made.opened), return_exceptions=True)
        await database.close()


def run(database_url: str, test: Callable[[Door], Awaitable[None]], **limits: float) -> list[str]:
    """Runs it; the kinds of incidents that were logged. No log line holds anything of the messages."""

    async def bounded() -> None:
        async with asyncio.timeout(60), door(database_url, **limits) as made:
            await test(made)

    with capture_logs() as logs:
        asyncio.run(bounded())
    assert "2512489996" not in str(logs)
    assert "Berggren" not in str(logs)
    return [entry["kind"] for entry in logs if entry["event"] == "mllp incident"]


def test_everything_at_once_in_one_packet_is_answered_in_its_order(database_url: str) -> None:
    async def test(here: Door) -> None:
        reader, writer = await here.connect()
        half = b"\x0b" + admission("H")[:90]
        frames = [admission("M1"), UNKNOWN, SILENT, b"", RECEIPT, BATCH, b"\xff\x00garbage", admission("M2")]
        writer.write(b"".join(map(frame, frames[:4])) + b"\r\nnoise" + half + b"".join(map(frame, frames[4:])))
        writer.write_eof()
        told = [msa(await answer(reader)) for _ in range(7)]
        assert told == [["AA M1"], ["AR U"], ["AE"], ["AR H"], ["AA B1", "AR U", "AE B"], ["AE"], ["AA M2"]]
        assert await ended(reader)
        assert await here.kept() == ["M1", "S", "B1", "M2"]
        assert await here.gateway.database.fetchval("SELECT answered FROM receipt") == "X"

    assert run(database_url, test) == ["frame-truncated"]


def test_a_peer_that_goes_before_its_answer_sends_again_and_nothing_is_kept_twice(database_url: str) -> None:
    async def test(here: Door) -> None:
        for _ in range(3):
            _, writer = await here.connect()
            writer.write(frame(admission("M1")))
            await writer.drain()
            while not await here.kept():  # noqa: ASYNC110 - it is the database's row
                await asyncio.sleep(0)
            writer.transport.abort()
        assert await here.ask(admission("M1")) == ["AA M1"]
        assert await here.kept() == ["M1"]

    run(database_url, test)


def test_a_peer_that_goes_in_the_middle_of_a_frame_leaves_nothing(database_url: str) -> None:
    async def test(here: Door) -> None:
        for cut in (1, 40, 120, -1):
            _, writer = await here.connect()
            writer.write(b"\x0b" + admission("M1")[:cut])
            await writer.drain()
            await connected(here.listener, 1)
            writer.transport.abort()
            await connected(here.listener, 0)
        assert await here.kept() == []
        assert await here.gateway.database.fetchval("SELECT count(*) FROM message") == 0
        assert await here.ask(admission("M1")) == ["AA M1"]

    assert set(run(database_url, test)) <= {"frame-truncated", "unanswered"}


def test_a_half_open_connection_is_told_closed_and_holds_nobody_up(database_url: str) -> None:
    async def test(here: Door) -> None:
        stuck = [await here.connect() for _ in range(4)]
        for _, writer in stuck:
            writer.write(b"\x0b" + admission("H")[:100])
        assert await here.ask(admission("M1")) == ["AA M1"]
        for reader, _ in stuck:
            assert msa(await answer(reader)) == ["AR H"]
            assert await ended(reader)
        assert await here.kept() == ["M1"]

    kinds = run(database_url, test, frame_seconds=0.3)
    assert kinds.count("slow-frame") == 4


def test_a_slow_sender_within_its_time_is_served(database_url: str) -> None:
    async def test(here: Door) -> None:
        reader, writer = await here.connect()
        for byte in frame(admission("M1")):
            writer.write(bytes([byte]))
            await writer.drain()
        assert msa(await answer(reader)) == ["AA M1"]

    assert run(database_url, test) == []


def test_a_peer_that_never_reads_is_cut_off_and_what_it_sent_is_kept_once(database_url: str) -> None:
    async def test(here: Door) -> None:
        _, writer = await here.connect(room=4096)
        never_closed = b"\x0bMSH|^~\\&|SP|HGH|GW|KK|2026||ADT^A01|T|P|2.5\r"
        writer.write(frame(admission("M1")) + frame(never_closed * 3000 + b"\x0b" + BATCH) * 8)
        flood = asyncio.create_task(writer.drain())
        await connected(here.listener, 1)
        assert await here.ask(admission("M2")) == ["AA M2"]
        await connected(here.listener, 0)
        flood.cancel()
        await asyncio.gather(flood, return_exceptions=True)
        assert sorted(await here.kept()) == ["B1", "M1", "M2"]

    kinds = run(database_url, test, answer_seconds=0.3, unanswered=4)
    assert "answer-not-taken" in kinds


def test_five_megabytes_in_one_field_are_taken(database_url: str) -> None:
    async def test(here: Door) -> None:
        document = b"OBX|1|ED|PDF^rapport||^application^pdf^Base64^" + b"QUJD" * 1_300_000 + b"||||||F\r"
        assert await here.ask(admission("M1") + document) == ["AA M1"]
        assert await here.ask(admission("M2") + document * 2) == ["AR M2"], "over the limit"
        assert await here.ask(admission("M3")) == ["AA M3"]

    assert run(database_url, test, message_bytes=6_000_000) == ["frame-too-large"]


def test_a_flood_of_connections_leaves_the_ones_there_are(database_url: str) -> None:
    async def test(here: Door) -> None:
        reader, writer = await here.connect()
        writer.write(frame(admission("M1")))
        assert msa(await answer(reader)) == ["AA M1"]
        flood = [await here.connect() for _ in range(40)]
        for other, _ in flood[1:]:
            assert await ended(other)
        writer.write(frame(admission("M2")))
        assert msa(await answer(reader)) == ["AA M2"]

    assert run(database_url, test, connections=2) == ["too-many-connections"]
