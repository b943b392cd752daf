"""The connection pool, and the one place that turns a database that is away into Unavailable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg

from gateway.errors import Unavailable

Connection = asyncpg.pool.PoolConnectionProxy

# Nothing was lost and the same message may be sent again: connection gone, server stopping, disk full, read-only.
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server ended a connection in the middle of a statement
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.QueryCanceledError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # a database that takes no connections just now
)

# The hot statements look everything up by index whatever their values are, so planning them anew for each message
# (PostgreSQL's guess, since unnest hides how little they touch) would cost as much as running them. For the same reason
# it thinks some of them large enough to be compiled, which takes longer than they do.
SESSION = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
# A search of the log is the other way round: of which values it is asked decides which index is the best.
_PLANNED = SESSION | {"plan_cache_mode": "force_custom_plan"}
_PLANNING = 2  # connections for such searches, opened when somebody searches


class Database:
    """A pool of connections to PostgreSQL. Every method raises Unavailable when the database cannot answer."""

    def __init__(self, pool: asyncpg.Pool, planning: asyncpg.Pool | None = None) -> None:
        self.pool = pool
        self.planning = planning or pool

    @classmethod
    async def open(cls, url: str, *, size: int = 16, seconds: float = 15) -> Database:
        """Connect. `seconds` bounds every statement, so that a hanging database is told as such."""
        with told():
            pool = await asyncpg.create_pool(
                url, min_size=min(4, size), max_size=size, command_timeout=seconds, reset=_leave,
                server_settings=SESSION,
            )  # fmt: skip
            planning = await asyncpg.create_pool(
                url, min_size=0, max_size=_PLANNING, command_timeout=seconds, reset=_leave, server_settings=_PLANNED
            )
        return cls(pool, planning)

    async def close(self) -> None:
        """Give all connections back."""
        await self.planning.close()
        await self.pool.close()

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """All rows."""
        with told():
            return await self.pool.fetch(sql, *values)

    async def planned(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """All rows of a statement that is planned for these values, each time."""
        with told():
            return await self.planning.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """The first row."""
        with told():
            return await self.pool.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """The first column of the first row."""
        with told():
            return await self.pool.fetchval(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One connection in one transaction."""
        with told():
            async with self.pool.acquire() as connection, connection.transaction():
                yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One connection without a transaction."""
        with told():
            async with self.pool.acquire() as connection:
                yield connection


class OneConnection(Database):
    """A commit of the caller's own, as a database: what is asked sees what is written in it, and what is written goes
    with it. A failure ends the statement, not the commit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """All rows."""
        async with self.transaction() as connection:
            return await connection.fetch(sql, *values)

    async def planned(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """All rows; planned as every statement of the commit."""
        return await self.fetch(sql, *values)

    async def fetchrow(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """The first row."""
        async with self.transaction() as connection:
            return await connection.fetchrow(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """The first column of the first row."""
        async with self.transaction() as connection:
            return await connection.fetchval(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A part of the commit that is kept or undone by itself."""
        with told():
            async with self._connection.transaction():
                yield self._connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """The connection of the commit."""
        async with self.transaction() as connection:
            yield connection


async def _leave(_: asyncpg.Connection) -> None:
    """Nothing is set, listened to or locked in a session here, so giving a connection back needs no round trip to
    undo it; an open transaction is rolled back by the pool all the same."""


@contextmanager
def told() -> Iterator[None]:
    """A failure of the connection is told as Unavailable, without its text: it may name hosts and users."""
    try:
        yield
    except _AWAY as error:
        raise Unavailable from error
