"""A gateway with its doors open on a database of its own, and a story played through them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from gateway.cli.playing import story as stories
from gateway.cli.playing.cast import Player, register
from gateway.cli.playing.story import Doors, Step, Story, Told
from gateway.cli.serve import running
from gateway.domain.resource import ids
from gateway.flows.parts import Gateway
from gateway.settings import Settings

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "fixtures" / "stories"
STORIES = {one.name: one for one in stories.load_all(FOLDER)}
# Ids are keyed hashes: with one key they are the same in every run, as they are on every node of one gateway.
SECRET = b"the key of the story tests, 32 b"
SECONDS = 60


@dataclass(slots=True)
class Clock:
    """The story's own time. It runs on, and a test may set it forward."""

    runs: Callable[[], datetime]
    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return self.runs() + self.ahead


@dataclass(slots=True)
class Stage:
    """A story and the doors that it is played through."""

    story: Story
    gateway: Gateway
    doors: Doors
    clock: Clock
    folder: Path

    async def play(self, *files: str) -> list[Told]:
        """The answers to these steps, to all of the story when none is named."""
        steps = [self.step(file) for file in files] if files else self.story.steps
        return [await self.send(step) for step in steps]

    def step(self, file: str) -> Step:
        """The step whose file name begins so."""
        return next(one for one in self.story.steps if one.file.name.startswith(file))

    async def send(self, step: Step) -> Told:
        """One step through its door."""
        patient = await self.find(step.sender, step.citizen) if step.door == "consent" else ""
        return await stories.play(step, self.doors, patient)

    async def find(self, reader: str, identifier: str = "") -> str:
        """The Patient id that this reader finds."""
        return await stories.find(self.doors, reader, identifier or self.story.citizen)

    @property
    def patient(self) -> str:
        """The Patient id of the citizen, as the gateway's key makes it: for readers that cannot find it."""
        return ids(SECRET)("Patient", self.story.citizen)

    async def plan(self, reader: str, **acting: Any) -> tuple[int, dict[str, Any]]:
        """Status and body of the joint plan as one reader sees it."""
        return await stories.joint_plan(self.doors, reader, self.patient, **acting)

    async def get(self, reader: str, path: str, **acting: Any) -> httpx2.Response:
        """A GET by one reader."""
        return await self.doors.http.get(f"/fhir/{path}", headers=await self.bearer(reader, **acting))

    async def post(self, sender: str, path: str, content: bytes, kind: str) -> httpx2.Response:
        """A POST by one sender."""
        headers = await self.bearer(sender) | {"Content-Type": kind}
        return await self.doors.http.post(path, content=content, headers=headers)

    async def bearer(self, player: str, **acting: Any) -> dict[str, str]:
        token = await self.doors.players[player].token(self.doors.http, **acting)
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def stage(name: str, url: str, folder: Path, **settings: Any) -> AsyncIterator[Stage]:
    """The doors of a gateway of its own, open at the time of a story."""
    told = STORIES[name]
    clock = Clock(stories.clock_from(told.now))
    (folder / "secret").write_bytes(SECRET)
    (folder / "secret").chmod(0o600)
    players: Mapping[str, Player] = register(folder / "clients", clock)
    made = Settings(**({"data_folder": folder, "database_url": url, "http_port": 0, "mllp_port": 0} | settings))
    async with running(made, clock=clock) as here, httpx2.AsyncClient(base_url=here.url, timeout=20) as http:
        yield Stage(told, here.gateway, Doors(http, made.mllp_host, here.mllp_port, players), clock, folder)


def run(work: Awaitable[Any]) -> Any:
    """What a coroutine gives, within a minute."""

    async def bounded() -> Any:
        async with asyncio.timeout(SECONDS):
            return await work

    return asyncio.run(bounded())
