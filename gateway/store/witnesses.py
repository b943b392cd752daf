"""Witnessing: whose checkpoints this gateway has seen, and who has seen its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.checkpoint import Checkpoint
from gateway.domain.merkle import EMPTY_ROOT
from gateway.store.log import Connection

_LOCK = 0x5749544E


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The newest checkpoint of a log that was seen here; the empty tree before the first."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""


async def witnessed(connection: Connection, origin: str) -> Witnessed:
    """What was last seen of this log."""
    row = await connection.fetchrow("SELECT size, root, note FROM witnessed WHERE origin = $1", origin)
    return Witnessed(**row) if row else Witnessed()


async def see(
    connection: Connection, point: Checkpoint, note: str, now: datetime, check: Callable[[Witnessed], None]
) -> None:
    """Keep this checkpoint as the newest that was seen of its log, if `check` raises nothing about the one before. Two
    requests at once take turns; it is kept before anybody is told."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCK, point.origin)
        check(await witnessed(connection, point.origin))
        await connection.execute(
            "INSERT INTO witnessed (origin, size, root, note, seen_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (origin)"
            " DO UPDATE SET size = $2, root = $3, note = $4, seen_at = $5",
            point.origin, point.size, point.root, note, now,
        )  # fmt: skip


async def last_cosigned(connection: Connection, witness: str) -> int:
    """The size of our newest checkpoint that this witness has cosigned; 0 before the first."""
    found: int = await connection.fetchval("SELECT coalesce(max(size), 0) FROM cosignature WHERE witness = $1", witness)
    return found


async def keep_cosignature(connection: Connection, size: int, witness: str, line: str, now: datetime) -> None:
    """A witness has seen our checkpoint of this size."""
    await connection.execute(
        "INSERT INTO cosignature (size, witness, line, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        size, witness, line, now,
    )  # fmt: skip
