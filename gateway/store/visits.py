"""Secrets that are good for a time, and what each stands for: tickets, sessions and codes of the console.

What is kept is the SHA-256 of a secret; what it stands for is sealed by the flow. Every node knows all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.pool import Database

_KEEP = """
WITH forgotten AS (DELETE FROM console_visit WHERE expires <= $7)
INSERT INTO console_visit (digest, sort, client, content, expires, last) VALUES ($1, $2, $3, $4, $5, $6)
"""
_FIND = """
UPDATE console_visit SET expires = greatest(expires, least($4, last))
WHERE digest = $1 AND sort = $2 AND expires > $3 RETURNING content
"""
_HELD = "SELECT key, content FROM console_held WHERE digest = $1 ORDER BY number"
_TAKE = "DELETE FROM console_visit WHERE digest = $1 AND sort = $2 RETURNING content, expires > $3 AS good"
_TURN = """
UPDATE console_visit SET sort = $3, expires = $5, last = $5
WHERE digest = $1 AND sort = $2 AND expires > $4 RETURNING content
"""
_HOLD = """
INSERT INTO console_held (digest, key, content) SELECT $1, $2, $3 WHERE EXISTS (
    SELECT FROM console_visit WHERE digest = $1)
"""
_TOO_MANY = """
DELETE FROM console_held WHERE digest = $1 AND number <= (
    SELECT number FROM console_held WHERE digest = $1 ORDER BY number DESC OFFSET $2 LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a secret stands for, and what was held with it: both sealed."""

    content: bytes
    held: Mapping[str, bytes]


async def keep(
    database: Database, digest: bytes, sort: str, client: str, content: bytes, expires: datetime, last: datetime,
    now: datetime,
) -> None:  # fmt: skip
    """Keep a secret until `expires`; renewed, it is good until `last`. Those that are over are forgotten."""
    await database.fetch(_KEEP, digest, sort, client, content, expires, last, now)


async def find(database: Database, digest: bytes, sort: str, now: datetime, until: datetime) -> Kept | None:
    """What a secret of this sort stands for, which is good until `until` from now on, if it may be."""
    found = await database.fetch(_FIND, digest, sort, now, until)
    if not found:
        return None
    held = await database.fetch(_HELD, digest)
    return Kept(found[0]["content"], {row["key"]: row["content"] for row in held})


async def take(database: Database, digest: bytes, sort: str, now: datetime) -> bytes | None:
    """What a secret stands for, once: of two that come at the same time, one gets it."""
    found = await database.fetch(_TAKE, digest, sort, now)
    return found[0]["content"] if found and found[0]["good"] else None


async def turn(database: Database, digest: bytes, sort: str, into: str, now: datetime, until: datetime) -> bytes | None:
    """What a secret stands for, which is one of another sort from now on: of two that come at the same time, one gets
    it."""
    found = await database.fetch(_TURN, digest, sort, into, now, until)
    return found[0]["content"] if found else None


async def hold(database: Database, digest: bytes, things: Mapping[str, bytes], most: int) -> None:
    """Keep these with a session, `most` of them at a time: the oldest make room."""
    for key, content in things.items():
        await database.fetch(_HOLD, digest, key, content)
    await database.fetch(_TOO_MANY, digest, most)


async def of_client(database: Database, client: str) -> list[tuple[bytes, str, bytes]]:
    """Everything that was made for a client: digest, sort, and what it stands for, sealed."""
    rows = await database.fetch("SELECT digest, sort, content FROM console_visit WHERE client = $1", client)
    return [(row["digest"], row["sort"], row["content"]) for row in rows]


async def end(database: Database, digests: Sequence[bytes]) -> None:
    """These are good no more."""
    await database.fetch("DELETE FROM console_visit WHERE digest = ANY($1)", list(digests))


async def end_of_client(database: Database, client: str) -> None:
    """Nothing that was made for a client is good any more."""
    await database.fetch("DELETE FROM console_visit WHERE client = $1", client)
