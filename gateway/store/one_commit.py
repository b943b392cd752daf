"""Several citizens in one commit: their locks, taken in one order, and what to do when others were faster.

A message is about one citizen and takes no lock (intake.py). Who writes about several locks them first, in the order of
their ids, and the directory before them: two such writers wait for each other and never in a circle.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import asyncpg

from gateway.store.directory import LOCK
from gateway.store.pool import Connection, Database

# Of somebody new there is a row from here on: revision 0 means what no row means.
_LOCK = """
INSERT INTO citizen AS c (id, revision) SELECT id, 0 FROM unnest($1::text[]) AS w(id) ORDER BY id COLLATE "C"
ON CONFLICT (id) DO UPDATE SET revision = c.revision RETURNING c.id, c.revision
"""
_UNLOCK = "DELETE FROM citizen WHERE id = ANY($1) AND revision = 0"


class Overtaken(Exception):
    """Others wrote the same meanwhile: nothing was kept, and it is worked out again."""


@asynccontextmanager
async def one_commit(database: Database) -> AsyncIterator[Connection]:
    """All that is written on this connection is kept, or nothing is. Raises Overtaken, Unavailable."""
    async with database.transaction() as connection:
        try:
            yield connection
        except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError) as faster:
            raise Overtaken from faster


async def lock_directory(connection: Connection) -> None:
    """Nobody else writes to the directory until the commit; taken before any other lock."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def lock(connection: Connection, citizens: Collection[str]) -> dict[str, int]:
    """Nobody else writes about these citizens until the commit. Gives their revisions, 0 for nobody's."""
    return {row["id"]: row["revision"] for row in await connection.fetch(_LOCK, sorted(citizens))}


async def forget_unsaid(connection: Connection, citizens: Collection[str]) -> None:
    """Of whom nothing was kept after all there is no row."""
    await connection.execute(_UNLOCK, list(citizens))
