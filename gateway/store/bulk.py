"""Bulk Data exports as jobs (store/exports.py): which resources each file names, and how far the circle is walked.

No content lies here: a part of a file holds ids alone, and its lines are read when it is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.store import wire
from gateway.store.exports import BULK, JOB, KEPT, KNOWN, LEASE, Job
from gateway.store.log import Connection
from gateway.store.pool import Database

Lines = Sequence[tuple[str, Sequence[str]]]
"""Patient ids, each with the ids of the resources of one type that are named."""

_LOCK = 0x42554C4B  # any number that all nodes use


async def start(database: Database, owner: bytes, job: Job, most: int) -> bool:
    """Put a job up; False where its client has `most` that are not made yet."""
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        found = await connection.execute(
            f"INSERT INTO export_job (owner, {JOB}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9"
            " WHERE (SELECT count(*) FROM export_job"
            "        WHERE sort = $8 AND client = $9 AND manifest = '' AND NOT failed AND made_at >= $10) < $11",
            owner, job.id, job.made_at, job.request, job.note, job.records, job.manifest, job.sort, job.client,
            job.made_at - KEPT[BULK], most,
        )  # fmt: skip
    return str(found) == "INSERT 0 1"


async def find(database: Database, owner: bytes, id: str, now: datetime) -> Job | None:
    """A job of this owner that is still kept."""
    row = await database.fetchrow(
        f"SELECT {KNOWN} FROM export_job WHERE id = $1 AND owner = $2 AND sort = $3 AND made_at >= $4",
        id, owner, BULK, now - KEPT[BULK],
    )  # fmt: skip
    return Job(**row) if row else None


async def delete(database: Database, owner: bytes, id: str) -> bool:
    """Forget a job and its files, made or not; False where this owner has none of this id."""
    sql = "DELETE FROM export_job WHERE id = $1 AND owner = $2 AND sort = $3"
    async with database.connection() as connection:
        return str(await connection.execute(sql, id, owner, BULK)) == "DELETE 1"


async def forget(database: Database, job: str) -> None:
    """A job that is nobody's any more."""
    await database.fetch("DELETE FROM export_job WHERE id = $1", job)


async def reached(database: Database, job: str) -> tuple[int, str | None]:
    """How many parts of the circle are walked, and the last Patient id of them; None at its end, and where the job is
    gone."""
    row = await database.fetchrow("SELECT parts, place FROM export_job WHERE id = $1", job)
    return (row["parts"], row["place"]) if row else (0, None)


async def add(
    database: Database, job: str, number: int, files: Mapping[str, Lines], place: str | None, now: datetime
) -> bool:
    """Keep a part, and the job for two minutes more. False where the job is gone or another node was faster: then
    nothing is kept."""
    told = sum(len(ids) for lines in files.values() for _, ids in lines)
    rows = [(job, kind, number, wire.encode(lines)) for kind, lines in files.items()]
    async with database.transaction() as connection:
        found = await connection.execute(
            "UPDATE export_job SET parts = $2 + 1, place = $3, records = records + $4, leased_until = $5, tries = 0"
            " WHERE id = $1 AND parts = $2",
            job, number, place, told, now + LEASE,
        )  # fmt: skip
        if str(found) != "UPDATE 1":
            return False
        await connection.executemany("INSERT INTO export_part (job, file, number, body) VALUES ($1, $2, $3, $4)", rows)
    return True


async def files(connection: Connection, job: str) -> Sequence[tuple[str, int]]:
    """The type and number of each file, in order."""
    rows = await connection.fetch("SELECT file, number FROM export_part WHERE job = $1 ORDER BY file, number", job)
    return [(row["file"], row["number"]) for row in rows]


async def lines(database: Database, job: str, kind: str, number: int) -> Lines | None:
    """What a file names; None where there is no such file."""
    sql = "SELECT body FROM export_part WHERE job = $1 AND file = $2 AND number = $3"
    body = await database.fetchval(sql, job, kind, number)
    return None if body is None else [(citizen, ids) for citizen, ids in wire.decode(body)]
