"""What the directory tells of units is known before the first call: a block reaches them from the first answer on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import serve
from gateway.cli.serve import running
from gateway.domain.identifier import SOR
from gateway.settings import Settings
from tests.flows.directory.people import HOSPITAL, made

WHOLE, UNIT = "265161000016000", "502701000016000"


def test_a_gateway_that_starts_knows_the_units_of_the_directory(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_folder=tmp_path / "data", database_url=database_url, http_port=0, mllp_port=0)

    @asynccontextmanager
    async def not_yet(_: Any) -> AsyncIterator[None]:
        """What is done now and then is not done yet."""
        yield

    async def test() -> None:
        async with running(settings) as here:
            told = {"identifier": {"system": SOR, "value": WHOLE}}
            numbered = [{"system": SOR, "value": UNIT}]
            await made(here.gateway, HOSPITAL, "Organization", name="Afsnit", identifier=numbered, partOf=told)
        monkeypatch.setattr(serve, "at_work", not_yet)
        async with running(settings) as here:
            units = here.gateway.policy.units
            assert f"{SOR}|{WHOLE}" in units.closing.above(frozenset({f"{SOR}|{UNIT}"}))
            assert f"{SOR}|{WHOLE}" not in units.sure.above(frozenset({f"{SOR}|{UNIT}"}))

    asyncio.run(test())
