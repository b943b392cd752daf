"""`gateway outbox` shows notifications that were given up, and sends them again."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli import outbox
from gateway.domain.caller import Caller
from gateway.domain.identifier import SOR, Identifier
from gateway.settings import Settings
from gateway.store import subscriptions
from gateway.store.pool import Database
from gateway.store.subscriptions import Subscribed

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
CALLER = Caller(
    "epj", "EPJ", Identifier(SOR, "265161000016000"), "Hospital", "region", "hospital", "", "", "", ("TREAT",),
    ("system/*.rs",),
)  # fmt: skip


async def given_up(database_url: str) -> None:
    database = await Database.open(database_url, size=2)
    try:
        made = Subscribed("s1", "epj", 1, NOW, "requested", "leave", "", 0, None, CALLER, b"{}")
        assert await subscriptions.save(database, made)
        (due,) = await subscriptions.claim(database, NOW, NOW.replace(hour=13), 9)
        assert due.to == made
        await subscriptions.moved(database, due, "failed", NOW, "The subscriber answered HTTP 500", NOW)
    finally:
        await database.close()


def run(database_url: str, folder: Path, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    outbox.arguments(parser)
    return outbox.run(parser.parse_args(arguments), Settings(database_url=database_url, data_folder=folder))


def test_dead_letters_are_shown_and_sent_again(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(given_up(database_url))
    assert run(database_url, tmp_path, "--json", "--told") == 1
    (line,) = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert (line["client"], line["state"], line["tries"]) == ("epj", "failed", 1)
    assert line["told"] == "The subscriber answered HTTP 500"
    assert run(database_url, tmp_path, "--notify-again", str(line["notification"]), "999") == 1
    assert "waits again" in capsys.readouterr().out
    assert run(database_url, tmp_path, "--json") == 0
    (line,) = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert line["state"] == "waiting"
