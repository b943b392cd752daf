"""What systems were registered for, and since when: noted as a gateway starts, asked by those who explain the past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.store import wire
from gateway.store.pool import Database

# A system that is registered no more has an empty row from then on.
_NOTE = """
WITH newest AS (SELECT DISTINCT ON (client) client, caller FROM registration ORDER BY client, since DESC),
     now AS (SELECT * FROM unnest($2::text[], $3::bytea[]) AS n(client, caller)),
     other AS (
  SELECT n.client, n.caller FROM now n LEFT JOIN newest w USING (client) WHERE w.caller IS DISTINCT FROM n.caller
  UNION ALL
  SELECT w.client, ''::bytea FROM newest w
   WHERE w.caller <> ''::bytea AND NOT EXISTS (SELECT FROM now n WHERE n.client = w.client))
INSERT INTO registration (client, since, caller) SELECT client, $1, caller FROM other
ON CONFLICT (client, since) DO UPDATE SET caller = excluded.caller RETURNING client
"""
_AT = """
SELECT DISTINCT ON (client) client, caller FROM registration WHERE since <= $1 ORDER BY client, since DESC
"""


async def note(database: Database, now: datetime, registered: Mapping[str, Caller]) -> int:
    """Keep what differs from what was noted last; how many systems that is."""
    names = sorted(registered)
    return len(await database.fetch(_NOTE, now, names, [wire.encode(registered[name]) for name in names]))


async def began(database: Database) -> datetime | None:
    """Since when it is noted at all."""
    found: datetime | None = await database.fetchval("SELECT min(since) FROM registration")
    return found


async def at(database: Database, moment: datetime) -> dict[str, Caller]:
    """Every system as it was registered at a moment."""
    rows = await database.fetch(_AT, moment)
    return {row["client"]: wire.caller(row["caller"]) for row in rows if row["caller"]}
