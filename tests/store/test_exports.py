"""Which export a node takes next, in a real PostgreSQL: who gets no further comes after the others, and then never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.store import exports
from gateway.store.exports import LEASE, TRIES, Job, Part
from tests.store.log_stories import Connection, run

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = LEASE + timedelta(seconds=1)


async def ordered(db: Connection, *names: str) -> None:
    for minute, name in enumerate(names):
        await exports.start(db, b"owner", Job(name, NOW + timedelta(minutes=minute), b"", "", 0, ""))


async def claimed(db: Connection, at: datetime) -> str:
    job = await exports.claim(db, at)
    return job.id if job else ""


def test_one_that_got_no_further_comes_after_the_others(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await ordered(db, "first", "second", "third")
        assert await claimed(db, NOW) == "first"
        again = NOW + LATER
        assert [await claimed(db, again) for _ in range(4)] == ["second", "third", "first", ""]

    run(database_url, story)


def test_one_that_gets_further_is_tried_however_often_its_nodes_die(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await ordered(db, "long")
        at = NOW
        for number in range(2 * TRIES):
            assert await claimed(db, at) == "long"
            await exports.add(db, "long", number, Part(b"x", b"y", 1, (NOW, number)), at)
            at += LATER
        for _ in range(TRIES):
            assert await claimed(db, at) == "long"
            at += LATER
        assert await claimed(db, at) == ""
        (job,) = await exports.of(db, b"owner")
        assert (job.failed, job.records) == (True, 2 * TRIES)

    run(database_url, story)
