"""A commit of one's own as a database: it takes whatever a database takes, and a failing statement ends only itself."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from gateway.store.pool import Database, OneConnection


def test_every_way_to_ask_sees_what_the_commit_has_written(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=2)
        async with database.transaction() as connection:
            await connection.execute("CREATE TABLE written (number bigint); INSERT INTO written VALUES (7)")
            here, asked = OneConnection(connection), "SELECT number FROM written WHERE number > $1"
            assert [row["number"] for row in await here.fetch(asked, 0)] == [7]
            assert [row["number"] for row in await here.planned(asked, 0)] == [7]
            assert await here.fetchval(asked, 0) == 7
            assert dict(await here.fetchrow(asked, 0) or {}) == {"number": 7}
            with pytest.raises(asyncpg.DivisionByZeroError):
                await here.fetchval("SELECT number / 0 FROM written WHERE number > $1", 0)
            assert await here.fetchval(asked, 0) == 7
        await database.close()

    asyncio.run(test())
