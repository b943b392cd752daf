"""A second database, for tests that compare two worlds."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

_numbers = itertools.count()


@pytest.fixture
def second_database_url(postgres: str) -> Iterator[str]:
    """A fresh, migrated database beside that of `database_url`."""
    url, _, template = postgres.partition("#")
    name = f"second_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    asyncio.run(_execute(url, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
