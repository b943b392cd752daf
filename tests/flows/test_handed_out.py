"""A case leaves the house: over a socket to the new municipality, or into a file."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.cli import hand_over as command
from gateway.domain.source import Connection
from gateway.errors import BadRequest
from gateway.flows.deliver import claim, send
from gateway.flows.hand_over import HandedOver
from gateway.flows.parts import Gateway
from gateway.outbound.lines import lines
from tests.flows.conftest import House
from tests.flows.consents import record_consent
from tests.flows.handing import (
    CPR,
    OLD,
    WHO,
    WHY,
    begun,
    consents,
    handed,
    last_record,
)


@dataclass
class Taker:
    """The new municipality's system: takes what comes and answers with an OperationOutcome."""

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(headers["content-length"]))
        self.taken.append((headers["content-type"], body))
        answer = b'{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"}]}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(answer), answer))
        await writer.drain()
        writer.close()


@asynccontextmanager
async def taking(there: Taker) -> AsyncIterator[None]:
    server = await asyncio.start_server(there.talk, "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


def test_it_waits_in_the_outbox_and_goes_to_the_new_municipalitys_system(house: House) -> None:
    """Over a real socket, as FHIR JSON; once, however often it is tried."""
    there = Taker()

    async def work(gateway: Gateway) -> HandedOver:
        source = gateway.sources["frederiksberg-ffb"]
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        async with taking(there):
            to = replace(source, deliver=Connection(f"http://127.0.0.1:{there.port}/cases/kl"))
            gateway = replace(gateway, sources={**gateway.sources, source.id: to})
            found = await handed(gateway, citizen, to_file=False)
            for _ in range(2):
                for claimed in await claim(gateway):
                    await send(gateway, lines(), claimed, 3)
        rows = await gateway.database.fetch("SELECT destination, state, about FROM outbox")
        assert [(row["destination"], row["state"], row["about"]) for row in rows] == [(source.id, "sent", citizen)]
        return found

    found = house.run(work)
    assert found.destination == "frederiksberg-ffb"
    assert there.taken == [("application/fhir+json", found.body)]


def test_a_consent_that_is_withdrawn_before_it_goes_holds(house: House) -> None:
    there = Taker()

    async def work(gateway: Gateway) -> None:
        citizen = await begun(gateway)
        consent = await consents(gateway, citizen)
        async with taking(there):
            source = gateway.sources["frederiksberg-ffb"]
            to = replace(source, deliver=Connection(f"http://127.0.0.1:{there.port}/cases/kl"))
            gateway = replace(gateway, sources={**gateway.sources, source.id: to})
            await handed(gateway, citizen, to_file=False)
            await record_consent(gateway, OLD, json.dumps(consent | {"status": "inactive"}).encode(), consent["id"])
            for claimed in await claim(gateway):
                await send(gateway, lines(), claimed, 3)
        row = await gateway.database.fetchrow("SELECT state, told FROM outbox")
        assert row is not None
        assert (row["state"], "any more" in row["told"]) == ("withheld", True)
        assert "deny" in await last_record(gateway)
        await gateway.database.fetchval("UPDATE outbox SET state = 'waiting', body = 'x', tries = 0, due = made_at")
        for claimed in await claim(gateway):
            await send(gateway, lines(), claimed, 1)
        assert await gateway.database.fetchval("SELECT state FROM outbox") == "failed", "it holds up nothing behind it"

    house.run(work)
    assert there.taken == []


def test_the_command_writes_a_new_file_and_names_no_citizen(
    house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def work(gateway: Gateway) -> str:
        citizen = await begun(gateway)
        await consents(gateway, citizen)
        return citizen

    citizen = house.run(work)
    settings = replace(house.settings, database_url=house.url)
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    file = tmp_path / "case.json"

    def run(*more: str) -> int:
        named = ["--citizen-id", citizen, "--to", "0147", "--by", WHO, "--reason", WHY, *more]
        return command.run(parser.parse_args(named), settings)

    with pytest.raises(BadRequest):
        run("--file", str(file), "--from", "9999")
    assert not file.exists(), "nothing is left behind"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))  # as on a disk that is full
        with pytest.raises(BadRequest, match="not written"):
            run("--file", str(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not file.exists(), "half a case is none"
    assert run("--file", str(file)) == 0, "and it can be handed over again"
    assert json.loads(file.read_bytes())["type"] == "collection"
    assert file.stat().st_mode & 0o077 == 0, "nobody else on this machine reads it"
    with pytest.raises(BadRequest):
        run("--file", str(file))
    with pytest.raises(BadRequest):
        run("--by", " ")
    told_ = capsys.readouterr()
    assert "parts of the case" in told_.out
    assert CPR not in told_.out + told_.err
    assert "Bent" not in told_.out + told_.err
