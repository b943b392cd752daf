"""Systems that write by REST, and short resources of one citizen that they write."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from gateway.domain.identifier import CVR, SOR, Identifier
from gateway.domain.record import AccessRecord, from_bytes
from gateway.inbound.clients import Client
from gateway.inbound.scopes import Scope
from tests.inbound.http_world import Http, http
from tests.inbound.one_citizen import HOSPITAL, JOBCENTER, SOCIAL, arrive, headers

JSON = "application/fhir+json"
_ALL = (Scope("*", "cruds"),)
_SHELTER = "953741000016009"
WRITERS: tuple[Client, ...] = (
    replace(HOSPITAL, scopes=_ALL),
    replace(SOCIAL, scopes=_ALL, purposes=("TREAT", "HOPERAT", "BTG", "COC")),
    replace(JOBCENTER, scopes=_ALL, sends=("koebenhavn-momentum",)),
    replace(HOSPITAL, id="psyk", scopes=_ALL, sends=("regionh-psyk-adt",), organisation=Identifier(SOR, _SHELTER)),
    replace(HOSPITAL, id="limited", scopes=(Scope("*", "rs"), Scope("Goal", "c"))),
    replace(HOSPITAL, id="mute", scopes=_ALL, sends=()),
    replace(HOSPITAL, id="entitled", scopes=_ALL, sends=("regionh-edifact",)),
)
COPENHAGEN = {"system": CVR, "value": "64942212"}


def with_id(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The resource with the id that the path ends in, unless it has one: an update holds it."""
    identity = path.strip("/").partition("/")[2]
    return {"id": identity, **body} if identity and "?" not in path else body


@dataclass
class Rest:
    """The doors, with the Patient id of a citizen whom the municipality and the hospital know."""

    http: Http
    patient: str
    _bearers: dict[str, dict[str, str]] = field(default_factory=dict)

    async def call(
        self, method: str, path: str, body: Any = None, *, who: str = "epj", **extra: str
    ) -> httpx2.Response:
        """One request below /fhir; header names are written with underscores. What is PUT to an id holds it."""
        self.http.world.clock.forward(0.001)
        named = f"{who} {int(self.http.world.clock().timestamp()) // 60}"
        if named not in self._bearers:
            self._bearers[named] = await headers(self.http, who, "HOPERAT" if who == "jobcenter" else "TREAT")
        told = {**self._bearers[named], "Content-Type": JSON} | {k.replace("_", "-"): v for k, v in extra.items()}
        if method == "PUT" and isinstance(body, dict):
            body = with_id(path, body)
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return await self.http.web.request(method, f"/fhir{path}", headers=told, content=content)

    async def made(self, body: dict[str, Any], **more: str) -> dict[str, Any]:
        """A resource that must be created, as it comes back."""
        told = await self.call("POST", f"/{body['resourceType']}", body, **more)
        assert told.status_code == 201, told.text
        shown: dict[str, Any] = told.json()
        return shown

    def about(self, kind: str, **more: Any) -> dict[str, Any]:
        """A resource of the citizen."""
        name = {"Task": "for", "Consent": "patient", "RelatedPerson": "patient", "EpisodeOfCare": "patient"}
        subject = {name.get(kind, "subject"): {"reference": f"Patient/{self.patient}"}}
        return {"resourceType": kind, **(subject if kind not in ("Patient", "Appointment") else {}), **more}

    def goal(self, words: str = "Egen bolig", **more: Any) -> dict[str, Any]:
        """A Goal, which takes few words."""
        return self.about("Goal", lifecycleStatus="active", description={"text": words}, **more)

    async def count(self, table: str) -> int:
        """How many rows there are."""
        return int(await self.http.gateway.database.fetchval(f"SELECT count(*) FROM {table}"))

    async def records(self, **where: Any) -> list[AccessRecord]:
        """The access records of looks and writes, oldest first."""
        rows = await self.http.gateway.database.fetch(
            "SELECT body FROM access_record WHERE interaction NOT IN ('import', 'token') ORDER BY id"
        )
        told = [from_bytes(row["body"]) for row in rows]
        return [one for one in told if all(getattr(one, name) == value for name, value in where.items())]


@asynccontextmanager
async def rest(database_url: str) -> AsyncIterator[Rest]:
    """The doors open, with one citizen."""
    async with http(database_url, *WRITERS) as here:
        yield Rest(here, await arrive(here))


def left_out(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """A resource without what the gateway sets."""
    return {name: value for name, value in body.items() if name not in ("id", "meta", *names)}
