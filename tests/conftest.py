"""What every test may use: a real PostgreSQL, the public samples, a clock.

The server is the embedded one, started once; each test that asks for `database_url` gets a database of its own,
cloned from a migrated template: some 300 files, in 20 ms where temporary files lie in memory and in 300 where they lie
on a disk. `GATEWAY_TEST_DATABASE_URL` names another server to use instead.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

PROJECT = Path(__file__).parent.parent
QUICK = ("domain", "translate")  # the rooms of the inner loop, which ask no Hypothesis: tests/house sees to it
MEMORY = Path("/dev/shm")
_ENOUGH = 2 << 30  # bytes; a container may have a few megabytes there
_numbers = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """Temporary files in memory, ours and those of the commands that tests start, unless TMPDIR says where."""
    if config.getoption("--hypothesis-profile", None):
        import_module("tests.repeatable")
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > _ENOUGH:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Hypothesis takes a tenth of a second to load: it is where some room may ask it, before its tests are made."""
    if module_path.relative_to(PROJECT / "tests").parts[0] not in QUICK:
        import_module("tests.repeatable")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What stands when the tests begin stays until they end: the collector, a quarter of the inner loop, lets it be.
    Of what comes later most is soon gone, and need not be looked through after each 700 objects."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000)
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """By now pytest has collected what leads in circles, and told of it. What is left goes with the process, and needs
    not be taken apart object by object: half a second after the inner loop."""
    gc.freeze()


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of public samples beside the project; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("GATEWAY_EXAMPLES", PROJECT.parent / "shared" / "examples"))
    if not folder.is_dir():
        pytest.skip("the public samples are not beside the project (set GATEWAY_EXAMPLES)")
    return folder


# These nights a gateway that serves has looked through its log already: a record more, whenever tests run at night.
_LOOKED_THROUGH = "INSERT INTO suspicion_day (day) SELECT current_date + n FROM generate_series(-1, 2) AS n"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server with the migrated database `template`."""
    from gateway.store import migrate  # half a second that the rooms without a database need not wait for
    from gateway.store.embedded import EmbeddedPostgres

    given = os.environ.get("GATEWAY_TEST_DATABASE_URL")
    folder = Path(tempfile.mkdtemp(prefix="fp-test-"))
    folder.chmod(0o755)
    server = None if given else EmbeddedPostgres(folder / "pg", durable=False)
    url = given or (server.start() if server else "")
    template = f"template_{os.getpid()}"
    try:
        asyncio.run(_execute(url, f'CREATE DATABASE "{template}"'))
        asyncio.run(migrate.upgrade(database(url, template)))
        asyncio.run(_execute(database(url, template), _LOOKED_THROUGH))
        yield url + f"#{template}"
        asyncio.run(_execute(url, f'DROP DATABASE "{template}" WITH (FORCE)'))
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    """A fresh, migrated database."""
    with fresh_database(postgres) as url:
        yield url


@contextmanager
def fresh_database(postgres: str) -> Iterator[str]:
    """The same for as long as it is needed: for fixtures that several tests share."""
    url, _, template = postgres.partition("#")
    name = f"test_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_execute(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    yield database(url, name)
    asyncio.run(_execute(url, f'DROP DATABASE "{name}" WITH (FORCE)'))


def database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _execute(url: str, sql: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
