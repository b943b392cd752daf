"""Region and municipality as two gateways on real sockets: records are signed within a second, each cosigns the other's
log, and a log that was rolled back is cosigned no more."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx2
import pytest
from structlog.testing import capture_logs

from gateway.cli.serve import Running, running
from gateway.domain.checkpoint import parse_note
from gateway.domain.verify_log import verify_log
from gateway.domain.witness import cosigned
from gateway.errors import Unavailable
from gateway.outbound.witnesses import ask
from gateway.settings import Settings
from gateway.store import keys, log
from gateway.store.log_reading import export
from tests.conftest import database
from tests.store.log_stories import record


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def second_database(postgres: str, database_url: str) -> str:
    """Another database beside the first, gone with the server."""
    url, _, template = postgres.partition("#")

    async def make() -> str:
        db = await asyncpg.connect(url)
        name = f"{database_url.partition('?')[0].rpartition('/')[2]}_other"
        await db.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        await db.close()
        return database(url, name)

    return asyncio.run(make())


def sectors(tmp_path: Path, *urls: str) -> list[Settings]:
    """Two gateways that know each other's keys and addresses."""
    names, ports = ("log.region.example", "log.kommune.example"), (free_port(), free_port())
    made = [
        Settings(
            data_folder=tmp_path / name,
            database_url=url,
            database_connections=4,
            http_port=port,
            mllp_port=0,
            log_origin=name,
            witness_seconds=0.2,
        )
        for name, url, port in zip(names, urls, ports, strict=True)
    ]
    own = [keys.load_or_make(one.data_folder / "log-key.pem", one.log_origin) for one in made]
    eyes = [keys.witness_key(one.data_folder / "witness-key.pem", f"{one.log_origin}/witness") for one in made]
    return [
        replace(
            made[here],
            witness_logs=own[1 - here].vkey,
            witnesses=f"{eyes[1 - here].vkey}@http://127.0.0.1:{ports[1 - here]}/log/witness",
        )
        for here in (0, 1)
    ]


async def look(here: Running, number: int) -> None:
    async with here.gateway.database.connection() as connection:
        await log.append(connection, [record(number, time=here.gateway.clock())])


async def signed(web: httpx2.AsyncClient, here: Running, path: str, size: int) -> str:
    """The checkpoint, once it has this size."""
    async with asyncio.timeout(10):
        while True:
            note = (await web.get(f"{here.url}/log/checkpoint{path}")).text
            if note.split("\n")[1:2] == [str(size)]:
                return str(note)
            await asyncio.sleep(0.02)


def test_two_sectors(tmp_path: Path, database_url: str, second_database: str) -> None:
    async def test() -> None:
        region, municipality = sectors(tmp_path, database_url, second_database)
        async with running(region) as here, running(municipality) as there, httpx2.AsyncClient() as web:
            for one, other in ((here, there), (there, here)):
                took = []
                for number in range(3):
                    await look(one, number)
                    begun = time.perf_counter()
                    await signed(web, one, "", number + 1)
                    took.append(time.perf_counter() - begun)
                assert min(took) < 1, "signed within a second"
                note = await signed(web, one, "/cosigned", 3)
                witness = other.gateway.witnessing.key
                assert witness is not None
                assert list(cosigned(parse_note(note), [witness.public], keys.verify)) == [witness.public]
                seen = await web.get(f"{other.url}/log/witness", params={"origin": one.gateway.log_key.origin})
                assert seen.text == note.rpartition("\u2014")[0]
                async with one.gateway.database.connection() as connection:
                    lines = [line async for line in export(connection, one.gateway.log_key.vkey)]
                report = verify_log(lines, keys.verify, keys=[one.gateway.log_key.public], witnesses=[witness.public])
                assert (report.ok, report.witnessed) == (True, {witness.vkey: 3}), report.faults
            with capture_logs() as told:
                async with here.gateway.database.connection() as db:
                    for table in ("access_record", "log_leaf", "log_node", "checkpoint", "cosignature"):
                        await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                    await db.execute("DELETE FROM cosignature; DELETE FROM checkpoint WHERE size > 1")
                    await db.execute("DELETE FROM log_leaf WHERE tree_index > 0; DELETE FROM log_node")
                for _ in range(200):
                    if [line for line in told if "rolled back" in str(line.get("reason"))]:
                        break
                    await asyncio.sleep(0.05)
                else:
                    pytest.fail("nobody said that the log was rolled back")

    asyncio.run(test())


def test_a_witness_that_is_not_there_or_talks_too_much() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 200_000)
        await writer.drain()
        writer.close()

    async def test() -> None:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await ask(f"http://127.0.0.1:{free_port()}/log/witness", b"old 0\n\n")
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with server:
            with pytest.raises(Unavailable, match="too much"):
                await ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", b"old 0\n\n")

    asyncio.run(test())
