"""The terms of access records (domain/findable.py), for the auditor's search. They are written after the records, in
the order of the tree: no request waits for them, and records of before they were there get theirs too.

They are an index and prove nothing: a search looks at the records that it finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct

import asyncpg

from gateway.domain.findable import terms
from gateway.store import wire
from gateway.store.log import Connection

LOCK = 0x464C5445  # one node at a time
BATCH = 2000
_AT_ONCE = 64
"""After so many records whoever waits for an answer gets a turn."""

_NEXT = """
SELECT r.id, r.recorded_at, r.body FROM log_leaf l LEFT JOIN access_record r ON r.id = l.record_id
  WHERE l.tree_index >= $1 AND l.tree_index < $2 ORDER BY l.tree_index
"""
# What COPY takes (PostgreSQL, "Binary Format"): signature, flags, no extension; each row its number of columns, each
# column its length; the end. Arrays cost twice as much to write and to read.
_EPOCH, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_ROW = b"\0\3\0\0\0\10"  # three columns, and the length of the first
_TERM, _REST = Struct("!q").pack, Struct("!iqiq").pack


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
    await connection.copy_to_table(
        "access_term", source=_copied(rows), columns=("term", "recorded_at", "record_id"), format="binary"
    )
    await connection.execute("UPDATE access_term_done SET leaves = $1", first + len(rows))
    return len(rows)


async def _copied(rows: Sequence[asyncpg.Record]) -> AsyncIterator[bytes]:
    """Every term of every record as a row."""
    yield _HEAD
    for first in range(0, len(rows), _AT_ONCE):
        yield b"".join(map(_rows, rows[first : first + _AT_ONCE]))
        await asyncio.sleep(0)
    yield _END


def _rows(record: asyncpg.Record) -> bytes:
    found = _terms(record["body"]) if record["body"] else None
    if not found:
        return b""
    rest = _REST(8, (record["recorded_at"] - _EPOCH) // _MICROSECOND, 8, record["id"])
    return b"".join((_ROW, (rest + _ROW).join(map(_TERM, found)), rest))


def _terms(body: bytes) -> frozenset[int]:
    """None for a body that was damaged: the record is still found by its columns."""
    found = wire.found_by(body)
    return terms(found) if found else frozenset()
