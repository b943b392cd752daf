"""The end of a record's time: it goes with its salt, and its leaf, its place and its citizen's list stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.listing import list_key
from gateway.domain.record import AccessRecord
from gateway.store.log import Connection, append

BATCH = 5000


async def due(connection: Connection, before: datetime) -> bool:
    """Whether any record in the tree is older."""
    sql = "SELECT EXISTS (SELECT 1 FROM access_record r JOIN log_leaf l ON l.record_id = r.id WHERE r.recorded_at < $1)"
    found: bool = await connection.fetchval(sql, before)
    return found


async def forget(connection: Connection, before: datetime, record: AccessRecord, batch: int = BATCH) -> int:
    """Remove the records that are older, batch by batch; how many those were. `record` says so and goes in with the
    first. What is younger than half a year the database keeps, whatever is asked for."""
    gone = 0
    while True:
        async with connection.transaction():
            if not gone:
                await append(connection, [record])
            count: int = await connection.fetchval("SELECT forget_access_records($1, $2)", before, batch)
        gone += count
        if count < batch:
            break
    await connection.execute(
        "DELETE FROM access_term t WHERE t.recorded_at < $1"
        " AND NOT EXISTS (SELECT 1 FROM access_record r WHERE r.id = t.record_id)",
        before,
    )
    return gone


async def forgotten_before(connection: Connection) -> datetime | None:
    """Records from before this time are gone; None where none ever went."""
    found: datetime | None = await connection.fetchval("SELECT max(before) FROM log_forgotten")
    return found


async def gone_of(connection: Connection, citizens: Sequence[str]) -> int:
    """How many entries of these citizens' lists have no record any more."""
    keys = [key for citizen in citizens if (key := list_key(citizen))]
    found: int = await connection.fetchval(
        "SELECT count(*) FROM log_leaf l WHERE l.list_key = ANY($1::bytea[])"
        " AND NOT EXISTS (SELECT 1 FROM access_record r WHERE r.id = l.record_id)",
        keys,
    )
    return found
