"""A gateway on a database of its own, without its doors."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import gateway_of, now
from gateway.cli.playing.cast import PARTS, register
from gateway.domain.caller import Caller
from gateway.domain.identifier import Identifier
from gateway.flows.parts import Gateway
from gateway.settings import Settings
from gateway.store.pool import Database

Work = Callable[[Gateway], Awaitable[Any]]


class Clock:
    """The time, which a test may set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


class House:
    """Runs flows on one database, each in a loop of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.clock = Clock()
        self.settings = Settings(data_folder=folder)
        register(folder / "clients")

    def with_sender(self, sender: str) -> None:
        """Register one more sender, in a copy of the mappings: what an integrator does to mend a refusal."""
        copy = self.settings.data_folder / "mappings"
        shutil.copytree(self.settings.mappings_folder, copy)
        (copy / "sources" / "new.yaml").write_text(
            f'extends: regionh\nname: Nyt system\norganisation: {{sor: 265161000016000}}\nsenders: ["{sender}"]\n'
        )
        self.settings = replace(self.settings, mappings_folder=copy)

    def run(self, work: Work) -> Any:
        """What `work` gives with a gateway open."""

        async def inside() -> Any:
            database = await Database.open(self.url, size=4)
            try:
                return await work(gateway_of(self.settings, database, clock=self.clock))
            finally:
                await database.close()

        return asyncio.run(inside())


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return House(database_url, tmp_path)


def caller(name: str, **other: Any) -> Caller:
    """A caller as a token of this part of the cast makes it."""
    part = PARTS[name]
    organisation = part["organisation"]
    told: dict[str, Any] = {
        "client": name,
        "client_name": part["name"],
        "organisation": Identifier(organisation["system"], organisation["value"]),
        "organisation_name": organisation["name"],
        "sector": part["sector"],
        "role": part["role"],
        "user": f"urn:test|{name}-1",
        "user_name": part["user"],
        "user_role": "",
        "purposes": (part["purpose"],),
        "scopes": tuple(part["scopes"]),
        "sends": tuple(part.get("sends", ())),
    }
    return Caller(**(told | other))
