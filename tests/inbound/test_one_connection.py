"""A gateway with a single connection to its database: nobody who holds it waits for another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from gateway.errors import NotFound
from gateway.inbound.console import exporting
from gateway.store.pool import Database
from tests.attack.world import SARAH, patient_of
from tests.inbound.http_world import http, run
from tests.inbound.test_bulk_export import PSYK, exported, town
from tests.inbound.test_console_export import files, order
from tests.inbound.test_console_frame import WORKERS, work
from tests.inbound.test_console_search import looks

SECONDS = 30


@pytest.fixture(autouse=True)
def _single(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Database.open

    async def with_one(url: str, **_: Any) -> Database:
        return await opened(url, size=1)

    monkeypatch.setattr(Database, "open", with_one)


def in_time(story: Coroutine[Any, Any, None]) -> None:
    async def test() -> None:
        await asyncio.wait_for(story, SECONDS)

    run(test)


def test_an_export_in_bulk_is_made_while_others_look(database_url: str) -> None:
    async def story() -> None:
        async with town(database_url) as here:
            patient = f"Patient/{patient_of(SARAH)}"
            found, *told = await asyncio.gather(exported(here, PSYK), *(here.get(PSYK, patient) for _ in range(8)))
            assert "Encounter" in found
            assert {one.status for one in told} == {200}

    in_time(story())


def test_who_fetches_an_export_slowly_holds_nobody_up(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, begun = exporting.taken, list[AsyncIterator[bytes]]()

    async def not_yet(*asked: Any) -> AsyncIterator[bytes]:
        begun.append(await taken(*asked))
        raise NotFound

    async def story() -> None:
        async with http(database_url, *WORKERS) as here:
            await looks(here)
            await work(here)
            number = await order(here, "ndjson")
            content, _, _ = await files(here, number)
            monkeypatch.setattr(exporting, "taken", not_yet)
            assert (await here.web.get(f"/console/exports/{number}/content")).status_code == 404
            first = await anext(begun[0])
            assert first
            assert content.startswith(first)
            assert await here.gateway.database.fetchval("SELECT 1") == 1

    in_time(story())
