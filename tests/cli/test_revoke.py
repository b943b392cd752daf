"""gateway revoke: every token that a client was given is dead, durably."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway import cli
from gateway.settings import read
from gateway.store.keys import load_or_make
from gateway.store.pool import Database
from tests.cli.test_register_client import WORDS


async def rows(url: str) -> list[tuple[str, str]]:
    database = await Database.open(url, size=1)
    try:
        return [(row["client"], row["jti"]) for row in await database.fetch("SELECT client, jti FROM revocation")]
    finally:
        await database.close()


def test_all_tokens_of_a_client(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", database_url)
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path))
    load_or_make(tmp_path / "log-key.pem", read().log_origin)
    assert cli.main(["revoke", "odense-social"]) == 1
    assert "No client of this id" in capsys.readouterr().err
    assert cli.main(["register-client", *WORDS, "--new-key", str(tmp_path / "key.pem")]) == 0
    for words in (["odense-social"], ["odense-social"], ["gone", "--unregistered"]):
        assert cli.main(["revoke", *words]) == 0
    assert sorted(asyncio.run(rows(database_url))) == [("gone", ""), ("odense-social", "")]
