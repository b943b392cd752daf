"""Bring the tables to this version. Several nodes may start at once: an advisory lock lets one go first."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

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
    engine = create_async_engine(alchemy_url(url))
    with told():
        await _with(engine, action)


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


def alchemy_url(url: str) -> str:
    """A `postgresql://` URL for SQLAlchemy's asyncpg dialect, which wants socket folders as a plain query."""
    parts = urlsplit(url)
    return urlunsplit(("postgresql+asyncpg", parts.netloc, parts.path, urlencode(parse_qsl(parts.query)), ""))
