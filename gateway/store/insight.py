"""What a citizen's own insight takes besides the log: who acts for the citizen, and what became of the overrides."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.statement import Body
from gateway.store import wire
from gateway.store.pool import Database

_RELATED = """
SELECT sector, body FROM resource
 WHERE kind = 'RelatedPerson' AND citizen = $1 AND NOT withdrawn
   AND NOT coalesce((convert_from(facts, 'UTF8')::jsonb -> 'deleted')::boolean, false)
 ORDER BY id
"""
_OVERRIDES = """
SELECT o.user_key, o.day, o.due, r.body,
       coalesce((convert_from(r.facts, 'UTF8')::jsonb -> 'deleted')::boolean, false) AS deleted
  FROM override_review o JOIN resource r ON r.kind = 'Task' AND r.id = o.task
 WHERE o.citizen = ANY($1)
"""


async def related(database: Database, citizen: str) -> Sequence[tuple[str, Body]]:
    """The RelatedPersons of a citizen that are in force by their sources, each with the sector that tells of it."""
    return [(row["sector"], wire.decode(row["body"])) for row in await database.fetch(_RELATED, citizen)]


async def overrides_of(database: Database, people: Sequence[str]) -> dict[tuple[str, str], tuple[str, Body]]:
    """The overrides at these identities, by user and Danish day: until when the citizen is to be told, and the task; an
    empty one where it was taken away."""
    rows = await database.fetch(_OVERRIDES, list(people))
    return {
        (row["user_key"], row["day"].isoformat()): (
            row["due"].isoformat(),
            {} if row["deleted"] else wire.decode(row["body"]),
        )
        for row in rows
    }
