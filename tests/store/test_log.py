"""The log in a real PostgreSQL: nothing is lost, nothing changes, several nodes, late commits, proofs."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest

from gateway.domain.checkpoint import note_key, open_checkpoint
from gateway.domain.merkle import extends, includes
from gateway.domain.record import leaf
from gateway.store import integrating, keys, log
from gateway.store.log_reading import Search, find
from tests.store.log_stories import (
    KEY,
    START,
    Connection,
    clock,
    faults,
    integrate,
    record,
    run,
    unlocked,
    verified,
)

# --- in -----------------------------------------------------------------------------------------------------------


def test_what_goes_in_comes_out_signed(database_url: str) -> None:
    async def story(db: Connection) -> None:
        records = [record(i, user_name="Åse Prøve\0", query="GET /fhir/Goal?code=\ud800") for i in range(20)]
        await log.append(db, records)
        assert await integrate(db) == 20
        found = await find(db, Search(), limit=100)
        assert [f.body for f in reversed(found)] == [r.to_bytes() for r in records]
        assert [f.index for f in reversed(found)] == list(range(20))
        assert found[-1].record.citizen == records[0].citizen
        report = await verified(db)
        assert report.ok, report.faults
        assert (report.size, report.records) == (20, 20)
        assert not await faults(db)

    run(database_url, story)


def test_the_salt_is_new_for_every_record(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await log.append(db, [record(1), record(1)])
        rows = await db.fetch("SELECT body, salt, leaf FROM access_record")
        assert rows[0]["body"] == rows[1]["body"]
        assert rows[0]["salt"] != rows[1]["salt"]
        assert all(leaf(row["body"], row["salt"]) == row["leaf"] for row in rows)

    run(database_url, story)


def test_however_many_go_in_at_once_each_is_filed_as_it_says(database_url: str) -> None:
    """Few are written in another way than many."""
    counts = (1, 2, 7, 31, 32, 33, 70)

    async def story(db: Connection) -> None:
        await log.append(db, [])
        for size in counts:
            await log.append(db, [record(size * 100 + number, client=f"c{size}\0ø") for number in range(size)])
        rows = await db.fetch("SELECT client, count(*), count(DISTINCT citizen) FROM access_record GROUP BY 1")
        assert {tuple(row) for row in rows} == {(f"c{size}\ufffdø", size, size) for size in counts}
        assert await db.fetchval("SELECT count(DISTINCT salt) FROM access_record") == sum(counts)
        assert await integrate(db) == sum(counts)
        assert (await verified(db)).ok
        assert not await faults(db)

    run(database_url, story)


def test_a_record_goes_in_with_another_write_or_not_at_all(database_url: str) -> None:
    sql = (
        "WITH kept AS (INSERT INTO citizen (id, revision) SELECT $1, 1 WHERE $2 RETURNING id), "
        + log.record_insert(3, "kept")
        + " SELECT count(*) FROM kept"
    )

    async def story(db: Connection) -> None:
        args = log.record_args([record(1), record(2)])
        assert await db.fetchval(sql, "a", False, *args) == 0
        assert await db.fetchval("SELECT count(*) FROM access_record") == 0
        assert await db.fetchval(sql, "a", True, *args) == 1
        assert await db.fetchval("SELECT count(*) FROM access_record") == 2
        assert await db.fetchval("SELECT count(*) FROM log_pending") == 2
        with pytest.raises(asyncpg.UniqueViolationError):
            await db.fetchval(sql, "a", True, *args)
        assert await db.fetchval("SELECT count(*) FROM access_record") == 2
        transaction = db.transaction()
        await transaction.start()
        await log.append(db, [record(3)])
        await transaction.rollback()
        assert await integrate(db) == 2

    run(database_url, story)


def test_hostile_texts_do_not_stop_a_record(database_url: str) -> None:
    async def story(db: Connection) -> None:
        odd = record(1, trace="x\0" * 9000, user="u|" + "ø" * 9000, client="\ud800", citizen="'; DROP TABLE citizen;--")
        await log.append(db, [odd])
        await integrate(db)
        assert (await verified(db)).ok
        assert not await faults(db)
        assert len(await find(db, Search(users=[odd.user], citizens=[odd.citizen], traces=[odd.trace]))) == 1

    run(database_url, story)


@pytest.mark.parametrize("table", ["access_record", "log_leaf", "log_node", "checkpoint"])
def test_nothing_is_ever_changed(database_url: str, table: str) -> None:
    async def story(db: Connection) -> None:
        await log.append(db, [record(1), record(2)])
        await integrate(db)
        column = {"access_record": "client", "log_leaf": "leaf", "log_node": "hash", "checkpoint": "note"}[table]
        for sql in (
            f"UPDATE {table} SET {column} = {column}",
            f"UPDATE {table} SET {column} = {column} WHERE false",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
                await db.execute(sql)

    run(database_url, story)


# --- the tree -----------------------------------------------------------------------------------------------------


def test_the_first_call_signs_the_empty_tree(database_url: str) -> None:
    async def story(db: Connection) -> None:
        assert await log.latest(db) is None
        assert await integrate(db) == 0
        newest = await log.latest(db)
        assert newest is not None
        assert newest.size == 0
        assert open_checkpoint(newest.note, [note_key(KEY.vkey)], keys.verify).time == clock()
        assert await integrate(db) == 0
        assert await db.fetchval("SELECT count(*) FROM checkpoint") == 1, "nothing new, nothing signed"
        assert (await verified(db)).ok

    run(database_url, story)


def test_batches_give_the_same_tree(database_url: str) -> None:
    async def story(db: Connection) -> None:
        records = [record(i) for i in range(50)]
        await log.append(db, records[:23])
        assert await integrate(db, 7) == 23
        await log.append(db, records[23:])
        assert await integrate(db, 27) == 27
        assert [r["size"] for r in await db.fetch("SELECT size FROM checkpoint ORDER BY 1")] == [7, 14, 21, 23, 50]
        report = await verified(db)
        assert report.ok
        assert report.checkpoints == 6

    run(database_url, story)


def test_integrators_at_once_lose_and_double_nothing(database_url: str) -> None:
    async def story(*dbs: Connection) -> None:
        async def write(db: Connection, start: int) -> None:
            for number in range(start, start + 60):
                await log.append(db, [record(number)])

        async def place(db: Connection) -> int:
            return sum([await integrate(db, 11) for _ in range(25)])

        *writers, one, two, three = dbs
        done = await asyncio.gather(
            *(write(db, 1000 * i) for i, db in enumerate(writers)), place(one), place(two), place(three)
        )
        placed = sum(count for count in done if count)
        placed += await integrate(one)
        assert placed == 60 * len(writers)
        report = await verified(one)
        assert report.ok, report.faults
        assert report.size == 60 * len(writers)

    run(database_url, story, 7)


def test_a_commit_that_becomes_visible_late_is_not_missed(database_url: str) -> None:
    async def story(slow: Connection, quick: Connection, node: Connection) -> None:
        transaction = slow.transaction()
        await transaction.start()
        await log.append(slow, [record(1)])  # takes id 1
        await log.append(quick, [record(2)])  # takes id 2 and is there first
        assert await integrate(node) == 1
        assert await integrate(node) == 0
        await transaction.commit()
        assert await integrate(node) == 1
        rows = await node.fetch("SELECT record_id FROM log_leaf ORDER BY tree_index")
        assert [row["record_id"] for row in rows] == [2, 1]
        report = await verified(node)
        assert report.ok, report.faults
        assert not await faults(node)

    run(database_url, story, 3)


def test_a_node_that_dies_while_integrating_leaves_everything_to_the_next(database_url: str) -> None:
    async def story(dying: Connection, db: Connection) -> None:
        await log.append(db, [record(i) for i in range(5)])
        started = asyncio.Event()

        def hanging() -> datetime:
            started.set()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await integrating.integrate(dying, KEY, hanging)
        assert started.is_set()
        dying.terminate()
        assert await integrate(db) == 5
        assert (await verified(db)).ok

    run(database_url, story, 2)


def test_time_never_runs_backwards(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await integrate(db)
        await log.append(db, [record(1)])
        await integrating.integrate(db, KEY, lambda: START - timedelta(days=1))
        assert (await verified(db, tolerance=timedelta(minutes=5))).ok
        newest = await log.latest(db)
        assert newest is not None
        assert newest.made_at == clock()

    run(database_url, story)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE log_node SET hash = sha256(hash) WHERE level = 2",
        "DELETE FROM log_node WHERE level = 2",
        "DELETE FROM log_leaf WHERE tree_index = 4",
        "DELETE FROM checkpoint WHERE size = 5",
        "UPDATE checkpoint SET note = replace(note, 'log', 'lag')",
        "UPDATE checkpoint SET size = 6 WHERE size = 5",
    ],
)
def test_nothing_is_signed_that_does_not_continue_what_was_signed(database_url: str, damage: str) -> None:
    async def story(db: Connection) -> None:
        await integrate(db)
        await log.append(db, [record(i) for i in range(5)])
        await integrate(db)
        await unlocked(db, damage)
        await log.append(db, [record(9)])
        with pytest.raises((log.LogBroken, asyncpg.UniqueViolationError)):
            await integrate(db)
        assert await db.fetchval("SELECT count(*) FROM log_pending") == 1, "the record waits"
        assert len(await find(db, Search(traces=["trace-9"]))) == 1, "and is on record"

    run(database_url, story)


def test_another_key_does_not_go_on(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await integrate(db)
        await log.append(db, [record(1)])
        with pytest.raises(log.LogBroken, match="key"):
            await integrating.integrate(db, keys.make("log.example.dk/test"), clock)
        assert await integrate(db) == 1

    run(database_url, story)


def test_proofs_from_the_tables(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await log.append(db, [record(i) for i in range(13)])
        await integrate(db, 5)
        rows = await db.fetch("SELECT leaf FROM log_leaf ORDER BY tree_index")
        points = {r["size"]: r["root"] for r in await db.fetch("SELECT size, root FROM checkpoint")}
        for index, row in enumerate(rows):
            proof = await log.inclusion(db, index, 13)
            assert includes(row["leaf"], index, 13, proof, points[13])
        for old in (5, 10):
            assert extends(old, points[old], 13, points[13], await log.consistency(db, old, 13))
        with pytest.raises(ValueError, match="not in the tree"):
            await log.inclusion(db, 13, 13)
        with pytest.raises(log.LogBroken):
            await log.inclusion(db, 13, 20)

    run(database_url, story)
