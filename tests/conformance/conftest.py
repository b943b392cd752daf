"""One real gateway on real sockets for the tests of public conformance: a small population, and clients with tokens."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.cli.playing import story as stories
from gateway.cli.playing.cast import PARTS, Player, register
from gateway.cli.playing.story import Doors, Story
from gateway.cli.serve import running
from gateway.inbound.clients import written
from gateway.inbound.issuer import users
from gateway.inbound.issuer.passwords import hashed
from gateway.inbound.keys import new_client_key
from gateway.settings import Settings
from tests.conftest import fresh_database
from tests.stories.playing import STORIES, Clock

STORY = STORIES["maal"]
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
JSON = {"Content-Type": "application/fhir+json"}
WRITERS: dict[str, dict[str, Any]] = {
    "writer": PARTS["herlev"] | {"scopes": ["system/*.cruds"]},
    "scripts": PARTS["herlev"] | {"scopes": ["system/*.cruds"]},  # its exports wait for nobody else's
    "office": PARTS["social"] | {"scopes": ["system/*.cruds"]},
}
_TOKEN_SECONDS = 120
_PATIENCE = 60


@dataclass(slots=True)
class Standing:
    """A gateway that stands open: its address, a citizen it knows, and who calls it."""

    url: str
    patient: str
    players: dict[str, Player]
    tokens: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    def bearer(self, player: str = "writer", scope: str = "system/*.cruds") -> dict[str, str]:
        """The Authorization header of a registered client, as an integrator would get it."""
        held = self.tokens.get((player, scope))
        if held is None or time.monotonic() - held[0] > _TOKEN_SECONDS:
            held = self.tokens[player, scope] = (time.monotonic(), self._token(player, scope))
        return {"Authorization": f"Bearer {held[1]}"}

    def _token(self, player: str, scope: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.players[player].assertion(self.url),
            "scope": scope,
        }
        answer = httpx2.post(f"{self.url}/oauth/token", data=form, timeout=20)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def call(self, method: str, path: str, *, player: str = "writer", **sent: Any) -> httpx2.Response:
        """One request with a token."""
        headers = {**self.bearer(player), **sent.pop("headers", {})}
        return httpx2.request(method, f"{self.url}{path}", headers=headers, timeout=20, **sent)


@pytest.fixture(scope="session")
def standing(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """The gateway, for as long as the tests of this folder run."""
    folder = tmp_path_factory.mktemp("standing")
    with fresh_database(postgres) as url:
        thread = _Thread(url, folder)
        thread.start()
        try:
            yield thread.opened()
        finally:
            thread.end()


class _Thread(threading.Thread):
    """The gateway has its own loop, so that tests may call it like anybody else."""

    def __init__(self, database: str, folder: Path) -> None:
        super().__init__(name="standing gateway", daemon=True)
        self._settings = Settings(data_folder=folder, database_url=database, http_port=0, mllp_port=0)
        self._open = threading.Event()
        self._standing: Standing | None = None
        self._failed: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._enough = asyncio.Event()

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for it
            self._failed = error
        finally:
            self._open.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        clock = Clock(stories.clock_from(STORY.now))
        players = _registered(self._settings.data_folder / "clients", clock)
        async with running(self._settings, clock=clock) as here:
            async with httpx2.AsyncClient(base_url=here.url, timeout=20) as http:
                doors = Doors(http, self._settings.mllp_host, here.mllp_port, players)
                patient = await _populate(STORY, doors)
                await _write(doors, patient)
            self._standing = Standing(here.url, patient, players)
            self._open.set()
            await self._enough.wait()

    def opened(self) -> Standing:
        """Waits until the doors are open."""
        assert self._open.wait(_PATIENCE)
        if self._failed:
            raise self._failed
        assert self._standing is not None
        return self._standing

    def end(self) -> None:
        """Closes the doors."""
        if self._loop and self.is_alive():
            self._loop.call_soon_threadsafe(self._enough.set)
        self.join(_PATIENCE)


def _registered(folder: Path, clock: Clock) -> dict[str, Player]:
    """The cast of the stories, and a hospital's and a municipality's system with every scope."""
    players = dict(register(folder, clock))
    for name, part in WRITERS.items():
        pem, jwk = new_client_key()
        entry = {key: value for key, value in part.items() if key not in ("user", "purpose")}
        (folder / f"{name}.yaml").write_text(written(entry | {"id": name, "jwks": {"keys": [jwk]}}), "utf-8")
        players[name] = _Writer(name, pem, jwk["kid"], clock)
    user = {"id": "karla.bo", "name": "Karla Bo", "client": "auditor", "purpose": "HCOMPL"}
    (folder.parent / "users").mkdir()
    password = hashed("fjorten grønne heste")
    (folder.parent / "users" / "karla.yaml").write_text(users.written(user | {"password": password}), "utf-8")
    return players


class _Writer(Player):
    """One of the writers instead of the cast."""

    @property
    def part(self) -> dict[str, Any]:
        return WRITERS[self.id]


async def _populate(story: Story, doors: Doors) -> str:
    """The story is played; gives the Patient id of its citizen."""
    for step in story.steps:
        patient = (
            await stories.find(doors, step.sender, step.citizen or story.citizen) if step.door == "consent" else ""
        )
        told = await stories.play(step, doors, patient)
        assert told.accepted, (step.file.name, told)
    return await stories.find(doors, "herlev", story.citizen)


async def _write(doors: Doors, patient: str) -> None:
    """A blood pressure, written by REST: what the public scripts search for."""
    headers = {"Authorization": f"Bearer {await doors.players['writer'].token(doors.http)}"}
    pressure = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2025-12-01T10:00:00+01:00",
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "8480-6"}]},
                "valueQuantity": {"value": 151, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
            }
        ],
    }
    answer = await doors.http.post("/fhir/Observation", json=pressure, headers=headers | JSON)
    assert answer.status_code == 201, answer.text
