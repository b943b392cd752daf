"""The work queue of overrides: one row for each user, citizen and day, beside the task to tell the citizen.

The row comes before the task and the record of the look; it counts for nothing until its task is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

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
_COLUMNS = """
o.task, o.source, o.citizen, o.organisation, o.organisation_name, o.role, o.client, o.user_key AS user, o.user_name,
o.code, o.due, o.first_at, o.last_at, o.looks, o.taken_by, o.taken_name, o.taken_at, o.outcome, o.note, o.reviewed_by,
o.reviewed_name, o.reviewed_at, r.body,
coalesce((convert_from(r.facts, 'UTF8')::jsonb -> 'deleted')::boolean, false) AS deleted, o.settled
"""
# OFFSET 0 keeps the look-up of each by its key, so that the order is that of the queue.
_FROM = """
  FROM override_review o
  CROSS JOIN LATERAL (SELECT body, facts FROM resource WHERE kind = 'Task' AND id = o.task OFFSET 0) AS r
"""
_ORDER = "o.settled, o.due, o.first_at, o.task"
_UNREAD = f"SELECT {_COLUMNS}, o.changed {_FROM} WHERE o.changed <> o.judged AND o.task > $1 ORDER BY o.task LIMIT $2"
# A task that changed meanwhile is read again, and so is one that somebody writes just now: who reads waits for nobody.
_READ = """
WITH free AS (
  SELECT o.task, n.changed, n.told
    FROM unnest($1::text[], $2::int[], $3::boolean[]) AS n(task, changed, told)
    JOIN override_review o ON o.task = n.task AND o.changed = n.changed
   FOR UPDATE OF o SKIP LOCKED
)
UPDATE override_review o SET judged = n.changed, told = n.told, settled = n.told AND o.outcome <> ''
  FROM free n WHERE o.task = n.task
"""
_TAKE = """
UPDATE override_review SET taken_by = $2, taken_name = $3, taken_at = $4
 WHERE task = $1 AND outcome = '' AND (taken_by = $5 OR taken_by = $2) RETURNING task
"""
_REVIEW = """
UPDATE override_review
   SET outcome = $2, note = $3, reviewed_by = $4, reviewed_name = $5, reviewed_at = $6, settled = told
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
    settled: bool

    @property
    def key(self) -> Key:
        """Its place in the order of the queue."""
        return (self.settled, self.due, self.first_at, self.task)


Key = tuple[bool, date, datetime, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: of one organisation in one of its roles (of all where it is ""), in one state, of those whose citizen
    should have been told before a day, of those that are settled or not."""

    organisation: str = ""
    role: str = ""
    state: str = ""
    due_before: date | None = None
    settled: bool | None = None


async def begin(database: Database, task: str, record: OverrideRecord) -> bool:
    """Note the override; whether its task is there already."""
    found = await database.fetchval(
        _BEGIN, task, record.teller, record.citizen, record.organisation, record.organisation_name, record.role,
        record.client, record.user, record.user_name, record.override_code, date.fromisoformat(record.day),
        date.fromisoformat(record.due), record.time,
    )  # fmt: skip
    return bool(found)


_STATES = {
    "open": "NOT o.settled AND o.outcome = '' AND o.taken_by = ''",
    "taken": "NOT o.settled AND o.outcome = '' AND o.taken_by <> ''",
    "reviewed": "o.outcome <> ''",
}


async def listed(
    database: Database, asked: Asked, behind: Key | None = None, first: int = 0, most: int = AT_ONCE
) -> Sequence[Row]:
    """The rows in their order (what is left to do before what is settled, and of that what is due first), behind one of
    them or, where none is given, from place `first` on. One statement, by an index that is in this order."""
    values: list[object] = []

    def value(one: object) -> str:
        values.append(one)
        return f"${len(values)}"

    conditions = [_STATES[asked.state]] if asked.state else []
    if asked.organisation:
        conditions.append(f"o.organisation = {value(asked.organisation)} AND o.role = {value(asked.role)}")
    if asked.settled is not None:
        conditions.append("o.settled" if asked.settled else "NOT o.settled")
    if asked.due_before is not None:
        conditions.append(f"NOT o.settled AND NOT o.told AND o.due < {value(asked.due_before)}")
    if behind is not None:
        conditions.append(f"({_ORDER}) > ({', '.join(map(value, behind))})")
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    skipped = f"OFFSET {value(0 if behind else first)}"
    sql = f"SELECT {_COLUMNS} {_FROM} {where} ORDER BY {_ORDER} LIMIT {value(most)} {skipped}"
    return [_row(row) for row in await database.fetch(sql, *values)]


async def one(database: Database, task: str, organisation: str = "", role: str = "") -> Row | None:
    """One of them, as far as it is this organisation's in this role; any where it is ""."""
    sql = f"SELECT {_COLUMNS} {_FROM} WHERE o.task = $1 AND ($2 = '' OR (o.organisation = $2 AND o.role = $3))"
    row = await database.fetchrow(sql, task, organisation, role)
    return _row(row) if row else None


async def unread(database: Database, after: str) -> Sequence[tuple[Row, int]]:
    """Rows whose tasks changed since they were last read, by their ids, with how often they changed."""
    return [(_row(row), row["changed"]) for row in await database.fetch(_UNREAD, after, AT_ONCE)]


async def read(database: Database, told: Sequence[tuple[str, int, bool]]) -> None:
    """Keep what tasks were read to say: (task, how often it had changed, whether the citizen was told)."""
    if told:
        await database.fetch(_READ, *map(list, zip(*told, strict=True)))


def _row(row: asyncpg.Record) -> Row:
    cells = {name: value for name, value in row.items() if name != "changed"}
    return Row(**cells | {"body": wire.decode(row["body"])})


async def take(database: Database, task: str, who: str, name: str, now: datetime, former: str) -> bool:
    """Who takes over an override that is not reviewed, from `former` ("" from nobody); False when others were first."""
    return await database.fetchval(_TAKE, task, who, name, now, former) is not None


async def review(database: Database, task: str, outcome: str, note: str, who: str, name: str, now: datetime) -> bool:
    """Keep what the review came to; False when it is another's, or was reviewed."""
    return await database.fetchval(_REVIEW, task, outcome, note, who, name, now) is not None
