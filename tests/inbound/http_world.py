"""The HTTP doors on a real database, and clients that call them: for the tests of the doors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import httpx2
from fastapi import FastAPI

from gateway import bootstrap
from gateway.domain import endpoint
from gateway.domain.directory import Registry, of_sources
from gateway.domain.resource import ids
from gateway.domain.searching.query import parameters
from gateway.domain.source import Connection, Source
from gateway.flows.parts import Gateway
from gateway.inbound.app import make_app
from gateway.inbound.clients import Client, Clients
from gateway.inbound.door import Inbound
from gateway.inbound.keys import new_signing_key
from gateway.settings import Settings
from gateway.store import keys
from gateway.store.pool import Database
from gateway.translate import r4
from gateway.translate.oioxml.out.correspondence import Tables
from gateway.translate.organisations import organisations
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from tests.inbound.oauth_client import ISSUER, Clock, World

SECRET = b"s" * 32


@dataclass(frozen=True)
class Raw:
    """An answer as ASGI gave it."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Http:
    """The application, a client of it, and a registered system that can get tokens."""

    app: FastAPI
    web: httpx2.AsyncClient
    world: World
    gateway: Gateway
    inbound: Inbound

    async def raw(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Raw:
        """One request with its path byte for byte, which HTTP clients would tidy up."""
        raw = path.encode()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": unquote(path.partition("?")[0]),
            "raw_path": raw.partition(b"?")[0],
            "query_string": raw.partition(b"?")[2],
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
            "client": ("192.0.2.1", 1234),
            "server": ("gateway.example", 443),
        }
        told: list[Any] = []

        left = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not left:
                await asyncio.Event().wait()  # the caller stays until it is answered
            return left.pop()

        async def send(message: Any) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        given = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        return Raw(told[0]["status"], given, b"".join(m.get("body", b"") for m in told[1:]))

    async def token(self, scope: str = "system/*.cruds", client: str = "rh-epj", **claims: Any) -> str:
        """An access token for a client, through the token endpoint."""
        claims = {"iss": client, "sub": client, **claims}
        form = self.world.form(self.world.assertion(**claims), scope=scope)
        answer = await self.web.post("/oauth/token", data=dict(form))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def bearer(self, scope: str = "system/*.cruds", client: str = "rh-epj", **claims: Any) -> dict[str, str]:
        """The Authorization header."""
        return {"Authorization": f"Bearer {await self.token(scope, client, **claims)}"}


@asynccontextmanager
async def http(database_url: str, *clients: Client, deliver: Sequence[str] = (), **options: Any) -> AsyncIterator[Http]:
    """`deliver` are the sources that messages can be sent to."""
    world = World(*clients)
    database = await Database.open(database_url, size=4)
    try:
        gateway = parts(database, world.clock, tuple(world.clients), deliver)
        app = make_app(gateway, world.clients, [new_signing_key()], **options)
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=ISSUER) as web:
            yield Http(app, web, world, gateway, app.state.inbound)
    finally:
        await database.close()


def parts(database: Database, clock: Clock, clients: Sequence[Client], deliver: Sequence[str] = ()) -> Gateway:
    """A gateway by the rules, tables and sources of this project."""
    owned = tuple((client.id, client.role, client.organisation, client.sends) for client in clients)
    rules = _rules(owned, lambda: bootstrap.owners_of(Clients(clients)))
    facts = r4.facts().search
    return Gateway(
        database=database,
        languages=rules.languages,
        sources={source.id: replace(source, deliver=_line(source, deliver)) for source in rules.sources},
        policy=copy(rules.policy),  # what the directory tells is of this gateway alone
        labeller=rules.labeller,
        ids=ids(SECRET),
        secret=SECRET,
        log_key=keys.make("test.example/log"),
        clock=clock,
        search={kind: parameters(facts, kind) for kind in facts},
        public_url=ISSUER,
        letters=_TABLES,
        registry=_registry(),
        topics=rules.topics,
        hook_hosts=endpoint.hosts("127.0.0.1@127.0.0.0/8,hooks.example@127.0.0.0/8", "GATEWAY_HOOK_HOSTS"),
        terms=rules.terms,
        suspicion=rules.suspicion,
        insight=rules.insight,
        roles={client.id: client.role for client in clients},
    )


def _line(source: Source, deliver: Sequence[str]) -> Connection | None:
    return Connection("https://receiver.example/") if source.id in deliver else source.deliver


@lru_cache
def _registry() -> Registry:
    sources = {source.id: source for source in next(iter(_KNOWN.values())).sources}
    return Registry((*organisations(_CODES), *of_sources(sources)), ids(SECRET))


_CODES = Codes.read(Settings().mappings_folder / "codes", Problems())
_TABLES = Tables.of(_CODES)
_KNOWN: dict[tuple[Any, ...], bootstrap.Rules] = {}


def _rules(owned: tuple[Any, ...], owners: Callable[[], Any]) -> bootstrap.Rules:
    """Compiled once for all tests with the same clients: it takes a third of a second."""
    if owned not in _KNOWN:
        _KNOWN[owned] = bootstrap.read_rules(Settings().mappings_folder, SECRET, owners())
    return _KNOWN[owned]


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())
