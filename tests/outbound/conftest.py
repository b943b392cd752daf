"""An office that sends: a gateway on a database of its own, whose sources have connections."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.bootstrap import gateway_of
from gateway.domain.source import Connection
from gateway.flows.parts import Gateway
from gateway.outbound.courier import Courier
from gateway.outbound.lines import lines
from gateway.settings import Settings
from gateway.store import outbox
from gateway.store.pool import Database
from tests.conftest import _execute, database
from tests.flows.conftest import Clock


class Office:
    """One node, whose rules are compiled once for all tests."""

    def __init__(self, url: str, parts: Gateway) -> None:
        self.url, self.clock, self._parts = url, Clock(), parts

    def run(self, work: Callable[[Gateway], Awaitable[Any]]) -> Any:
        """What `work` gives with a gateway open."""

        async def inside() -> Any:
            opened = await Database.open(self.url, size=6)
            try:
                async with asyncio.timeout(30):
                    return await work(replace(self._parts, database=opened, clock=self.clock))
            finally:
                await opened.close()

        return asyncio.run(inside())


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    closed = Database(None)  # type: ignore[arg-type]
    return gateway_of(Settings(data_folder=tmp_path_factory.mktemp("office")), closed)


@pytest.fixture(scope="session")
def shared_url(postgres: str) -> Iterator[str]:
    """One database for all of them: each test begins with an empty outbox."""
    url, _, template = postgres.partition("#")
    name = f"outbound_{os.getpid()}"
    asyncio.run(_execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield database(url, name)
    asyncio.run(_execute(url, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
def office(shared_url: str, parts: Gateway) -> Office:
    asyncio.run(_execute(shared_url, "TRUNCATE receipt, outbox, message, statement"))
    return Office(shared_url, parts)


def connected(gateway: Gateway, **urls: str | Connection) -> Gateway:
    """The gateway with connections to sources: `regionh_somatik_adt="mllp://…"`."""
    sources = dict(gateway.sources)
    for name, there in urls.items():
        source = sources[name.replace("_", "-")]
        sources[source.id] = replace(source, deliver=there if isinstance(there, Connection) else Connection(there))
    return replace(gateway, sources=sources)


def courier(gateway: Gateway, *, seconds: float = 0.01, tries: int = 3, wait: float = 5.0, **other: Any) -> Courier:
    return Courier(gateway, lines(seconds=wait, **other), seconds, tries, drain=1.0)


async def delivered(one: Courier) -> None:
    """One look into the outbox, and all that follows from it."""
    await one.look()
    await one.idle()


async def states(gateway: Gateway) -> dict[str, tuple[str, int, str]]:
    """State, tries and text of every message by its id."""
    rows = await outbox.listed(gateway.database, ("waiting", "sent", "receipted", "failed"), 1000)
    return {row.message_id: (row.state, row.tries, row.told) for row in rows}
