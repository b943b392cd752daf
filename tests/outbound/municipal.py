"""Municipal systems on real sockets with mutual TLS, and a gateway that has something to tell them."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import gateway_of
from gateway.cli.playing.cast import register
from gateway.domain.source import Connection
from gateway.flows.parts import Gateway
from gateway.flows.tell_municipality import tell_municipalities
from gateway.outbound.courier import Courier
from gateway.outbound.lines import lines, own_contexts
from gateway.settings import Settings
from gateway.store.pool import Database
from tests.certificates import authority, signed
from tests.conftest import _execute, database
from tests.flows.conftest import Clock, House, caller
from tests.flows.consents import record_consent
from tests.flows.messages import case
from tests.flows.test_looks import consent
from tests.flows.told import DISCHARGE, FASIT, GOAL, SOCIAL, a01, a03, goal, heard, telling
from tests.outbound.conftest import courier as plain_courier
from tests.outbound.receivers import Behaviour, Receiver, receiving

NAME = "Lind"


@dataclass
class Town:
    """A gateway that has two notices in its outbox: a discharge for SF2900, a goal for FASIT."""

    url: str
    parts: Gateway
    clock: Clock
    folder: Path
    ids: dict[str, str]
    since: int = 0  # records of before

    def run(self, work: Callable[[Gateway], Awaitable[Any]]) -> Any:
        """What `work` gives with a gateway open, after everything was put back to how it began."""

        async def inside() -> Any:
            opened = await Database.open(self.url, size=4)
            try:
                await opened.fetchval("TRUNCATE receipt")
                self.since = await opened.fetchval("SELECT coalesce(max(id), 0) FROM access_record")
                await opened.fetchval(
                    "UPDATE outbox SET state = 'waiting', tries = 0, resends = 0, due = $1, told = '',"
                    " unreached = false, leased_until = NULL, changed_at = $1",
                    self.clock(),
                )
                async with asyncio.timeout(30):
                    return await work(replace(self.parts, database=opened, clock=self.clock))
            finally:
                await opened.close()

        return asyncio.run(inside())

    def courier(self, gateway: Gateway, *, wait: float = 5.0, most: int = 20_000, **ports: int) -> Courier:
        """One that calls these ports of this machine (`sf2900=…`, `fasit=…`), with a certificate of each destination's
        own; other destinations have no certificate."""
        sources = dict(gateway.sources)
        for name, port in ports.items():
            source = sources[SOCIAL if name == "sf2900" else FASIT]
            own = signed(self.folder, f"{name}.gateway")
            there = Connection(
                f"https://localhost:{port}/{name}", True, str(own.certificate), str(own.key),
                str(authority(self.folder)), 100_000, "urn:test:afsend",
            )  # fmt: skip
            sources[source.id] = replace(source, deliver=there)
        shown = [one for one in sources.values() if one.deliver and one.deliver.certificate]
        made = lines(None, own_contexts(shown), seconds=wait, most=most)
        return replace(plain_courier(replace(gateway, sources=sources)), lines=made)


def server(folder: Path, name: str = "localhost") -> ssl.SSLContext:
    """A receiver's TLS: it wants a certificate of the authority."""
    own = signed(folder, f"server-{name}", names=(name,))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority(folder)))
    context.load_cert_chain(own.certificate, own.key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@asynccontextmanager
async def municipal(town: Town, behaviour: Behaviour) -> AsyncIterator[Receiver]:
    """A municipal system that answers so."""
    async with receiving(behaviour, tls=server(town.folder), http=True) as receiver:
        yield receiver


def soap(body: str, status: str = "200 OK") -> bytes:
    return (
        f'{status}\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def technical(code: str, of: str = "", text: str = "") -> bytes:
    """A technical receipt, as it is answered on the line."""
    inner = f"<TransaktionsId>{of}</TransaktionsId>" if of else ""
    return soap(
        f"<TekniskKvittering>{inner}<StatusKode>{code}</StatusKode><StatusTekst>{text}</StatusTekst></TekniskKvittering>"
    )


def business(code: str, of: str, text: str = "", *, cvr: str = "64942212") -> bytes:
    """A business receipt, as it is posted."""
    return soap(
        f"<Forretningskvittering><KvitteringsId>{code}-{text}</KvitteringsId><TransaktionsId>urn:uuid:{of}</TransaktionsId>"
        f"<ModtagendeMyndighedCVR>{cvr}</ModtagendeMyndighedCVR><StatusKode>{code}</StatusKode>"
        f"<StatusTekst>{text}</StatusTekst></Forretningskvittering>"
    ).partition(b"\n")[2]


@pytest.fixture(scope="session")
def town(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for all of these tests."""
    folder = tmp_path_factory.mktemp("town")
    url, _, template = postgres.partition("#")
    name = f"town_{os.getpid()}"
    asyncio.run(_execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    house = House.__new__(House)
    house.url, house.clock, house.settings = database(url, name), Clock(), Settings(data_folder=folder)
    register(folder / "clients")
    telling(house, DISCHARGE, GOAL)
    parts = gateway_of(house.settings, Database(None))  # type: ignore[arg-type]
    made = Town(house.url, parts, house.clock, folder, {})

    async def happen(gateway: Gateway) -> None:
        patient = await heard(gateway, ("oio", case()), a01())
        await record_consent(gateway, caller("social"), consent(patient))
        await heard(gateway, a03(), goal())
        assert await tell_municipalities(gateway) == 2
        rows = await gateway.database.fetch("SELECT destination, message_id FROM outbox")
        made.ids.update({row["destination"]: row["message_id"] for row in rows})

    made.run(happen)
    yield made
    asyncio.run(_execute(url, f'DROP DATABASE "{name}" WITH (FORCE)'))
