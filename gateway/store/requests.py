"""Requests for the report of admission that wait for an answer: work for the gateway itself, shown to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.store.pool import Database

# Few rows are Tasks, and the primary key begins with the type.
_WAITING = """
SELECT id, version, citizen, body FROM resource
 WHERE kind = 'Task' AND NOT withdrawn AND updated > $1
   AND convert_from(body, 'UTF8')::jsonb ->> 'status' = 'requested'
 ORDER BY updated, id
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One Task as it is now: `body` is FHIR JSON, `citizen` the Patient id."""

    id: str
    version: int
    citizen: str
    body: bytes


async def waiting(database: Database, since: datetime) -> list[Request]:
    """Every Task with status requested that has changed since then, the oldest first. Raises Unavailable."""
    return [Request(*row) for row in await database.fetch(_WAITING, since)]
