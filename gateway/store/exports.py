"""Exports: a job, made part by part, each a commit: any node goes on where another stopped.

A job belongs to whoever put it up (a keyed hash) and is gone after KEPT. It is of one of two sorts: LOG, what an
auditor's search of the access log found, in the files `content` and `proofs`; and BULK, a Bulk Data export
(store/bulk.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.store.log import Connection
from gateway.store.pool import Database

LOG, BULK = "log", "bulk"
KEPT = {LOG: timedelta(days=7), BULK: timedelta(days=1)}
FILES = ("content", "proofs")
LEASE = timedelta(minutes=2)
TRIES = 5
"""So often a job is tried without getting any further."""


@dataclass(frozen=True, slots=True)
class Job:
    """One export. `records` are written so far; `manifest` is empty while it is being made. `request` is sealed.
    `client` is a keyed hash of whose system it is, where there may be only so many at once. `failed`: tried TRIES times
    without getting any further, and no more."""

    id: str
    made_at: datetime
    request: bytes
    note: str
    records: int
    manifest: str
    sort: str = LOG
    client: bytes = b""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The next part of both files, and where the one after it goes on: None, and this was the last."""

    content: bytes
    proofs: bytes
    records: int
    following: tuple[datetime, int] | None


JOB = "id, made_at, request, note, records, manifest, sort, client"
KNOWN = f"{JOB}, failed"
_GIVE_UP = f"UPDATE export_job SET failed = true WHERE manifest = '' AND tries >= {TRIES}"


async def start(connection: Connection, owner: bytes, job: Job) -> None:
    """Put a job up, to be made by whichever node comes first."""
    await connection.execute(
        f"INSERT INTO export_job (owner, {JOB}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        owner, job.id, job.made_at, job.request, job.note, job.records, job.manifest, job.sort, job.client,
    )  # fmt: skip


async def of(connection: Connection, owner: bytes) -> Sequence[Job]:
    """The jobs of one owner, the newest first."""
    rows = await connection.fetch(
        f"SELECT {KNOWN} FROM export_job WHERE owner = $1 ORDER BY made_at DESC",
        owner,
    )
    return [Job(**row) for row in rows]


async def claim(connection: Connection, now: datetime, sort: str = LOG) -> Job | None:
    """A job that is not made and that no other node is at, for two minutes: one that did not get any further the last
    time comes after the others, and is given up after TRIES."""
    await connection.execute(f"{_GIVE_UP} AND NOT failed AND leased_until < $1", now)
    row = await connection.fetchrow(
        "UPDATE export_job SET leased_until = $2, tries = tries + 1 WHERE id = (SELECT id FROM export_job"
        " WHERE sort = $3 AND manifest = '' AND NOT failed AND (leased_until IS NULL OR leased_until < $1)"
        f" ORDER BY tries, made_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {KNOWN}",
        now, now + LEASE, sort,
    )  # fmt: skip
    return Job(**row) if row else None


async def next_of(database: Database, now: datetime, sort: str = LOG) -> Job | None:
    """The next job to be tried, as `claim` gives it; those whose time is over are forgotten."""
    async with database.connection() as connection:
        await clear(connection, now)
        return await claim(connection, now, sort)


@asynccontextmanager
async def trying(database: Database, job: str) -> AsyncIterator[None]:
    """A try at a job: it fails for good when the last one does. What went wrong is raised on."""
    try:
        yield
    except Exception:
        await database.fetch(f"{_GIVE_UP} AND id = $1", job)
        raise


async def reached(connection: Connection, job: str) -> tuple[int, tuple[datetime, int] | None, bool]:
    """How many parts there are, where the next goes on, and whether the last one was the end."""
    row = await connection.fetchrow(
        "SELECT number, last_at, last_id FROM export_part WHERE job = $1 AND file = 'content'"
        " ORDER BY number DESC LIMIT 1",
        job,
    )
    if row is None:
        return 0, None, False
    return row["number"] + 1, (row["last_at"], row["last_id"]) if row["last_at"] else None, row["last_at"] is None


async def add(connection: Connection, job: str, number: int, part: Part, until: datetime) -> None:
    """Keep a part, and the job for two minutes more."""
    at, one = part.following or (None, None)
    async with connection.transaction():
        await connection.executemany(
            "INSERT INTO export_part (job, file, number, body, last_at, last_id) VALUES ($1, $2, $3, $4, $5, $6)",
            [(job, "content", number, part.content, at, one), (job, "proofs", number, part.proofs, at, one)],
        )
        await connection.execute(
            "UPDATE export_job SET records = records + $2, leased_until = $3, tries = 0 WHERE id = $1",
            job, part.records, until + LEASE,
        )  # fmt: skip


async def finish(connection: Connection, job: str, manifest: str) -> None:
    """The job is made."""
    await connection.execute("UPDATE export_job SET manifest = $2, leased_until = NULL WHERE id = $1", job, manifest)


async def sizes(connection: Connection, jobs: Sequence[str]) -> dict[str, dict[str, int]]:
    """Bytes of each file of these jobs, 0 of those that have none. One statement."""
    found = {job: dict.fromkeys(FILES, 0) for job in jobs}
    total = "SELECT job, file, sum(octet_length(body)) AS bytes FROM export_part WHERE job = ANY($1) GROUP BY job, file"
    for row in await connection.fetch(total, list(jobs)):
        found[row["job"]][row["file"]] = int(row["bytes"])
    return found


async def bodies(reader: Connection | Database, job: str, file: str, start: int = 0) -> AsyncIterator[bytes]:
    """A file from a byte on, part by part, in constant memory. Whoever reads slowly holds no connection of a pool."""
    parts = await reader.fetch(
        "SELECT number, octet_length(body) AS long FROM export_part WHERE job = $1 AND file = $2 ORDER BY number",
        job, file,
    )  # fmt: skip
    for part in parts:
        if start >= part["long"]:
            start -= part["long"]
            continue
        body: bytes = await reader.fetchval(
            "SELECT body FROM export_part WHERE job = $1 AND file = $2 AND number = $3", job, file, part["number"]
        )
        yield body[start:]
        start = 0


async def clear(connection: Connection, now: datetime) -> None:
    """Forget jobs whose time is over."""
    sorts, times = list(KEPT), [now - kept for kept in KEPT.values()]
    await connection.execute(
        "DELETE FROM export_job j USING unnest($1::text[], $2::timestamptz[]) AS k(sort, before)"
        " WHERE j.sort = k.sort AND j.made_at < k.before",
        sorts, times,
    )  # fmt: skip
