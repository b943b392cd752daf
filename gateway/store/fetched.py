"""What was last fetched of whom, whose turn it is to fetch, and whom to ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.pool import Database

_ROUND = b""  # the row of the source itself

_CLAIM = """
INSERT INTO fetched (source, citizen, digest, since, looked_at, failure) VALUES ($1, $2, '', $3, $3, '')
ON CONFLICT (source, citizen) DO UPDATE SET since = $3, looked_at = $3, failure = '' WHERE fetched.since <= $4
RETURNING true
"""

_SEEN = """
WITH before AS (SELECT digest FROM fetched WHERE source = $1 AND citizen = $2)
INSERT INTO fetched AS f (source, citizen, digest, since, looked_at, failure) VALUES ($1, $2, $3, $4, $4, '')
ON CONFLICT (source, citizen) DO UPDATE
   SET digest = $3, looked_at = $4,
       since = CASE WHEN f.digest = $3 THEN f.since ELSE greatest($4, f.since + interval '1 microsecond') END
RETURNING since, (SELECT digest FROM before) IS DISTINCT FROM $3 AS new
"""

_FAILED = """
INSERT INTO fetched (source, citizen, digest, since, looked_at, failure) VALUES ($1, $2, '', $3, $3, $4)
ON CONFLICT (source, citizen) DO UPDATE SET looked_at = $3, failure = $4
"""

# Citizens with an open municipal plan, of which one of these sources has told.
_KNOWN = """
SELECT DISTINCT known.number FROM identity, unnest(identity.identifiers) AS known(number)
 WHERE known.number LIKE $1 || '|%' AND identity.citizen IN (
   SELECT resource.citizen FROM resource
    WHERE resource.kind = 'CarePlan' AND resource.sector = 'municipality' AND NOT resource.withdrawn
      AND (resource.ends IS NULL OR resource.ends > $2)
      AND EXISTS (SELECT 1 FROM statement JOIN message ON message.id = statement.message
                   WHERE statement.citizen = resource.citizen AND statement.kind = 'CarePlan'
                     AND message.source = ANY($3::text[])))
 ORDER BY 1
"""

_STATES = """
SELECT source, max(since) FILTER (WHERE citizen = '') AS round, count(*) FILTER (WHERE citizen <> '') AS citizens,
       count(*) FILTER (WHERE citizen <> '' AND failure <> '') AS failing,
       coalesce(max(failure) FILTER (WHERE citizen = ''), '') AS failure
  FROM fetched GROUP BY source ORDER BY source
"""

_REASONS = """
SELECT source, failure, count(*) AS citizens FROM fetched WHERE citizen <> '' AND failure <> ''
 GROUP BY source, failure ORDER BY source, citizens DESC, failure
"""


@dataclass(frozen=True, slots=True)
class State:
    """One source: when its last round began, how many citizens were asked for, at how many the last look
    failed, why the round ended early (empty: it did not), and for what reasons looks failed, with their number."""

    source: str
    round: datetime | None
    citizens: int
    failing: int
    failure: str
    reasons: tuple[tuple[str, int], ...] = ()


async def claim(database: Database, source: str, now: datetime, before: datetime) -> bool:
    """Whether this node begins a round: none does twice within the time, however many nodes there are."""
    return bool(await database.fetchval(_CLAIM, source, _ROUND, now, before))


async def seen(database: Database, source: str, citizen: bytes, digest: bytes, now: datetime) -> tuple[datetime, bool]:
    """When what was fetched now was seen first, and whether that is now: unless it is what was fetched last. Never
    before or at the time of something else that was seen before it."""
    row = await database.fetchrow(_SEEN, source, citizen, digest, now)
    return (row["since"], row["new"]) if row else (now, True)


async def told(database: Database, source: str, citizen: bytes, failure: str, now: datetime) -> None:
    """What became of the last look: `failure` is why it failed, empty when it did not."""
    await database.fetchval(_FAILED, source, citizen, now, failure)


async def looks(database: Database, source: str) -> dict[bytes, tuple[bool, datetime]]:
    """Of every citizen who was asked for: whether the last look failed, and when it was."""
    rows = await database.fetch(
        "SELECT citizen, failure <> '' AS failed, looked_at FROM fetched WHERE source = $1", source
    )
    return {row["citizen"]: (row["failed"], row["looked_at"]) for row in rows}


async def ended(database: Database, source: str, failure: str, now: datetime) -> None:
    """Why the round ended early; empty: it did not."""
    await told(database, source, _ROUND, failure, now)


async def known(database: Database, system: str, sources: Sequence[str], now: datetime) -> list[str]:
    """The numbers in one system of all citizens with an open municipal plan, of which one of these sources has told."""
    rows = await database.fetch(_KNOWN, system, now, list(sources))
    return [row["number"].removeprefix(f"{system}|") for row in rows]


async def numbers_of(database: Database, system: str, citizen: str) -> list[str]:
    """The numbers in one system of the citizen with this Patient id."""
    rows = await database.fetch(
        "SELECT DISTINCT known.number FROM identity, unnest(identifiers) AS known(number)"
        " WHERE citizen = $1 AND known.number LIKE $2 || '|%' ORDER BY 1",
        citizen,
        system,
    )
    return [row["number"].removeprefix(f"{system}|") for row in rows]


async def states(database: Database) -> list[State]:
    """How it stands with every source that was ever asked."""
    reasons: dict[str, list[tuple[str, int]]] = {}
    for row in await database.fetch(_REASONS):
        reasons.setdefault(row["source"], []).append((row["failure"], row["citizens"]))
    rows = await database.fetch(_STATES)
    return [State(**row, reasons=tuple(reasons.get(row["source"], ()))) for row in rows]
