"""The access log is kept by a process beside the doors: it is followed by another when it ends, nothing waits unsigned
behind it, and it does not outlive whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import asyncpg
import pytest

from gateway.bootstrap import opened
from gateway.cli.log_keeper import STARTS_AGAIN, _sign_first, pause_after
from gateway.domain.record import AccessRecord, Decision
from gateway.settings import Settings
from gateway.store.log import append

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system does not list its processes")
PROJECT = Path(__file__).parents[2]
SOON = 30  # seconds: a process that reads all rules starts in three on an idle machine

LOOK = AccessRecord(time=datetime.now(UTC), interaction="read", decision=Decision.PERMIT, kind="CarePlan")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fp-keep-") as name:
        yield Path(name)


def environment(folder: Path, database_url: str) -> dict[str, str]:
    own = {"DATA_FOLDER": str(folder), "DATABASE_URL": database_url, "HTTP_PORT": "0", "MLLP_PORT": "0"}
    return os.environ | {f"GATEWAY_{name}": value for name, value in own.items()}


@contextmanager
def serving(folder: Path, database_url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    gateway = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve"], cwd=PROJECT, env=environment(folder, database_url),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with gateway:
        try:
            assert gateway.stdout is not None
            yield gateway, gateway.stdout.readline().split()[1]
        finally:
            gateway.kill()


def keeper_of(pid: int, *, but: int = 0) -> int:
    """The process that this one has started to keep the log."""
    return until(lambda: next((one for one in children(pid) if one != but), 0))


def children(pid: int) -> Iterator[int]:
    for told in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *_ = told.read_text().rpartition(")")[2].split()
        except FileNotFoundError:  # it has ended meanwhile
            continue
        if int(parent) == pid and state != "Z":
            yield int(told.parent.name)


def until(found):  # type: ignore[no-untyped-def]
    """What is found, as soon as there is something."""
    late = time.monotonic() + SOON
    while not (there := found()):
        assert time.monotonic() < late
        time.sleep(0.05)
    return there


def there(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def look(database_url: str) -> None:
    """One more look on record."""

    async def put() -> None:
        connection = await asyncpg.connect(database_url)
        await append(connection, [LOOK])  # type: ignore[arg-type]
        await connection.close()

    asyncio.run(put())


def signed(database_url: str) -> int:
    """How many records the newest checkpoint covers, -1 before the first; none is left behind it."""

    async def ask() -> int:
        connection = await asyncpg.connect(database_url)
        size, left = await connection.fetchrow(
            "SELECT coalesce((SELECT max(size) FROM checkpoint), -1), (SELECT count(*) FROM log_pending)"
        )
        await connection.close()
        return int(size) if not left else -1

    return asyncio.run(ask())


def test_it_is_followed_by_another_and_ends_with_the_doors(folder: Path, database_url: str) -> None:
    with serving(folder, database_url) as (gateway, url):
        with urlopen(f"{url}/log/checkpoint", timeout=10) as answer:  # no caller waits for the keeper's start
            assert answer.read().splitlines()[1] == b"0"
        first = keeper_of(gateway.pid)
        look(database_url)
        until(lambda: signed(database_url) == 1)
        os.kill(first, signal.SIGKILL)
        look(database_url)
        second = keeper_of(gateway.pid, but=first)
        until(lambda: signed(database_url) == 2)
        look(database_url)
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(SOON) == 0
        assert not there(second)
        assert signed(database_url) == 3


def test_it_ends_when_the_doors_were_killed(folder: Path, database_url: str) -> None:
    with serving(folder, database_url) as (gateway, _):
        keeper = keeper_of(gateway.pid)
        gateway.kill()
        until(lambda: not there(keeper))


def test_by_itself_it_goes_on_until_its_input_ends(folder: Path, database_url: str) -> None:
    kept = [sys.executable, "-m", "gateway", "keep-log"]
    keeper = subprocess.Popen(kept, cwd=PROJECT, env=environment(folder, database_url), stdin=subprocess.PIPE)
    with keeper:
        until(lambda: signed(database_url) == 0)
        look(database_url)
        until(lambda: signed(database_url) == 1)
        assert keeper.poll() is None
        assert keeper.stdin is not None
        keeper.stdin.close()
        assert keeper.wait(SOON) == 0


def test_what_a_crash_has_left_does_not_keep_the_doors_closed(folder: Path, database_url: str) -> None:
    """A log that was signed before waits for the keeper: there may be much of it."""

    async def test() -> None:
        async with opened(Settings(data_folder=folder, database_url=database_url)) as gateway:
            await _sign_first(gateway)
            await gateway.recorder.put([LOOK])
            await _sign_first(gateway)

    asyncio.run(test())
    assert signed(database_url) == -1, "one is left"


def test_one_that_ends_again_and_again_is_waited_for_longer() -> None:
    pause, waited = STARTS_AGAIN / 2, []
    for _ in range(8):
        waited.append(pause := pause_after(3.0, pause))
    assert waited == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_after(61.0, 60.0) == 1
