"""What the directory tells of units is heard in the order in which it was told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.domain.identifier import SOR
from gateway.flows.units import hear_units
from gateway.store import directory
from tests.flows.directory.people import HOSPITAL, made
from tests.inbound.http_world import http, run

WHOLE, UNIT = "265161000016000", "502701000016000"


def test_who_asked_before_and_is_answered_later_takes_nothing_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, asked, answered = directory.parts, asyncio.Event(), asyncio.Event()

    async def slow_at_first(database: Any) -> Any:
        found = await plain(database)
        if not asked.is_set():
            asked.set()
            await answered.wait()
        return found

    async def test() -> None:
        async with http(database_url) as here:
            monkeypatch.setattr("gateway.store.directory.parts", slow_at_first)
            early = asyncio.create_task(hear_units(here.gateway))
            await asked.wait()
            told = {"identifier": {"system": SOR, "value": WHOLE}}
            numbered = [{"system": SOR, "value": UNIT}]
            await made(here.gateway, HOSPITAL, "Organization", name="Afsnit", identifier=numbered, partOf=told)
            answered.set()
            await early
            above = here.gateway.policy.units.closing.above(frozenset({f"{SOR}|{UNIT}"}))
            assert f"{SOR}|{WHOLE}" in above

    run(test)
