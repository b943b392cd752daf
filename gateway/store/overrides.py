"""The work queue of overrides: one row for each user, citizen and day, beside the task to tell the citizen.

The row comes before the task and the record of the look; it counts for nothing until its task is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.domain.override import OverrideRecord
from gateway.store import wire
from gateway.store.pool import Database

AT_ONCE = 500
_BEGIN = """
INSERT INTO override_review AS o (task, source, citizen, organisation, organisation_name, role, client, user_key,
                                  user_name, code, day, due, first_at, last_at, looks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, 1)
ON CONFLICT (task) DO UPDATE SET last_at = greatest(o.last_at, excluded.last_at), looks = o.looks + 1
RETURNING EXISTS (SELECT FROM resource r WHERE r.kind = 'Task' AND r.id = o.task)
"""
_LISTED = """
SELECT o.*, r.body, coalesce((convert_from(r.facts, 'UTF8')::jsonb -> 'deleted')::boolean, false) AS deleted
  FROM override_review o JOIN resource r ON r.kind = 'Task' AND r.id = o.task
 WHERE ($1 = '' OR (o.organisation = $1 AND o.role = $2)) AND ($3 = '' OR o.task = $3)
 ORDER BY o.outcome <> '' AND convert_from(r.body, 'UTF8')::jsonb ->> 'status' IN ('completed', 'rejected', 'failed',
          'cancelled'), o.due, o.first_at, o.task LIMIT $4 OFFSET $5
"""
_TAKE = """
UPDATE override_review SET taken_by = $2, taken_name = $3, taken_at = $4
 WHERE task = $1 AND outcome = '' AND (taken_by = $5 OR taken_by = $2) RETURNING task
"""
_REVIEW = """
UPDATE override_review SET outcome = $2, note = $3, reviewed_by = $4, reviewed_name = $5, reviewed_at = $6
 WHERE task = $1 AND outcome = '' AND taken_by = $4 RETURNING task
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands, with the body of its task. `deleted`: the task was taken away by REST."""

    task: str
    source: str
    citizen: str
    organisation: str
    organisation_name: str
    role: str
    client: str
    user: str
    user_name: str
    code: str
    due: date
    first_at: datetime
    last_at: datetime
    looks: int
    taken_by: str
    taken_name: str
    taken_at: datetime | None
    outcome: str
    note: str
    reviewed_by: str
    reviewed_name: str
    reviewed_at: datetime | None
    body: dict[str, Any]
    deleted: bool


async def begin(database: Database, task: str, record: OverrideRecord) -> bool:
    """Note the override; whether its task is there already."""
    found = await database.fetchval(
        _BEGIN, task, record.teller, record.citizen, record.organisation, record.organisation_name, record.role,
        record.client, record.user, record.user_name, record.override_code, date.fromisoformat(record.day),
        date.fromisoformat(record.due), record.time,
    )  # fmt: skip
    return bool(found)


async def listed(
    database: Database, organisation: str = "", role: str = "", task: str = "", first: int = 0, most: int = AT_ONCE
) -> Sequence[Row]:
    """Rows of one organisation in one of its roles, of all where it is "", from place `first` on: what may be left to
    do before what is done, those that are due first."""
    rows = await database.fetch(_LISTED, organisation, role, task, most, first)
    return [_row(dict(row)) for row in rows]


def _row(cells: dict[str, Any]) -> Row:
    cells.pop("day")
    return Row(user=cells.pop("user_key"), body=wire.decode(cells.pop("body")), **cells)


async def take(database: Database, task: str, who: str, name: str, now: datetime, former: str) -> bool:
    """Who takes over an override that is not reviewed, from `former` ("" from nobody); False when others were first."""
    return await database.fetchval(_TAKE, task, who, name, now, former) is not None


async def review(database: Database, task: str, outcome: str, note: str, who: str, name: str, now: datetime) -> bool:
    """Keep what the review came to; False when it is another's, or was reviewed."""
    return await database.fetchval(_REVIEW, task, outcome, note, who, name, now) is not None
