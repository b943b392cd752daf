"""The tables come up on an empty database, are what store/schema says, and go down and up again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from gateway.errors import Unavailable
from gateway.store import migrate

_SHAPE = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
 WHERE table_schema = 'public'
UNION SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION SELECT 'trigger', event_object_table, trigger_name, event_manipulation, action_statement, ''
  FROM information_schema.triggers
UNION SELECT 'function', proname, prosrc, '', '', '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


def with_connection(url: str, test: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await test(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


async def shape(connection: asyncpg.Connection) -> set[tuple[str, ...]]:
    """Tables, indexes, triggers and functions, those of the access log too."""
    return {tuple(row) for row in await connection.fetch(_SHAPE)}


def test_the_tables_are_what_the_schema_says(database_url: str) -> None:
    asyncio.run(migrate.differences(database_url))


def test_several_nodes_may_migrate_at_once(database_url: str) -> None:
    async def all_at_once(connection: asyncpg.Connection) -> int:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await asyncio.gather(*(migrate.upgrade(database_url) for _ in range(3)))
        return int(await connection.fetchval("SELECT count(*) FROM alembic_version"))

    assert with_connection(database_url, all_at_once) == 1


def test_migrations_are_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    line = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert line == sorted(line, reverse=True)
    assert line[-1] == "0001"
    assert len(line) == int(line[0])


def test_every_migration_goes_down_and_up_again(database_url: str) -> None:
    async def down_and_up(connection: asyncpg.Connection) -> None:
        before = await shape(connection)
        await migrate._run(database_url, lambda config: command.downgrade(config, "base"))
        left = {row[1] for row in await shape(connection)}
        assert left == {"alembic_version"}, left
        await migrate.upgrade(database_url)
        assert await shape(connection) == before

    with_connection(database_url, down_and_up)


@pytest.mark.parametrize("options", ["sslmode=disable", "sslmode=prefer&application_name=gateway"])
def test_a_url_may_say_how_it_is_connected(database_url: str, options: str) -> None:
    """The same URL opens the pool and brings the tables (libpq's parameters, as far as asyncpg knows them)."""
    asyncio.run(migrate.upgrade(f"{database_url}&{options}"))


@pytest.mark.parametrize("options", ["", "?sslmode=require", "?sslmode=verify-full"])
def test_a_database_that_is_not_there_is_told_as_such(options: str) -> None:
    with pytest.raises(Unavailable):
        asyncio.run(migrate.upgrade(f"postgresql://gateway:secret@127.0.0.1:1/none{options}"))
