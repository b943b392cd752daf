"""Bring the tables to this version. Several nodes may start at once: an advisory lock lets one go first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.store.pool import told

LOCK = 0x46474D49  # any number will do as long as all nodes use it


async def upgrade(url: str) -> None:
    """Run every migration that this database has not had."""
    await _run(url, lambda config: command.upgrade(config, "head"))


async def differences(url: str) -> None:
    """Raise alembic's CommandError when the tables differ from store/schema."""
    await _run(url, command.check)


async def _run(url: str, action: Any) -> None:
    async def connected() -> asyncpg.Connection:
        with told():  # as it is: SQLAlchemy's own reading of a URL takes no sslmode, and no socket folder
            return await asyncpg.connect(url)

    with told():
        await _with(create_async_engine("postgresql+asyncpg://", async_creator=connected), action)


async def _with(engine: AsyncEngine, action: Any) -> None:
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_locked, action)
            await connection.commit()
    finally:
        await engine.dispose()


def _locked(connection: Connection, action: Any) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.commit()
    try:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        config.attributes["connection"] = connection
        action(config)
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        connection.commit()
