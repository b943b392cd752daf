"""Resources that changed and that a municipality may have to be told of: work for the gateway itself, shown to nobody.

A row is written in the statement that keeps their cause, and goes when it was worked through. A node that dies loses
nothing: what it had claimed comes back when its lease is over. One that changes again meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.statement import Body
from gateway.domain.telling import Case
from gateway.store import wire
from gateway.store.pool import Database


def to_tell_insert(first: int, time: str, source: str) -> str:
    """A CTE that notes resources; `$first` and the next are their kinds and ids, `time` an expression. `source` names a
    CTE of the statement: with no row in it, nothing is noted."""
    return f"""noted AS (
  INSERT INTO to_tell AS t (kind, id, noticed_at)
  SELECT n.kind, n.id, {time} FROM {source}, unnest(${first}::text[], ${first + 1}::text[]) AS n(kind, id)
  ON CONFLICT (kind, id)
  DO UPDATE SET noticed_at = greatest(excluded.noticed_at, t.noticed_at + interval '1 microsecond')
)"""


_CLAIM = """
UPDATE to_tell t SET leased_until = $2
  FROM (SELECT kind, id FROM to_tell WHERE leased_until IS NULL OR leased_until <= $1
         ORDER BY noticed_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS mine
 WHERE t.kind = mine.kind AND t.id = mine.id
RETURNING t.kind, t.id, t.noticed_at
"""
# What changed again while it was worked through has another time: it is free for the next look.
_DONE = """
WITH gone AS (DELETE FROM to_tell WHERE kind = $1 AND id = $2 AND noticed_at = $3 RETURNING 1)
UPDATE to_tell SET leased_until = NULL WHERE kind = $1 AND id = $2 AND NOT EXISTS (SELECT FROM gone)
"""
_OF_CITIZEN = """
SELECT r.kind, r.id FROM resource c JOIN resource r ON r.citizen = c.citizen
 WHERE c.kind = $1 AND c.id = $2 AND r.kind = ANY($3::text[]) AND r.sector = 'region' ORDER BY r.kind, r.id
"""
_RESOURCE = "SELECT citizen, withdrawn, body FROM resource WHERE kind = $1 AND id = $2"
_CASES = """
SELECT id, facts, body FROM resource
 WHERE citizen = $1 AND kind = 'CarePlan' AND sector = 'municipality' AND NOT withdrawn ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """A resource that changed, and when that was noticed."""

    kind: str
    id: str
    noticed_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """How the resource is now, and the cases of its citizen (a Patient id)."""

    citizen: str
    withdrawn: bool
    body: Body
    cases: Sequence[Case]


async def claim(database: Database, now: datetime, until: datetime, most: int) -> list[Noted]:
    """At most so many that wait, the longest waiting first. Raises Unavailable."""
    if not await database.fetchval("SELECT EXISTS (SELECT FROM to_tell)"):
        return []
    rows = await database.fetch(_CLAIM, now, until, most)
    return sorted((Noted(*row) for row in rows), key=lambda one: one.noticed_at)


async def done(database: Database, one: Noted) -> None:
    """It was worked through, unless it has changed since it was claimed."""
    await database.fetchval(_DONE, one.kind, one.id, one.noticed_at)


async def of_citizen(database: Database, one: Noted, kinds: Sequence[str]) -> list[Noted]:
    """Every hospital's resource of these types about the citizen of one resource, as noticed when that was."""
    rows = await database.fetch(_OF_CITIZEN, one.kind, one.id, list(kinds))
    return [Noted(row["kind"], row["id"], one.noticed_at) for row in rows if row["kind"] != one.kind]


async def known(database: Database, kind: str, identity: str) -> Known | None:
    """What routing needs of one resource; None where it does not come out of the fold any more."""
    row = await database.fetchrow(_RESOURCE, kind, identity)
    if row is None:
        return None
    cases = []
    for one in await database.fetch(_CASES, row["citizen"]):
        facts = wire.facts(one["facts"])
        cases.append(Case(one["id"], wire.decode(one["body"]), facts.sources or (facts.source,)))
    return Known(row["citizen"], row["withdrawn"], wire.decode(row["body"]), cases)
