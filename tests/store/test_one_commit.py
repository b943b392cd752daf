"""Several citizens in one commit: locks in one order, and what happens where somebody takes them in another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.store.one_commit import Overtaken, forget_unsaid, lock, lock_directory, one_commit
from gateway.store.pool import Database

ANN, BO = "a" * 32, "b" * 32
_ROWS = "SELECT id, revision FROM citizen ORDER BY id"
_INSERT = "INSERT INTO citizen (id, revision) VALUES ($1, $2)"


class Undone(Exception):
    """Something else than the database."""


def run(database_url: str, test: Callable[[Database], Awaitable[None]]) -> None:
    async def whole() -> None:
        database = await Database.open(database_url, size=6)
        try:
            await asyncio.wait_for(test(database), 30)
        finally:
            await database.close()

    asyncio.run(whole())


def test_revisions_are_told_and_nobody_new_is_left_behind(database_url: str) -> None:
    async def test(database: Database) -> None:
        await database.fetchval(_INSERT, ANN, 7)
        async with one_commit(database) as connection:
            assert await lock(connection, [BO, ANN]) == {ANN: 7, BO: 0}
            await forget_unsaid(connection, [ANN, BO])
        assert [tuple(row) for row in await database.fetch(_ROWS)] == [(ANN, 7)]

        async def undone() -> None:
            async with one_commit(database) as connection:
                await lock(connection, [BO])
                raise Undone

        with pytest.raises(Undone):
            await undone()
        assert [tuple(row) for row in await database.fetch(_ROWS)] == [(ANN, 7)]

    run(database_url, test)


def test_who_is_locked_waits_until_the_commit(database_url: str) -> None:
    async def test(database: Database) -> None:
        told: list[str] = []

        async def other() -> None:
            async with one_commit(database) as connection:
                await lock(connection, [ANN])
                told.append("other")

        async with one_commit(database) as connection:
            await lock(connection, [BO, ANN])
            waiting = asyncio.create_task(other())
            await asyncio.sleep(0.1)
            told.append("first")
        await waiting
        assert told == ["first", "other"]

    run(database_url, test)


def test_in_whatever_order_they_are_named_nobody_waits_in_a_circle(database_url: str) -> None:
    async def test(database: Database) -> None:
        async def one(*names: str) -> None:
            for _ in range(20):
                async with one_commit(database) as connection:
                    await lock_directory(connection)
                    await lock(connection, names)

        await asyncio.gather(one(ANN, BO), one(BO, ANN), one(BO), one(ANN))

    run(database_url, test)


def test_a_circle_that_is_made_all_the_same_is_begun_again_by_one(database_url: str) -> None:
    """By what else a commit writes: PostgreSQL ends one of the two, which nothing is kept of."""

    async def test(database: Database) -> None:
        both = asyncio.Barrier(2)

        async def one(first: str, then: str) -> str:
            try:
                async with one_commit(database) as connection:
                    await lock(connection, [first])
                    await both.wait()
                    await lock(connection, [then])
                    return "kept"
            except Overtaken:
                return "again"

        assert sorted(await asyncio.gather(one(ANN, BO), one(BO, ANN))) == ["again", "kept"]

    run(database_url, test)


def test_the_same_row_at_the_same_moment_is_begun_again(database_url: str) -> None:
    async def test(database: Database) -> None:
        await database.fetchval(_INSERT, ANN, 1)

        async def twice() -> None:
            async with one_commit(database) as connection:
                await connection.execute(_INSERT, BO, 1)
                await connection.execute(_INSERT, ANN, 1)

        with pytest.raises(Overtaken):
            await twice()
        assert [tuple(row) for row in await database.fetch(_ROWS)] == [(ANN, 1)]

    run(database_url, test)
