"""Stories without doors: the same flows, many times over, on one database that is emptied in between."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.bootstrap import gateway_of
from gateway.cli.playing.cast import register
from gateway.cli.playing.story import Step, Story, wire
from gateway.domain.resource import ids
from gateway.flows.parts import Gateway
from gateway.flows.receive import receive
from gateway.settings import Settings
from gateway.store.pool import Database
from tests.flows.conftest import caller
from tests.flows.consents import record_consent
from tests.stories.playing import SECRET

LANGUAGE = {"mllp": "hl7v2", "fhir": "fhir-message", "kl": "kl-report", "oio": "oio"}
_EMPTIED = (
    "statement", "message", "resource", "resource_version", "merge", "identifier", "identity", "citizen", "attachment",
)  # fmt: skip
_KEPT = "SELECT kind, id, citizen, sector, withdrawn, ends, facts, body FROM resource ORDER BY kind, id"
_KNOWN = "SELECT key, citizen, identifiers FROM identity ORDER BY key"


@dataclass(slots=True)
class World:
    """A gateway whose time is what each message says it is."""

    gateway: Gateway
    runner: asyncio.Runner
    times: dict[Path, datetime] = field(default_factory=dict)
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    async def begin(self, story: Story) -> None:
        """An empty database at the time of a story; each of its messages comes at a minute of its own."""
        for table in _EMPTIED:
            await self.gateway.database.fetchval(f"DELETE FROM {table}")
        self.now = story.now
        self.times = {step.file: story.now + timedelta(minutes=at) for at, step in enumerate(story.steps)}

    async def take(self, story: Story, steps: Sequence[Step]) -> list[bytes]:
        """The answers to these steps."""
        return [await self.take_one(story, step) for step in steps]

    async def take_one(self, story: Story, step: Step) -> bytes:
        self.now = self.times[step.file]
        raw = step.file.read_bytes()
        if step.door == "consent":
            raw = raw.replace(b"{citizen}", patient(step.citizen or story.citizen).encode())
            return (await record_consent(self.gateway, caller(step.sender), raw)).body
        return await self.send(step.door, wire(raw) if step.door == "mllp" else raw)

    async def send(self, door: str, raw: bytes) -> bytes:
        answer = await receive(self.gateway, LANGUAGE[door], raw)
        assert answer.accepted, answer.body
        return answer.body

    async def kept(self) -> list[Any]:
        """Everything that is stored of everybody, but for when it came and in which version it is."""
        return [await self.gateway.database.fetch(sql) for sql in (_KEPT, _KNOWN)]


def patient(identifier: str) -> str:
    """The Patient id of the citizen with this identifier."""
    return ids(SECRET)("Patient", identifier)


async def open_world(url: str, folder: Path, runner: asyncio.Runner) -> World:
    """A world on this database."""
    (folder / "secret").write_bytes(SECRET)
    (folder / "secret").chmod(0o600)
    register(folder / "clients")
    database = await Database.open(url, size=2)
    world = World(gateway_of(Settings(data_folder=folder), database), runner)
    world.gateway = replace(world.gateway, clock=lambda: world.now)
    return world
