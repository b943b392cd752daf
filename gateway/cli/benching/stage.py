"""What every served figure is measured on: a gateway, two equal databases, and the process that makes the load."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2

from gateway.cli.benching.figure import say
from gateway.cli.benching.load import Load
from gateway.cli.benching.preparing import prepare
from gateway.cli.benching.serving import Serving, serving
from gateway.errors import Unavailable
from gateway.settings import Settings
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.pool import Database


@dataclass(frozen=True, slots=True)
class Stage:
    """A gateway that serves one database, and the floor's database, which began as the same."""

    serving: Serving
    load: Load
    floor_url: str

    def bearer(self, player: str) -> Mapping[str, str]:
        """A new access token of one part of the cast, as a header."""

        async def fetch() -> str:
            async with httpx2.AsyncClient(base_url=self.serving.url) as http:
                return await self.serving.players[player].token(http)

        return {"Authorization": f"Bearer {asyncio.run(fetch())}"}

    def rows(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """What the gateway's database holds."""
        return asyncio.run(_fetch(self.serving.settings.database_url, sql, values))

    def number(self, sql: str) -> int:
        """A number that the gateway's database tells."""
        return int(self.rows(sql)[0][0])

    def grown(self, sql: str, before: int, by: int) -> None:
        """Raise Unavailable unless the number grew so: what is not there was not measured."""
        now = self.number(sql)
        if now - before != by:
            raise Unavailable(f"{now - before} instead of {by}: {sql}")


@contextmanager
def stage(settings: Settings, citizens: int) -> Iterator[Stage]:
    """Set it up with so many citizens, on a durable PostgreSQL in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="faellesplan-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded PostgreSQL runs as another user where we are root
        server = EmbeddedPostgres(folder / "postgres")
        say(f"PostgreSQL starts; {citizens:,} citizens get their case")
        url = server.start()
        try:
            own = replace(settings, data_folder=folder, clients_folder=Path(), database_url=url)
            served, floor = asyncio.run(prepare(own, citizens, ("served", "floor")))
            say("the gateway starts")
            with serving(replace(own, database_url=served)) as here, Load() as load:
                yield Stage(here, load, floor)
        finally:
            server.stop()


async def _fetch(url: str, sql: str, values: Sequence[object]) -> Sequence[Sequence[Any]]:
    database = await Database.open(url, size=1)
    try:
        return [tuple(row) for row in await database.fetch(sql, *values)]
    finally:
        await database.close()
