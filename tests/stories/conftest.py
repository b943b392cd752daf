"""Stories are played on a database of their own; what each reader sees is compared with what was looked at before."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator

import asyncpg
import pytest

from tests.conftest import database
from tests.stories.flowing import World, open_world

_numbers = itertools.count()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-expected",
        action="store_true",
        help="pytest tests/stories --write-expected: write expected/ anew; read every difference before committing it",
    )


@pytest.fixture(scope="session")
def write_expected(pytestconfig: pytest.Config) -> bool:
    """Whether `expected/` is to be written instead of read. The option is there when tests/stories was named."""
    return bool(pytestconfig.getoption("--write-expected", default=False))


@pytest.fixture(scope="module")
def world(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A gateway without doors, on a database for all tests of a file."""
    url, _, template = postgres.partition("#")
    name = f"world_{os.getpid()}_{next(_numbers)}"
    with asyncio.Runner() as runner:
        runner.run(_execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        made = runner.run(open_world(database(url, name), tmp_path_factory.mktemp("world"), runner))
        yield made
        runner.run(made.gateway.database.close())
        runner.run(_execute(url, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
