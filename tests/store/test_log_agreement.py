"""One thing changed in a table of the log, by somebody with the owner's rights: `verify-log --live` tells which."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from gateway.domain.record import Decision
from gateway.store import access_terms, log
from gateway.store.log_agreement import misfiled
from tests.conftest import fresh_database
from tests.store.log_stories import Connection, integrate, record

A, B = "a" * 32, "ab" + "b" * 30
BIT = "set_byte({0}, 3, get_byte({0}, 3) # 1)"

CHANGED = {
    "access_record.body": ("id 3 is filed otherwise than it says", "id 3 has another hash beside it than its own"),
    "access_record.salt": ("id 3 has another hash beside it than its own",),
    "access_record.leaf": ("id 3 has another hash beside it than its own",),
    "access_record.citizen": ("id 3 is filed otherwise than it says",),
    "access_record.user_key": ("id 3 is filed otherwise than it says",),
    "access_record.organisation": ("id 3 is filed otherwise than it says",),
    "access_record.decision": ("id 3 is filed otherwise than it says",),
    "access_record.interaction": ("id 3 is filed otherwise than it says",),
    "access_record.client": ("id 3 is filed otherwise than it says",),
    "access_record.purpose": ("id 3 is filed otherwise than it says",),
    "access_record.trace": ("id 3 is filed otherwise than it says",),
    "access_record.recorded_at": ("id 3 is filed otherwise than it says",),
    "access_term.term": ("id 3 is not found by what it says, or by something else",),
    "access_term.record_id": ("id 3 is not found by what it says, or by something else",),
    "log_leaf.leaf": ("the tree's node 1/1 is not what stands below it",),
    "log_leaf.list_key": ("record 2 stands otherwise in a citizen's list",),
    "log_leaf.list_place": ("record 2 stands otherwise in a citizen's list",),
    "log_leaf.list_head": ("record 2 stands otherwise in a citizen's list",),
    "log_node.hash": ("the tree's node 2/1 is not what stands below it",),
    "log_page.children": ("the page at the top of the citizens' lists was changed",),
    "checkpoint.root": ("the checkpoint of size 9 is filed otherwise than it says",),
    "checkpoint.made_at": ("the checkpoint of size 9 is filed otherwise than it says",),
}
WHERE = {
    "access_record": "id = 3", "access_term": "record_id = 3", "log_leaf": "tree_index = 2",
    "log_node": "level = 2 AND idx = 1", "log_page": "path = ''", "checkpoint": "size = 9",
}  # fmt: skip
TO = {"bytea": BIT, "text": "{0} || 'x'", "bigint": "{0} + 1000", "timestamp with time zone": "{0} + interval '1 hour'"}


@pytest.fixture(scope="module")
def signed(postgres: str) -> Iterator[str]:
    """Nine records in two checkpoints, two citizens with lists in one branch, and all terms."""

    async def fill(url: str) -> None:
        connection: Connection = await asyncpg.connect(url)
        for numbers in (range(5), range(5, 9)):
            told = [record(n, citizen=(A, "", B)[n % 3], decision=list(Decision)[n % 3]) for n in numbers]
            await log.append(connection, told)
            await integrate(connection)
        await access_terms.fill(connection)
        await connection.close()

    with fresh_database(postgres) as url:
        asyncio.run(fill(url))
        yield url


def told(url: str, *statements: str) -> list[str]:
    """What is wrong after these statements."""

    async def tell() -> list[str]:
        connection: Connection = await asyncpg.connect(url)
        try:
            await connection.execute("SET session_replication_role = replica")  # no trigger is in the way
            for statement in statements:
                await connection.execute(statement)
            return [fault.text async for fault in misfiled(connection)]
        finally:
            await connection.close()

    return asyncio.run(tell())


def told_for_a_moment(url: str, table: str, change: str) -> list[str]:
    """What is wrong after a change of this table, which is put back."""
    found = told(url, f"CREATE TABLE kept AS SELECT * FROM {table}", change)
    back = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept"
    told(url, f"DELETE FROM {table}", back, "DROP TABLE kept")
    return found


def test_a_log_that_nobody_touched(signed: str) -> None:
    assert told(signed) == []


@pytest.mark.parametrize("place", CHANGED)
def test_what_was_changed_is_told(signed: str, place: str) -> None:
    table, column = place.split(".")
    found = told_for_a_moment(signed, table, _change(table, column, _type(signed, place)))
    for text in CHANGED[place]:
        assert [one for one in found if text in one], found
    assert told(signed) == [], "as it was again"


@pytest.mark.parametrize(
    ("table", "text"),
    [("access_term", "id 3 is not found by what it says"), ("log_node", "the tree's node 2/1 is not what stands below"),
     ("log_page", "the page at the top of the citizens' lists was changed")],
)  # fmt: skip
def test_what_was_taken_away_is_told(signed: str, table: str, text: str) -> None:
    found = told_for_a_moment(signed, table, f"DELETE FROM {table} WHERE {WHERE[table]}")
    assert [one for one in found if text in one], found


def _change(table: str, column: str, kind: str) -> str:
    return f"UPDATE {table} SET {column} = {TO[kind].format(column)} WHERE {WHERE[table]}"


def _type(url: str, place: str) -> str:
    async def tell() -> str:
        connection = await asyncpg.connect(url)
        query = "SELECT data_type FROM information_schema.columns WHERE table_name || '.' || column_name = $1"
        found = await connection.fetchval(query, place)
        await connection.close()
        return str(found)

    return asyncio.run(tell())
