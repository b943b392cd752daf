"""The whole gateway on real sockets, as `gateway serve` opens it: MLLP and HTTP, from bytes to PostgreSQL and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.cli import listening
from gateway.cli.serve import Running, running
from gateway.settings import Settings
from tests.inbound.http_world import run
from tests.inbound.mllp_senders import answer, ended, frame
from tests.inbound.one_citizen import NUMBER, admission


@asynccontextmanager
async def serving(database_url: str, folder: Path, **changed: object) -> AsyncIterator[Running]:
    settings = Settings(data_folder=folder, database_url=database_url, http_port=0, mllp_port=0, checkpoint_seconds=30)
    async with running(replace(settings, **changed)) as here:  # type: ignore[arg-type]
        yield here


async def count(here: Running, table: str, where: str = "true") -> int:
    return int(await here.gateway.database.fetchval(f"SELECT count(*) FROM {table} WHERE {where}"))


def test_messages_over_mllp_are_kept_and_answered(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path) as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.mllp_port)
            writer.write(
                frame(admission("M1")) + frame(admission("M1")) + frame(admission("M2").replace(b"A01", b"Z99"))
            )
            first, again, unknown = [await answer(reader) for _ in range(3)]
            assert b"\rMSA|AA|M1" in first
            assert b"\rMSA|AA|M1" in again
            assert b"\rMSA|AR|M2" in unknown
            assert await count(here, "message") == 2
            writer.close()

    run(test)


def test_broken_frames_are_answered_in_hl7_and_change_nothing(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path, message_bytes=2000) as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.mllp_port)
            writer.write(b"\x0b" + admission("M1"))
            writer.write_eof()
            truncated = await answer(reader)
            assert b"\rMSA|AR|M1" in truncated, "what was cut off may be sent again"
            assert await ended(reader)
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", here.mllp_port)
            writer.write(frame(admission("M2") + b"NTE|1||" + b"x" * 5000 + b"\r"))
            oversized = await answer(reader)
            assert b"\rMSA|A" in oversized
            assert b"|M2" in oversized
            assert b"xxx" not in oversized
            assert await ended(reader)
            writer.close()
            for told in (truncated, oversized):
                assert NUMBER.encode() not in told
            assert await count(here, "message") == 0
            reader, writer = await asyncio.open_connection("127.0.0.1", here.mllp_port)
            writer.write(frame(b"\xff\xfe no message"))
            assert b"MSA|A" in await answer(reader)
            writer.close()

    run(test)


def test_a_database_that_is_away_is_told_to_the_sender(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path) as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.mllp_port)
            await here.gateway.database.close()
            writer.write(frame(admission("M1")))
            assert b"\rMSA|AR|M1" in await answer(reader)
            writer.close()

    run(test)


def test_what_was_taken_is_answered_when_the_gateway_stops(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path) as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.mllp_port)
            writer.write(b"".join(frame(admission(f"M{n}")) for n in range(5)))
            first = await answer(reader)
        rest = [await answer(reader) for _ in range(4)]
        assert [b"|M%d" % n in told for n, told in enumerate([first, *rest])] == [True] * 5
        assert await ended(reader)
        writer.close()

    run(test)


def test_who_says_nothing_keeps_no_connection(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow heads (Slowloris): uvicorn itself would wait for ever."""
    monkeypatch.setattr(listening, "HEADER_SECONDS", 0.3)

    async def test() -> None:
        async with serving(database_url, tmp_path) as here:
            host, _, port = here.url.removeprefix("http://").partition(":")
            nothing, head, next_head, body, rest = [await asyncio.open_connection(host, int(port)) for _ in range(5)]
            head[1].write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n")
            next_head[1].write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await next_head[0].readuntil(b"live")).startswith(b"HTTP/1.1 200")
            next_head[1].write(b"GET /health/live HTTP/1.1\r\nHo")
            form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\n"
            body[1].write(b"POST /oauth/token HTTP/1.1\r\nHost: x\r\n" + form)
            rest[1].write(b"POST /console/tickets HTTP/1.1\r\nHost: x\r\n" + form + b"a")
            assert (await rest[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401"), "answered before its body ends"
            rest[1].write(b"=")
            async with asyncio.timeout(5):
                await rest[0].read()
            rest[1].close()
            for reader, writer in (nothing, head, next_head):
                async with asyncio.timeout(5):
                    assert not (await reader.read()).strip(), "it is closed, without a word"
                writer.close()
            body[1].write(b"a=b")
            async with asyncio.timeout(5):
                assert (await body[0].readline()).startswith(b"HTTP/1.1 400"), "a body has its own time"
            body[1].close()

    run(test)


def test_http_on_a_socket(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path, message_bytes=10_000) as here:
            async with httpx2.AsyncClient(base_url=here.url) as web:
                head = await web.head("/fhir/metadata")
                assert (head.status_code, head.content) == (200, b"")
                statement = await web.get("/fhir/metadata")
                assert head.headers["content-length"] == statement.headers["content-length"]
                assert "strict-transport-security" not in statement.headers, "no TLS on a loopback address"
                assert "server" not in statement.headers
                assert statement.json()["implementation"]["url"] == f"{here.url}/fhir"
                form = {"Content-Type": "application/x-www-form-urlencoded"}
                large = await web.post("/oauth/token", headers=form, content=b"a=" + b"b" * 5_000_000)
                assert large.status_code == 413
                assert large.headers["connection"] == "close"
            for request, status in (
                (b"GET /fhir/../metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
                (b"GET /fhir/Patient/1%2f..%2fmetadata HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
                (b"GET http://evil.example/health/live HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
                (b"GET /health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"200"),
                (b"BREW /health/live HTTP/1.1\r\nHost: x\r\n\r\n", b"40"),
                (b"nonsense\r\n\r\n", b"400"),
            ):
                told = await _say(here.url, request)
                assert told.startswith(b"HTTP/1.1 " + status), request

    run(test)


async def _say(url: str, request: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    try:
        async with asyncio.timeout(5):
            return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


def test_every_type_of_a_compartment_is_asked_for_by_a_plain_star(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path) as here, httpx2.AsyncClient(base_url=here.url) as web:
            told = {"*": 401, "*/_search": 405, "Goal": 401, "**": 404, "%2A": 400, "Task": 404}
            for path, status in told.items():
                answer = await web.get(f"/fhir/Patient/1/{path}")
                assert answer.status_code == status, (path, answer.text)
                assert answer.headers.get("allow") == ("POST" if status == 405 else None)

    run(test)


async def told(here: Running, *pieces: bytes) -> bytes:
    """What one connection is answered until it is closed."""
    host, _, port = here.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
    found = bytearray()
    with contextlib.suppress(ConnectionError):
        while more := await asyncio.wait_for(reader.read(65_536), 10):
            found += more
    writer.close()
    return bytes(found)


def test_of_an_endless_head_little_is_held(database_url: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path) as here:
            live, long = b"GET /health/live HTTP/1.1\r\nHost: x\r\n", b"x" * (listening.HEAD_BYTES + 1)
            for head in (b"GET /" + long, live + b"X: " + long, live + b"X: y\r\n" * 12_000):
                assert (await told(here, head)).startswith(b"HTTP/1.1 400"), "an address, a header, many of them"
            sent = await told(here, live, b"X: ", *[long] * 100)
            assert sent[:12] in (b"", b"HTTP/1.1 400"), "who goes on sending may not read it, and is cut off"
            whole = live + b"X: " + b"x" * 30_000 + b"\r\n"
            both = await told(here, whole + b"\r\n" + whole + b"\r\n" + whole + b"Connection: close\r\n\r\n")
            assert both.count(b"HTTP/1.1 200") == 3, "each is short enough"
            form = b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
            begun = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\n" + form
            for unread in (b"0\r\nX: ", b"1; x="):
                sent = await told(here, begun + unread, *[long] * 9)
                assert sent[:12] in (b"", b"HTTP/1.1 400"), "neither trailers nor what a piece is said to be"
            sent = await told(
                here,
                begun.replace(b"Host", b"Connection: close\r\nHost"),
                *[b"9\r\ngrant=one\r\n"] * 5000,
                b"0\r\n\r\n",
            )
            assert sent.startswith(b"HTTP/1.1 400"), "a form in many pieces is read"
            assert b"grant" in sent

    run(test)


def test_what_stands_behind_a_body_is_no_header(database_url: str, tmp_path: Path) -> None:
    """A proxy that strips the header in which it tells of a certificate may pass trailers on."""
    seen: list[list[tuple[bytes, bytes]]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        seen.append(list(scope["headers"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def test() -> None:
        with listening.bound("127.0.0.1", 0) as one:
            server = listening.Server(app, None)
            stopped = asyncio.create_task(server.serve(sockets=[one]))
            await server.ready.wait()
            reader, writer = await asyncio.open_connection(*one.getsockname())
            head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            for _ in range(2):
                writer.write(head + b"3\r\nabc\r\n0\r\nX-Client-Cert: mine\r\nExpect: 100-continue\r\nX: y\r\n\r\n")
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
            writer.close()
            server.stop()
            await stopped
        assert [sorted(name for name, _ in one) for one in seen] == [[b"host", b"transfer-encoding"]] * 2

    run(test)


def test_who_asks_for_another_protocol_is_answered_in_this_one(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with serving(database_url, tmp_path) as here:
            for name in (b"websocket", b"h2c"):
                asked = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: " + name
                assert (await told(here, asked + b"\r\n\r\n")).startswith(b"HTTP/1.1 200")

    run(test)
    assert not [one for one in caplog.records if one.name.startswith("uvicorn")], "and the log is not filled by it"
