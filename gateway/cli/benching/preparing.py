"""What has to be so before anything is measured: a database in which citizens have their case, and copies of it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from gateway.bootstrap import gateway_of
from gateway.cli.benching import population
from gateway.cli.benching.lanes import seconds
from gateway.flows.receive import receive
from gateway.settings import Settings
from gateway.store import migrate
from gateway.store.pool import Database

CONNECTIONS = 8
_TEMPLATE = "prepared"


async def prepare(settings: Settings, citizens: int, copies: tuple[str, ...]) -> tuple[str, ...]:
    """Make a database where citizens 1 to `citizens` have a case of the municipality, and copies of it, whose URLs
    come back. `settings.database_url` names a server that is empty."""
    server = settings.database_url
    await _execute(server, f"CREATE DATABASE {_TEMPLATE}")
    template = _of(server, _TEMPLATE)
    await migrate.upgrade(template)
    database = await Database.open(template, size=CONNECTIONS)
    try:
        gateway = gateway_of(replace(settings, database_url=template), database)

        async def lane(number: int) -> None:
            await receive(gateway, "oio", population.case(number))

        await seconds([lane] * min(CONNECTIONS, citizens), range(1, citizens + 1))
        await database.fetch("VACUUM ANALYZE")  # as autovacuum leaves a database that was there for a minute
    finally:
        await database.close()
    for copy in copies:
        await _execute(server, f"CREATE DATABASE {copy} TEMPLATE {_TEMPLATE}")
    return tuple(_of(server, copy) for copy in copies)


async def _execute(url: str, sql: str) -> None:
    database = await Database.open(url, size=1)
    try:
        await database.fetch(sql)
    finally:
        await database.close()


def _of(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
