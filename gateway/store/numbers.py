"""The ids of messages that came, with keyed hashes of what they were about: to know one that is used again."""

from __future__ import annotations

from datetime import datetime

from gateway.domain.message_number import Numbered
from gateway.store.pool import Database

_KNOWN = """
SELECT number, envelope, concerns, fingerprint FROM message_number WHERE source = $1 AND number = $2
UNION
SELECT number, envelope, concerns, fingerprint FROM message_number WHERE source = $1 AND envelope = $3
"""
_REMEMBER = """
INSERT INTO message_number (source, number, envelope, concerns, fingerprint, received_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING 1
"""


async def known(database: Database, source: str, message: Numbered) -> list[Numbered]:
    """Everything of this source with the message's number or envelope."""
    rows = await database.fetch(_KNOWN, source, message.number, message.envelope)
    return [Numbered(**row) for row in rows]


async def remember(database: Database, source: str, message: Numbered, now: datetime) -> bool:
    """Remember a message; False when another of its number and about the same was faster."""
    told = (message.number, message.envelope, message.concerns, message.fingerprint)
    return await database.fetchval(_REMEMBER, source, *told, now) is not None
