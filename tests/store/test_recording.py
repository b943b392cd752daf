"""Records that go in together, in a real PostgreSQL: durable before anyone goes on, in few commits, each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from gateway.errors import Unavailable
from gateway.store.pool import Database
from gateway.store.recording import TOGETHER, Recorder
from tests.store.log_stories import Connection, connected, record

LOCK = "LOCK TABLE access_record IN EXCLUSIVE MODE"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'access_record'::regclass"
COMMITS = "SELECT count(DISTINCT xmin::text) FROM access_record"
REFUSES = "ALTER TABLE access_record ADD CHECK (client <> 'refused')"
SIZE = "SELECT count(*) FROM access_record"


def test_looks_that_come_at_once_share_a_commit(database_url: str) -> None:
    async def story(recorder: Recorder, db: Connection) -> None:
        await asyncio.gather(*(recorder.put([record(i)]) for i in range(TOGETHER + 10)))
        assert await db.fetchval(SIZE) == TOGETHER + 10
        assert await db.fetchval(COMMITS) == 2

    run(database_url, story)


def test_a_look_goes_on_when_its_record_is_durable_and_not_before(database_url: str) -> None:
    async def story(recorder: Recorder, db: Connection) -> None:
        async with db.transaction():
            await db.execute(LOCK)
            first = asyncio.create_task(recorder.put([record(1)]))
            await blocked(db)
            later = [asyncio.create_task(recorder.put([record(i)])) for i in range(2, 12)]
            await asyncio.sleep(0.05)
            assert not any(one.done() for one in (first, *later))
        await asyncio.gather(first, *later)
        assert await db.fetchval(SIZE) == 11
        assert await db.fetchval(COMMITS) == 2  # the first alone, and what came meanwhile

    run(database_url, story)


def test_records_of_one_look_go_in_together_or_not_at_all(database_url: str) -> None:
    async def story(recorder: Recorder, db: Connection) -> None:
        await db.execute(REFUSES)
        with pytest.raises(asyncpg.CheckViolationError):
            await recorder.put([record(1), record(2, client="refused")])
        assert await db.fetchval(SIZE) == 0

    run(database_url, story)


def test_a_record_that_cannot_be_kept_takes_no_other_look_with_it(database_url: str) -> None:
    async def story(recorder: Recorder, db: Connection) -> None:
        await db.execute(REFUSES)
        looks = [record(i, **({"client": "refused"} if i == 3 else {})) for i in range(8)]
        told = await asyncio.gather(*(recorder.put([one]) for one in looks), return_exceptions=True)
        assert [number for number, one in enumerate(told) if one is not None] == [3]
        assert isinstance(told[3], asyncpg.CheckViolationError)
        assert await db.fetchval(SIZE) == 7

    run(database_url, story)


def test_a_caller_who_goes_away_leaves_the_record_and_stops_nobody(database_url: str) -> None:
    async def story(recorder: Recorder, db: Connection) -> None:
        async with db.transaction():
            await db.execute(LOCK)
            looks = [asyncio.create_task(recorder.put([record(i)])) for i in range(3)]
            await blocked(db)
            looks[1].cancel()
            with suppress(asyncio.CancelledError):
                await looks[1]
        await asyncio.gather(looks[0], looks[2])
        await recorder.put([record(4)])
        assert await db.fetchval(SIZE) == 4

    run(database_url, story)


def test_when_the_database_is_away_every_look_fails_and_later_ones_succeed(database_url: str) -> None:
    async def story(recorder: Recorder, db: Connection) -> None:
        await db.execute("ALTER TABLE access_record RENAME TO elsewhere")
        await db.execute("CREATE VIEW access_record AS SELECT * FROM elsewhere")
        await db.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END$$"
        )
        await db.execute(
            "CREATE TRIGGER away INSTEAD OF INSERT ON access_record FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
        told = await asyncio.gather(*(recorder.put([record(i)]) for i in range(5)), return_exceptions=True)
        assert all(isinstance(one, Unavailable) for one in told)
        await db.execute("DROP VIEW access_record")
        await db.execute("ALTER TABLE elsewhere RENAME TO access_record")
        assert await db.fetchval(SIZE) == 0
        await recorder.put([record(9)])
        assert await db.fetchval(SIZE) == 1

    run(database_url, story)


async def blocked(db: Connection) -> None:
    """Until a writing waits for the lock."""
    while not await db.fetchval(WAITING):
        await db.execute("SELECT pg_sleep(0.01)")


def run(url: str, story: Callable[[Recorder, Connection], Coroutine[Any, Any, None]]) -> None:
    async def told() -> None:
        database = await Database.open(url, size=4)
        try:
            async with connected(url, 1) as (db,):
                await story(Recorder(database), db)
        finally:
            await database.close()

    asyncio.run(told())
