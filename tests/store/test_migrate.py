"""The tables come up on an empty database and are what store/schema says."""

from __future__ import annotations

import asyncio

import asyncpg

from gateway.store import migrate


def test_the_tables_are_what_the_schema_says(database_url: str) -> None:
    asyncio.run(migrate.differences(database_url))


def test_several_nodes_may_migrate_at_once(database_url: str) -> None:
    async def all_at_once() -> int:
        connection = await asyncpg.connect(database_url)
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await asyncio.gather(*(migrate.upgrade(database_url) for _ in range(3)))
        count = await connection.fetchval("SELECT count(*) FROM alembic_version")
        await connection.close()
        return int(count)

    assert asyncio.run(all_at_once()) == 1
