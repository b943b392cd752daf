"""The auditor's search, the export, and everything an intruder with the owner's rights can do to the tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.record import Decision
from gateway.domain.tampering import Kind
from gateway.domain.verify_log import verify_log
from gateway.store import integrating, keys, log
from gateway.store.log_reading import Search, export, find, get, written
from tests.store.log_stories import (
    KEY,
    START,
    Connection,
    clock,
    faults,
    integrate,
    lines,
    record,
    run,
    unlocked,
    verified,
)


def test_the_auditor_finds(database_url: str) -> None:
    async def story(db: Connection) -> None:
        a, b = "a" * 32, "b" * 32
        await log.append(
            db,
            [
                record(1, citizen=a),
                record(2, citizen=a, decision=Decision.DENY, client="jobcenter", user="", purposes=("HPAYMT",)),
                record(3, citizen=b, user="x|nurse", interaction="search-type", purposes=("TREAT", "BTG")),
                record(4, citizen=b, decision=Decision.OVERRIDE, organisation="x|other"),
                record(5, citizen="", interaction="token", decision=Decision.DENY),
            ],
        )

        async def traces(**asked: Any) -> list[str]:
            return [f.record.trace.removeprefix("trace-") for f in await find(db, Search(**asked))]

        assert await traces() == ["5", "4", "3", "2", "1"]
        assert await traces(citizens=[a]) == ["2", "1"]
        assert await traces(citizens=[a, b, a]) == ["4", "3", "2", "1"]
        assert await traces(citizens=["c" * 32]) == []
        assert await traces(users=["x|nurse"]) == ["3"]
        assert await traces(organisations=["x|other"]) == ["4"]
        assert await traces(clients=["jobcenter"]) == ["2"]
        assert await traces(decisions=["deny"]) == ["5", "2"]
        assert await traces(decisions=["permit", "override"]) == ["4", "3", "1"]
        assert await traces(decisions=["deny"], citizens=[a]) == ["2"]
        assert await traces(interactions=["search-type", "token"]) == ["5", "3"]
        assert await traces(purposes=["BTG"]) == ["3"]
        assert await traces(purposes=["TREAT"], citizens=[b]) == ["4", "3"]
        assert await traces(traces=["trace-4"]) == ["4"]
        since = START + timedelta(milliseconds=2)
        assert await traces(since=since) == ["5", "4", "3", "2"]
        assert await traces(until=since) == ["1"]
        assert await traces(since=since, until=since) == []
        assert await get(db, 10**9) is None
        one = (await find(db, Search(traces=["trace-4"])))[0]
        assert await get(db, one.id) == one
        assert one.index is None

    run(database_url, story)


def test_pages_meet_and_do_not_overlap(database_url: str) -> None:
    async def story(db: Connection) -> None:
        same = START  # equal times: the id decides
        await log.append(db, [record(i, citizen="a" * 32, time=same) for i in range(10)])
        await log.append(db, [record(i, citizen="b" * 32) for i in range(10)])
        for search in (Search(), Search(citizens=["a" * 32, "b" * 32]), Search(users=[record().user])):
            seen: list[int] = []
            before = None
            while page := await find(db, search, 3, before):
                seen += [found.id for found in page]
                before = page[-1].cursor
            assert len(seen) == len(set(seen)) == 20

    run(database_url, story)


def test_a_citizens_list_is_read_from_the_index(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await log.append(db, [record(i % 50) for i in range(3000)])
        await db.execute("ANALYZE access_record")
        for search, index in (
            (Search(citizens=["a" * 32]), "ix_access_record_citizen"),
            (Search(citizens=[f"{1:032x}", f"{2:032x}"]), "ix_access_record_citizen"),
            (Search(users=["nobody"]), "ix_access_record_user_key"),
            (Search(decisions=["deny"]), "ix_access_record_decision"),
            (Search(), "ix_access_record_time"),
        ):
            values: list[Any] = []
            sql = written(search, 50, None, values)
            plan = "\n".join(row[0] for row in await db.fetch("EXPLAIN " + sql, *values))
            assert index in plan, plan
            assert "Seq Scan on access_record" not in plan, plan

    run(database_url, story)


# --- what can be done to the tables ---------------------------------------------------------------------------------

COLUMNS = "recorded_at, citizen, client, user_key, organisation, decision, interaction, purpose, trace"


def replaced(old: str, new: str) -> str:
    """SQL for a body with one text in place of another."""
    return f"convert_to(replace(convert_from(body, 'UTF8'), '{old}', '{new}'), 'UTF8')"


TAMPERED: list[tuple[str, tuple[str, ...], set[Kind]]] = [
    (
        "a body",
        (f"UPDATE access_record SET body = {replaced('permit', 'deny')} WHERE id = 7",),
        {Kind.CHANGED},
    ),
    ("a body with bytes that are no text", ("UPDATE access_record SET body = '\\xff00' WHERE id = 7",), {Kind.CHANGED}),
    ("a record", ("DELETE FROM access_record WHERE id = 7",), {Kind.REMOVED}),
    (
        "a record and its leaf",
        ("DELETE FROM access_record WHERE id = 7", "DELETE FROM log_leaf WHERE record_id = 7"),
        {Kind.REMOVED},
    ),
    (
        "two records' places",
        (
            "UPDATE log_leaf SET tree_index = 1000 WHERE tree_index = 6",
            "UPDATE log_leaf SET tree_index = 6 WHERE tree_index = 8",
            "UPDATE log_leaf SET tree_index = 8 WHERE tree_index = 1000",
        ),
        {Kind.SWAPPED},
    ),
    (
        "the tail",
        ("DELETE FROM log_leaf WHERE tree_index >= 12", "DELETE FROM access_record WHERE id > 12"),
        {Kind.TRUNCATED},
    ),
    (
        "a record in between",
        (
            "UPDATE log_leaf SET tree_index = tree_index + 1000 WHERE tree_index >= 6",
            "UPDATE log_leaf SET tree_index = tree_index - 999 WHERE tree_index >= 1000",
            f"""INSERT INTO access_record ({COLUMNS}, body, salt, leaf) SELECT {COLUMNS}, b, salt, sha256(salt || b)
                  FROM (SELECT *, {replaced("2026-03-01", "2026-02-28")} AS b FROM access_record WHERE id = 7) AS r""",
            "INSERT INTO log_leaf SELECT 6, id, leaf FROM access_record ORDER BY id DESC LIMIT 1",
        ),
        {Kind.INSERTED, Kind.BACK_DATED},
    ),
    ("a checkpoint", ("UPDATE checkpoint SET note = replace(note, 'T08', 'T07') WHERE size = 10",), {Kind.CHECKPOINT}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "expected"), TAMPERED, ids=[name for name, _, _ in TAMPERED])
def test_what_is_done_to_the_tables_is_named(
    database_url: str, name: str, damage: tuple[str, ...], expected: set[Kind]
) -> None:
    async def story(db: Connection) -> None:
        for start in (0, 5, 10):
            await log.append(db, [record(i) for i in range(start, start + 5)])
            await integrate(db)
        assert (await verified(db)).ok
        await unlocked(db, *damage)
        report = await verified(db, tolerance=timedelta(hours=1))
        assert {fault.kind for fault in report.faults} == expected, report.faults

    run(database_url, story)


def test_a_rolled_back_database_is_shown_by_a_kept_checkpoint(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await log.append(db, [record(1)])
        await integrate(db)
        await log.append(db, [record(2), record(3)])
        await integrate(db)
        kept = (await log.latest(db)).note  # type: ignore[union-attr]
        await unlocked(
            db,
            "DELETE FROM checkpoint WHERE size = 3",
            "DELETE FROM log_leaf WHERE tree_index > 0",
            "DELETE FROM log_node",
            "DELETE FROM access_record WHERE id > 1",
        )
        assert (await verified(db)).ok
        report = await verified(db, trusted=[kept])
        assert [fault.kind for fault in report.faults] == [Kind.ROLLED_BACK]

    run(database_url, story)


def test_tables_that_were_signed_again(database_url: str) -> None:
    """A record is changed, everything above it is made anew, and another key signs: the right key does not know it, and
    with the right key stolen a kept checkpoint gives it away."""

    async def story(db: Connection) -> None:
        for start in (0, 5):
            await log.append(db, [record(i) for i in range(start, start + 5)])
            await integrate(db)
        kept = (await log.latest(db)).note  # type: ignore[union-attr]
        changed = f"SELECT salt, {replaced('permit', 'deny')} AS b FROM access_record WHERE id = 4"
        await unlocked(
            db,
            f"UPDATE access_record a SET body = c.b, leaf = sha256(c.salt || c.b) FROM ({changed}) AS c WHERE id = 4",
            "DELETE FROM log_node",
            "DELETE FROM log_page",
            "DELETE FROM log_leaf",
            "DELETE FROM checkpoint",
            "INSERT INTO log_pending SELECT id FROM access_record",
        )
        thief = keys.make(KEY.origin)
        await integrating.integrate(db, thief, clock)
        assert {fault.kind for fault in (await verified(db)).faults} == {Kind.RE_SIGNED}
        assert verify_log(await lines(db), keys.verify, keys=[thief.public]).ok is False, "the header names the old key"
        stolen = verify_log([line async for line in export(db, thief.vkey)], keys.verify, keys=[thief.public])
        assert stolen.ok, "who has key and tables alone cannot be told from the owner"
        await unlocked(
            db, "DELETE FROM log_node", "DELETE FROM log_page", "DELETE FROM log_leaf", "DELETE FROM checkpoint"
        )
        await db.execute("INSERT INTO log_pending SELECT id FROM access_record")
        await integrate(db)
        assert (await verified(db)).ok
        assert [fault.kind for fault in (await verified(db, trusted=[kept])).faults] == [Kind.REWRITTEN]

    run(database_url, story)


@pytest.mark.parametrize(
    ("damage", "beside"),
    [
        ("UPDATE access_record SET citizen = 'somebody else' WHERE id = 2", 0),
        ("UPDATE access_record SET user_key = '' WHERE id = 2", 0),
        ("UPDATE access_record SET recorded_at = recorded_at - interval '1 s' WHERE id = 2", 0),
        ("UPDATE access_record SET decision = 'permit ' WHERE id = 2", 0),
        ("UPDATE access_record SET body = 'x' WHERE id = 2", 2),  # its hash and its list tell of it too
    ],
)
def test_a_record_filed_otherwise_than_it_says(database_url: str, damage: str, beside: int) -> None:
    async def story(db: Connection) -> None:
        await log.append(db, [record(i) for i in range(3)])
        await integrate(db)
        await unlocked(db, damage)
        first, *more = await faults(db)
        assert first == "the record with id 2 is filed otherwise than it says"
        assert len(more) == beside

    run(database_url, story)


def test_a_record_kept_out_of_the_tree(database_url: str) -> None:
    async def story(db: Connection) -> None:
        await log.append(db, [record(i) for i in range(3)])
        assert not await faults(db), "waiting is not missing"
        await db.execute("DELETE FROM log_pending WHERE record_id = 2")
        await integrate(db)
        assert (await verified(db)).ok, "what was never signed cannot be missed in an export"
        assert await faults(db) == ["the record with id 2 was kept out of the log"]

    run(database_url, story)


def test_an_export_is_one_moment(database_url: str) -> None:
    async def story(db: Connection, other: Connection) -> None:
        await log.append(db, [record(i) for i in range(3000)])
        await integrate(db)
        seen = []
        async for line in export(db, KEY.vkey):
            if len(seen) == 5:
                await log.append(other, [record(9)])
                await integrate(other)
            seen.append(line)
        report = verify_log(seen, keys.verify, keys=[KEY.public])
        assert report.ok
        assert report.size == 3000

    run(database_url, story, 2)


def test_an_empty_log_is_exported_too(database_url: str) -> None:
    async def story(db: Connection) -> None:
        assert len(await lines(db)) == 1
        await integrate(db)
        assert (await verified(db)).ok

    run(database_url, story)
