"""Client assertions that were used. A primary key decides between two that come at once."""

from __future__ import annotations

from datetime import datetime

from gateway.store.pool import Database

_REMEMBER = """
WITH forgotten AS (DELETE FROM used_assertion WHERE expires < $4)
INSERT INTO used_assertion (client, jti, expires) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true
"""


async def remember(database: Database, client: str, jti: str, expires: datetime, now: datetime) -> bool:
    """Whether this jti is new for this client. Expired ones are forgotten on the way."""
    return await database.fetchval(_REMEMBER, client, jti, expires, now) is True
