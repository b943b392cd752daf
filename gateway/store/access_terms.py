"""The terms of access records (domain/findable.py), for the auditor's search. They are written after the records, in
the order of the tree: no request waits for them, and records of before they were there get theirs too.

They are an index and prove nothing: a search looks at the records that it finds.
"""

from __future__ import annotations

from gateway.domain.findable import terms
from gateway.store import wire
from gateway.store.log import Connection

LOCK = 0x464C5445  # one node at a time
BATCH = 2000

_NEXT = """
SELECT r.id, r.recorded_at, r.body FROM log_leaf l LEFT JOIN access_record r ON r.id = l.record_id
  WHERE l.tree_index >= $1 AND l.tree_index < $2 ORDER BY l.tree_index
"""
_ADD = """
INSERT INTO access_term (term, recorded_at, record_id)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[]) ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
"""


async def fill(connection: Connection, batch: int = BATCH) -> int:
    """Write the terms of all records that got their place in the tree since the last time. How many records that were.

    Another node may be at it: then nothing is done here.
    """
    done = 0
    while True:
        async with connection.transaction():
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
                return done
            count = await _batch(connection, batch)
        done += count
        if count < batch:
            return done


async def _batch(connection: Connection, batch: int) -> int:
    first = await connection.fetchval("SELECT leaves FROM access_term_done")
    rows = await connection.fetch(_NEXT, first, first + batch)
    if not rows:
        return 0
    found = [(number, row["recorded_at"], row["id"]) for row in rows for number in _terms(row["body"])]
    await connection.execute(_ADD, *([one[place] for one in found] for place in range(3)))
    await connection.execute("UPDATE access_term_done SET leaves = $1", first + len(rows))
    return len(rows)


def _terms(body: bytes | None) -> frozenset[int]:
    """None for a body whose time has run out, or that was damaged: the record is still found by its columns."""
    found = wire.record(body) if body else None
    return terms(found) if found else frozenset()
