"""The end of a record's time: the content goes, every proof holds, and the database lets nothing else go."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from gateway.domain.list_proof import verify_list
from gateway.domain.tampering import Kind
from gateway.flows.forget_log import forgetting
from gateway.store import keys, log
from gateway.store.log_forgetting import due, forget, forgotten_before, gone_of
from gateway.store.log_reading import Search, find
from tests.store.log_stories import KEY, START, Connection, clock, faults, integrate, record, run, verified
from tests.store.test_log_lists import proved

ANNA, BO = "a" * 32, "b" * 32
DAY = timedelta(days=1)
BEFORE = START + timedelta(milliseconds=10)  # of twenty records ten are older


def said(before: datetime = BEFORE) -> object:
    return forgetting(clock(), before, user="x|operator", client="gateway forget-log")


async def filled(db: Connection) -> None:
    for start in (0, 10):
        await log.append(db, [record(n, citizen=(ANNA, BO)[n % 2]) for n in range(start, start + 10)])
        await integrate(db)


def test_contents_go_and_proofs_hold(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await filled(db)
        before = await proved(db, ANNA)
        assert await due(db, BEFORE)
        assert await forget(db, BEFORE, said(), 3) == 10  # type: ignore[arg-type]
        assert not await due(db, BEFORE)
        await integrate(db)
        report = await verified(db)
        assert report.ok, report.faults
        assert (report.records, report.without_body, report.lists) == (21, 10, 2)
        assert report.forgotten == BEFORE.replace(microsecond=0)
        assert not await faults(db)
        after = verify_list(await proved(db, ANNA), keys.verify, [KEY.public])
        assert (after.ok, after.lists) == (True, [(ANNA, 10, 5)]), "how many there were still shows"
        assert verify_list(before, keys.verify, [KEY.public]).ok, "what was shown before is still true"
        assert await forgotten_before(db) == BEFORE
        assert (await gone_of(db, [ANNA]), await gone_of(db, [ANNA, BO])) == (5, 10)
        assert len(await find(db, Search(citizens=[ANNA]))) == 5
        newest = (await find(db, Search(interactions=["delete"])))[0]
        assert (newest.record.operation, newest.record.user) == ("forget-log", "x|operator")
        left = await db.fetchval("SELECT count(*) FROM access_record WHERE citizen <> '' AND recorded_at < $1", BEFORE)
        assert left == 0, "nothing that names anybody is left"

    run(database_url, story)


def test_a_content_that_went_without_a_word_is_a_fault(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await filled(db)
        await forget(db, START + timedelta(milliseconds=5), said(START + timedelta(milliseconds=5)))  # type: ignore[arg-type]
        await integrate(db)
        await db.execute("ALTER TABLE access_record DISABLE TRIGGER USER")
        await db.execute("DELETE FROM access_record WHERE id = 20")
        report = await verified(db)
        assert [(fault.kind, fault.first) for fault in report.faults] == [(Kind.REMOVED, 19)]

    run(database_url, story)


@pytest.mark.parametrize(
    "attempt",
    [
        "DELETE FROM access_record WHERE id = 1",
        "UPDATE access_record SET body = ''",
        "TRUNCATE access_record CASCADE",
        "DELETE FROM log_leaf",
        "UPDATE log_forgotten SET before = now()",
        "DELETE FROM log_forgotten",
    ],
)
def test_the_database_lets_nothing_else_go(database_url: str, attempt: str) -> None:
    """Also right after a removal, in the same session."""

    async def story(db: Connection) -> None:
        await filled(db)
        await forget(db, START, said(START))  # type: ignore[arg-type]
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed or removed"):
            await db.execute(attempt)

    run(database_url, story)


def test_what_is_young_or_not_signed_stays(database_url: str) -> None:
    async def story(db: Connection) -> None:
        now = datetime.now(UTC)
        await log.append(db, [record(1, time=now - 181 * DAY), record(2, time=now - 179 * DAY)])
        await integrate(db)
        await log.append(db, [record(3, time=now - 400 * DAY)])
        assert await forget(db, now + DAY, said()) == 1  # type: ignore[arg-type]
        kept = [
            json.loads(row["body"])["trace"]
            for row in await db.fetch("SELECT body FROM access_record WHERE trace <> '' ORDER BY id")
        ]
        assert kept == ["trace-2", "trace-3"]
        async with db.transaction():
            await db.execute("SELECT forget_access_records(now(), 0)")
            with pytest.raises(asyncpg.RestrictViolationError):
                async with db.transaction():
                    await db.execute("DELETE FROM access_record WHERE trace = 'trace-2'")
            with pytest.raises(asyncpg.RestrictViolationError):
                async with db.transaction():
                    await db.execute("DELETE FROM access_record WHERE trace = 'trace-3'")

    run(database_url, story)


def test_a_removal_that_is_not_recorded_does_not_happen(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await filled(db)
        await db.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$"
        )
        await db.execute("CREATE TRIGGER full_disk BEFORE INSERT ON access_record EXECUTE FUNCTION full_disk()")
        with pytest.raises(asyncpg.DiskFullError):
            await forget(db, BEFORE, said())  # type: ignore[arg-type]
        assert await db.fetchval("SELECT count(*) FROM access_record") == 20
        assert await forgotten_before(db) is None

    run(database_url, story)
