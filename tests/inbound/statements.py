"""The statements that a gateway gives its database, counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg

_CALLS = ("fetch", "fetchrow", "fetchval", "execute", "executemany")


@contextmanager
def counted(database_url: str) -> Iterator[list[str]]:
    """Every statement that any connection to this database is given, from now on: a gateway of other tests may be at
    its own work in this process. What is asked once in a second, whatever is asked, is left out."""
    told: list[str] = []
    here = urlsplit(database_url).path.strip("/")
    plain = {name: getattr(asyncpg.Connection, name) for name in _CALLS}

    def counting(name: str) -> Any:
        async def call(self: Any, sql: str, *values: Any, **more: Any) -> Any:
            if self._params.database == here and "FROM revocation" not in sql:
                told.append(sql)
            return await plain[name](self, sql, *values, **more)

        return call

    for name in _CALLS:
        setattr(asyncpg.Connection, name, counting(name))
    try:
        yield told
    finally:
        for name, call in plain.items():
            setattr(asyncpg.Connection, name, call)
