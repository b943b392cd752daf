"""Whom a caller's own legal world has told of, and everything about many citizens at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gateway.store.pool import Database
from gateway.store.resources import Ground, Sealed, sealed

# From one citizen to the next by index, however many messages tell of each. A person who was told of under several
# identities is met under the first of them.
WALK = """walk(citizen, step) AS (
  (SELECT min(n.citizen), 1 FROM unnest({sources}) AS s(source), LATERAL (
     SELECT m.citizen FROM message m WHERE m.source = s.source AND m.citizen > {after} ORDER BY m.citizen LIMIT 1) AS n)
  UNION ALL
  SELECT (SELECT min(n.citizen) FROM unnest({sources}) AS s(source), LATERAL (
     SELECT m.citizen FROM message m WHERE m.source = s.source AND m.citizen > w.citizen ORDER BY m.citizen LIMIT 1
     ) AS n), w.step + 1
    FROM walk w WHERE w.citizen IS NOT NULL AND w.step < {most}
), met AS (
  SELECT w.citizen AS told, p.citizen, p.citizen IS NOT NULL AND NOT EXISTS (
           SELECT FROM resource o JOIN message m ON m.citizen = o.id AND m.source = ANY({sources})
            WHERE o.kind = 'Patient' AND o.citizen = p.citizen AND o.id < w.citizen) AS first
    FROM walk w LEFT JOIN LATERAL (
      SELECT r.citizen FROM resource r WHERE r.kind = 'Patient' AND r.id = w.citizen OFFSET 0) AS p ON true
   WHERE w.citizen IS NOT NULL
)"""
_CIRCLE = (
    f"WITH RECURSIVE {WALK.format(sources='$1::text[]', after='$2::text', most='$3::int')}"
    " SELECT told, first FROM met ORDER BY told"
)
_PARTS = """
SELECT p.asked, r.kind, r.version, r.updated, r.withdrawn, r.facts, r.body, r.digest
  FROM (SELECT citizen, array_agg(id ORDER BY id) AS asked FROM resource
         WHERE kind = 'Patient' AND id = ANY($1) GROUP BY citizen) AS p
  JOIN resource r ON r.citizen = p.citizen
 WHERE $2::text[] IS NULL OR EXISTS (SELECT FROM resource k WHERE k.citizen = p.citizen AND k.kind = ANY($2))
 ORDER BY r.kind, r.id
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One citizen of a circle: `told` is the Patient id that the circle knows the citizen by, and the place in it."""

    told: str
    first: bool  # False for a further identity of a person who has been met, and where nothing is kept


async def circle(database: Database, sources: Collection[str], after: str, most: int) -> Sequence[Told]:
    """The next citizens of whom one of these sources has told, in the order of their ids. What others told changes
    nothing about who is in it. One statement, whose work depends on `most` alone."""
    if not sources:
        return ()
    rows = await database.fetch(_CIRCLE, sorted(sources), after, most)
    return [Told(row["told"], row["first"]) for row in rows]


async def parts_of(
    database: Database, citizens: Sequence[str], kinds: Collection[str] | None = None
) -> dict[str, tuple[list[Sealed], tuple[Ground, ...]]]:
    """As `resources.parts`, for many citizens in one statement, by the Patient id that was asked. With `kinds` only
    those of whom there is anything of these types."""
    rows = await database.fetch(_PARTS, list(citizens), None if kinds is None else sorted(kinds))
    found: dict[tuple[str, ...], tuple[list[Sealed], list[Ground]]] = {}
    for row in rows:
        parts, ground = found.setdefault(tuple(row["asked"]), ([], []))
        parts.append(sealed(row))
        if row["kind"] in ("Consent", "CareTeam"):
            ground.append(Ground(row["kind"], row["digest"], row["body"]))
    return {asked: (parts, tuple(ground)) for names, (parts, ground) in found.items() for asked in names}


async def owners_of(database: Database, kind: str, identities: Sequence[str]) -> dict[str, str]:
    """Of each resource the Patient id of its citizen; what is not there is left out."""
    sql = "SELECT id, citizen FROM resource WHERE kind = $1 AND id = ANY($2)"
    return {row["id"]: row["citizen"] for row in await database.fetch(sql, kind, list(identities))}
