"""Tokens that are dead before their time: one of them, or all that a client was given until a moment.

A row is kept for as long as a token that it kills could live. Nodes read all of them, once a second at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.pool import Database

_REVOKE = """
WITH forgotten AS (DELETE FROM revocation WHERE expires < $5)
INSERT INTO revocation (client, jti, until, expires) VALUES ($1, $2, $3, $4)
ON CONFLICT (client, jti) DO UPDATE SET until = greatest(revocation.until, excluded.until),
                                        expires = greatest(revocation.expires, excluded.expires)
"""
_ALL = "SELECT client, jti, until FROM revocation WHERE expires >= $1 ORDER BY client, jti"


@dataclass(frozen=True, slots=True)
class Revocation:
    """`jti` is that of one token, or "" for every token that the client was given up to `until`."""

    client: str
    jti: str
    until: datetime


async def revoke(database: Database, one: Revocation, expires: datetime, now: datetime) -> None:
    """Durable when it comes back. Those whose tokens are dead anyway are forgotten on the way. Raises Unavailable."""
    await database.fetch(_REVOKE, one.client, one.jti, one.until, expires, now)


async def in_force(database: Database, now: datetime) -> Sequence[Revocation]:
    """Every revocation that still kills a token, in one order. Raises Unavailable."""
    return [Revocation(*row) for row in await database.fetch(_ALL, now)]
