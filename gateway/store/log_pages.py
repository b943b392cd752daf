"""One page of the access log for a search by FHIR: the records, and at the end of the list what it would have reached,
had its time not been over. One statement, planned for what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.domain.listing import list_key
from gateway.store.log_reading import Found, Search, written
from gateway.store.pool import Database

_PAGE = """
WITH found AS MATERIALIZED ({found}),
forgotten AS (SELECT max(before) AS before FROM log_forgotten)
SELECT f.id, f.recorded_at, f.body, g.before,
  CASE WHEN g.before IS NOT NULL AND (SELECT count(*) FROM found) < {limit}::int THEN (
    SELECT count(*) FROM log_leaf l WHERE l.list_key = ANY({keys}::bytea[])
       AND NOT EXISTS (SELECT 1 FROM access_record r WHERE r.id = l.record_id)) END AS gone
  FROM forgotten g LEFT JOIN found f ON true ORDER BY f.recorded_at DESC, f.id DESC
"""
# What is found by terms has them a moment after it was written: what has none yet is looked through too.
_BOTH = """
SELECT DISTINCT ON (recorded_at, id) * FROM (({new}) UNION ALL ({found})) AS both_of_them
 ORDER BY recorded_at DESC, id DESC LIMIT {limit}::int
"""


@dataclass(frozen=True, slots=True)
class Page:
    """The newest records, and on the last page since when records are gone (None where none ever went) and how many of
    these citizens'."""

    found: Sequence[Found]
    forgotten: datetime | None = None
    gone: int = 0


async def page(database: Database, search: Search, limit: int, before: tuple[datetime, int] | None) -> Page:
    """So many of the newest records that a search finds, behind a cursor. With fewer than `limit` it is the last."""
    values: list[Any] = []
    found = written(search, limit, before, values)
    if search.alike:
        new = written(replace(search, alike=(), unread=True), limit, before, values)
        values.append(limit)
        found = _BOTH.format(new=new, found=found, limit=f"${len(values)}")
    values += [limit, [key for one in search.citizens if (key := list_key(one))]]
    sql = _PAGE.format(found=found, limit=f"${len(values) - 1}", keys=f"${len(values)}")
    rows = await database.planned(sql, *values)
    records = [Found(row["id"], row["recorded_at"], row["body"], None) for row in rows if row["id"] is not None]
    if len(records) == limit:
        return Page(records)
    return Page(records, rows[0]["before"], rows[0]["gone"] or 0)
