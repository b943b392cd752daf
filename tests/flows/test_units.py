"""What the directory tells of units is heard in the order in which it was told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.domain.identifier import SOR
from gateway.flows import directory as flows
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
            here.gateway.policy.heard = -1  # another node has written
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


def test_the_directory_is_asked_for_its_parts_where_it_was_written_since(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, asked = directory.parts, list[int]()

    async def counted(database: Any) -> Any:
        found = await plain(database)
        asked.append(len(found))
        return found

    async def test() -> None:
        async with http(database_url) as here:
            monkeypatch.setattr("gateway.store.directory.parts", counted)
            await hear_units(here.gateway)
            assert asked == [], "nothing stands there"
            top = await made(here.gateway, HOSPITAL, "Organization", name="Klinik")
            whole = {"reference": f"Organization/{top}"}
            await made(here.gateway, HOSPITAL, "Organization", name="Afsnit", partOf=whole)
            assert asked == [0, 2]
            await hear_units(here.gateway)
            assert asked == [0, 2]
            await flows.withdraw(here.gateway, HOSPITAL, "Organization", top)
            assert asked == [0, 2, 1]

    run(test)
