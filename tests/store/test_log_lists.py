"""Each citizen's own list: complete, in order, whoever is asked for, however records arrive; and what spoils it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from alembic import command

from gateway.domain.checkpoint import Checkpoint, sign_checkpoint
from gateway.domain.list_proof import Told, verify_list, written
from gateway.domain.listing import Head, Pages, list_key, map_root, shown
from gateway.domain.log_lines import entry_told
from gateway.domain.merkle import Range
from gateway.domain.tampering import Kind
from gateway.store import keys, log, migrate
from gateway.store.log_lists import lists_of
from tests.store.log_stories import KEY, Connection, clock, faults, integrate, record, run, unlocked, verified

PEOPLE = [f"{number:032x}" for number in range(40)]


async def proved(db: Connection, *citizens: str) -> bytes:
    found = await lists_of(db, citizens)
    assert found is not None
    lists = [Told(one.citizen, [entry_told(*e) for e in one.entries], one.path, one.beside) for one in found.lists]
    return written(KEY.vkey, found.newest.note, lists, found.tree)


async def filled(db: Connection, batches: int = 6) -> dict[str, list[str]]:
    """Records about everybody but the last five, some about nobody; of each the traces in order."""
    order, told = random.Random(7), dict[str, list[str]]()
    for start in range(0, batches * 20, 20):
        some = [record(n, citizen=order.choice([*PEOPLE[:35], ""])) for n in range(start, start + 20)]
        await log.append(db, some)
        await integrate(db, 13)
        for one in some:
            told.setdefault(one.citizen, []).append(one.trace)
    return told


def traces(raw: bytes, number: int = 0) -> list[str]:
    return [json.loads(entry["body"])["trace"] for entry in json.loads(raw)["lists"][number]["entries"]]


def test_every_list_is_shown_complete(database_url: str) -> None:
    async def story(db: Connection) -> None:
        told = await filled(db)
        for citizen in PEOPLE:
            raw = await proved(db, citizen)
            report = verify_list(raw, keys.verify, [KEY.public])
            assert report.ok, report.faults
            assert report.lists == [(citizen, len(told.get(citizen, [])), 0)]
            assert traces(raw) == told.get(citizen, [])
        assert not any(citizen in told for citizen in PEOPLE[35:])
        both = verify_list(await proved(db, PEOPLE[1], PEOPLE[39], PEOPLE[2]), keys.verify, [KEY.public])
        assert both.ok
        assert [citizen for citizen, _, _ in both.lists] == [PEOPLE[1], PEOPLE[39], PEOPLE[2]]
        report = await verified(db)
        assert (report.ok, report.lists) == (True, len(told) - ("" in told))
        assert not await faults(db)

    run(database_url, story)


def test_before_the_first_checkpoint_there_is_nothing_to_show(database_url: str) -> None:
    async def story(db: Connection) -> None:
        assert await lists_of(db, PEOPLE[:1]) is None
        await integrate(db)
        assert verify_list(await proved(db, PEOPLE[0]), keys.verify, [KEY.public]).ok

    run(database_url, story)


def left_out(told: dict[str, Any]) -> None:
    del told["lists"][0]["entries"][-1]


def put_in(told: dict[str, Any]) -> None:
    told["lists"][0]["entries"].append(dict(told["lists"][0]["entries"][-1]) | {"index": 1})


def swapped(told: dict[str, Any]) -> None:
    entries = told["lists"][0]["entries"]
    entries[0], entries[1] = entries[1], entries[0]


def changed(told: dict[str, Any]) -> None:
    entry = told["lists"][0]["entries"][0]
    entry["body"] = entry["body"].replace("hospital", "nobody")


def anothers(told: dict[str, Any]) -> None:
    told["lists"][0]["citizen"] = PEOPLE[39]


def page(told: dict[str, Any]) -> None:
    told["lists"][0]["path"][0] = "00" * 512


def no_path(told: dict[str, Any]) -> None:
    told["lists"][0]["path"] = []


def note(told: dict[str, Any]) -> None:
    told["checkpoint"] = told["checkpoint"].replace("2026", "2025")


def no_commitment(told: dict[str, Any]) -> None:
    told["checkpoint"] = told["checkpoint"].replace("citizens ", "citizenz ")


SPOILED: list[tuple[Callable[[dict[str, Any]], None], set[Kind]]] = [
    (left_out, {Kind.MISLISTED, Kind.CHANGED}),
    (put_in, {Kind.MISLISTED, Kind.CHANGED}),
    (swapped, {Kind.MISLISTED}),
    (changed, {Kind.CHANGED}),
    (anothers, {Kind.MISLISTED, Kind.CHANGED}),
    (page, {Kind.MISLISTED}),
    (no_path, {Kind.MISLISTED}),
    (note, {Kind.CHECKPOINT}),
    (no_commitment, {Kind.CHECKPOINT}),
]


def test_what_is_done_to_a_list_is_noticed(database_url: str) -> None:
    async def story(db: Connection) -> None:
        told = await filled(db)
        citizen = max(PEOPLE, key=lambda one: len(told.get(one, [])))
        raw = await proved(db, citizen)
        for spoil, expected in SPOILED:
            copy = json.loads(raw)
            spoil(copy)
            report = verify_list(json.dumps(copy).encode(), keys.verify, [KEY.public])
            assert {fault.kind for fault in report.faults} == expected, (spoil.__name__, report.faults)
        other = keys.make(KEY.origin)
        assert [f.kind for f in verify_list(raw, keys.verify, [other.public]).faults] == [Kind.RE_SIGNED]
        for broken in (b"", b"{}", b"[]", raw[:-5], raw.replace(b'"index":', b'"index":"')):
            assert [f.kind for f in verify_list(broken, keys.verify).faults] == [Kind.UNREADABLE]

    run(database_url, story)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE log_page SET children = set_byte(children, 5, 77) WHERE path = ''",
        "UPDATE log_page SET children = set_byte(children, 5, 77) WHERE path <> ''",
        "DELETE FROM log_page",
    ],
)
def test_nothing_is_signed_that_does_not_continue_the_lists(database_url: str, damage: str) -> None:
    async def story(db: Connection) -> None:
        await filled(db)
        await db.execute(damage)
        await log.append(db, [record(n, citizen=citizen) for n, citizen in enumerate(PEOPLE)])
        with pytest.raises(log.LogBroken, match="lists"):
            await integrate(db)
        assert await db.fetchval("SELECT count(*) FROM log_pending") == len(PEOPLE)

    run(database_url, story)


def test_a_record_listed_under_somebody_else_shows_in_the_export(database_url: str) -> None:
    """The key signs what the tables say; the columns beside a record lead to the wrong list, its content does not."""

    async def story(db: Connection) -> None:
        await log.append(db, [record(n, citizen=PEOPLE[n]) for n in range(5)])
        await unlocked(db, f"UPDATE access_record SET citizen = '{PEOPLE[1]}' WHERE id = 4")
        await integrate(db)
        assert [fault.kind for fault in (await verified(db)).faults] == [Kind.MISLISTED]

    run(database_url, story)


def test_integrators_at_once_keep_every_list(database_url: str) -> None:
    async def story(*dbs: Connection) -> None:
        async def write(db: Connection, start: int) -> None:
            for number in range(start, start + 40):
                await log.append(db, [record(number, citizen=PEOPLE[number % 7])])

        async def place(db: Connection) -> None:
            for _ in range(20):
                await integrate(db, 9)

        *writers, one, two = dbs
        await asyncio.gather(*(write(db, 100 * i) for i, db in enumerate(writers)), place(one), place(two))
        await integrate(one)
        report = await verified(one, tolerance=timedelta(hours=1))
        assert (report.ok, report.lists) == (True, 7), report.faults
        lists = verify_list(await proved(one, *PEOPLE[:7]), keys.verify, [KEY.public])
        assert lists.ok
        assert sum(count for _, count, _ in lists.lists) == 40 * len(writers)

    run(database_url, story, 5)


def test_the_map_grows_to_what_it_is_from_nothing() -> None:
    """Keys that agree in many digits, too: the trie splits as deep as it must."""
    alike = [bytes([7] * 31 + [last]) for last in range(9)] + [bytes([7] * 9 + [last] + [1] * 22) for last in range(9)]
    everyone = [*alike, *(key for one in PEOPLE if (key := list_key(one)))]
    heads = {key: Head(number + 1, key) for number, key in enumerate(everyone)}
    pages: dict[str, bytes] = {}
    grown: dict[bytes, Head] = {}
    for key in random.Random(3).sample(everyone, len(everyone)):
        digits, path = key.hex(), ""
        while path in pages:
            path = digits[: len(path) + 1]
        there = [(other, head) for other, head in grown.items() if path and other.hex().startswith(path)]
        assert len(there) < 2
        root = Pages(pages, dict.fromkeys([path], there[0]) if there else {}, set()).root({key: heads[key]})
        grown[key] = heads[key]
        assert root == map_root(grown)
    path_of = [pages[alike[0].hex()[:depth]] for depth in range(64)]
    assert shown(root, alike[0], heads[alike[0]], path_of) is True
    assert shown(root, alike[0], Head(5, bytes(32)), path_of) is False
    assert shown(root, bytes([7] * 31 + [200]), Head(), path_of) is False, "the path of another branch shows nothing"


def test_a_log_from_before_lists_gets_them(database_url: str) -> None:
    """Its old checkpoints commit to no lists; the next one does, to those of all records, which are more than are read
    at once."""
    size = 2100

    async def story(db: Connection) -> None:
        await db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await migrate._run(database_url, lambda config: command.upgrade(config, "0010"))
        records = [record(number, citizen=PEOPLE[number % 3] if number % 4 else "") for number in range(size)]
        await log.append(db, records)
        await db.execute("DELETE FROM log_pending")
        rows = await db.fetch("SELECT id, leaf FROM access_record ORDER BY id")
        tree = Range()
        nodes = tree.extend(row["leaf"] for row in rows)
        await db.executemany("INSERT INTO log_leaf VALUES ($1, $2, $3)", [(n, *row) for n, row in enumerate(rows)])
        await db.executemany("INSERT INTO log_node VALUES ($1, $2, $3)", [node for node in nodes if node[0]])
        note = sign_checkpoint(Checkpoint(KEY.origin, size, tree.root(), clock()), KEY.public, KEY.sign)
        await db.execute("INSERT INTO checkpoint VALUES ($4, $1, $2, $3)", tree.root(), note, clock(), size)
        await migrate.upgrade(database_url)
        await db.reload_schema_state()
        assert await lists_of(db, PEOPLE[:1]) is None
        await log.append(db, [record(5000, citizen=PEOPLE[1]), record(5001, citizen=PEOPLE[9])])
        await integrate(db)
        report = await verified(db)
        assert (report.ok, report.lists) == (True, 4), report.faults
        raw = await proved(db, PEOPLE[1])
        assert verify_list(raw, keys.verify, [KEY.public]).ok
        assert traces(raw) == [f"trace-{n}" for n in (*range(1, size, 3), 5000) if n % 4 or n == 5000]

    run(database_url, story)
