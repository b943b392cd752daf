"""The statements that a gateway gives its database, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

    def note(sql: str) -> None:
        if "FROM revocation" not in sql:
            told.append(sql)

    with _before_each(database_url, note):
        yield told


@contextmanager
def away_after(database_url: str, statements: int) -> Iterator[list[str]]:
    """The database answers so many statements more, and then is gone until the end. Gives those that came too late."""
    late: list[str] = []
    with counted(database_url) as told:

        def fail(sql: str) -> None:
            if len(told) >= statements:
                late.append(sql)
                raise ConnectionResetError

        with _before_each(database_url, fail):
            yield late


@contextmanager
def _before_each(database_url: str, do: Callable[[str], None]) -> Iterator[None]:
    """Until the end, this is done with each statement that a connection to this database is given, before it is."""
    here = urlsplit(database_url).path.strip("/")
    plain = {name: getattr(asyncpg.Connection, name) for name in _CALLS}

    def doing(name: str) -> Any:
        async def call(self: Any, sql: str, *values: Any, **more: Any) -> Any:
            if self._params.database == here:
                do(sql)
            return await plain[name](self, sql, *values, **more)

        return call

    for name in _CALLS:
        setattr(asyncpg.Connection, name, doing(name))
    try:
        yield
    finally:
        for name, call in plain.items():
            setattr(asyncpg.Connection, name, call)
