"""Subscribers of the tests: servers of their own, and a gateway that tells them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.flows.subscriptions import notice, send_due
from gateway.inbound.clients import Clients
from gateway.inbound.rest.subscribing import standing
from gateway.inbound.scopes import Scope
from gateway.outbound.hooks import Hooks
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, HOSPITAL, JOBCENTER, SOCIAL, admission, headers

TOPIC = "https://faellesplan.dk/fhir/SubscriptionTopic/"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
ALL = Scope("Subscription", "cruds")
OURS = tuple(replace(one, scopes=(*one.scopes, ALL, Scope("Goal", "cruds"))) for one in (HOSPITAL, SOCIAL, JOBCENTER))
EVERYONE = (*OURS, CLIENTS[-1])


@dataclass
class Subscriber:
    """A server of a subscriber's: what it got, and what it answers."""

    url: str = ""
    status: str = "200 OK"
    more: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def bundles(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def said(self) -> list[dict[str, Any]]:
        return [parameters(one) for one in self.bundles()]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            given = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            given["request"] = head[0]
            self.got.append((given, await reader.readexactly(int(given["content-length"]))))
            writer.write(
                f"HTTP/1.1 {self.status}\r\n{self.more}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
        writer.close()


@asynccontextmanager
async def subscriber(tls: ssl.SSLContext | None = None) -> AsyncIterator[Subscriber]:
    there = Subscriber()
    server = await asyncio.start_server(there.take, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    there.url = f"https://hooks.example:{port}/in?a=1" if tls else f"http://127.0.0.1:{port}/in"
    async with server:
        yield there


def parameters(bundle: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for one in bundle["entry"][0]["resource"]["parameter"]:
        told[one["name"]] = one.get("part") or next(value for name, value in one.items() if name.startswith("value"))
    return told


def wanted(topic: str, url: str, **more: Any) -> dict[str, Any]:
    channel: dict[str, Any] = {"type": "rest-hook", "endpoint": url, "payload": "application/fhir+json"}
    channel |= more.pop("channel", {})
    if content := more.pop("content", ""):
        channel["_payload"] = {"extension": [{"url": f"{BACKPORT}backport-payload-content", "valueCode": content}]}
    if citizen := more.pop("citizen", ""):
        asked = f"Encounter?patient=Patient/{citizen}"
        more["_criteria"] = {"extension": [{"url": f"{BACKPORT}backport-filter-criteria", "valueString": asked}]}
    return {
        "resourceType": "Subscription", "status": "requested", "reason": "følge planen", "criteria": TOPIC + topic,
        "channel": channel, **more,
    }  # fmt: skip


@dataclass
class World:
    here: Http
    there: Subscriber
    hooks: Hooks

    async def subscribe(self, who: dict[str, str], topic: str, **more: Any) -> tuple[str, str]:
        """Its id, and its secret."""
        url = more.pop("url", self.there.url)
        answer = await self.here.web.post("/fhir/Subscription", headers=who, json=wanted(topic, url, **more))
        assert answer.status_code == 201, answer.text
        (secret,) = [
            one["valueString"] for one in answer.json()["extension"] if one["url"].endswith("subscription-secret")
        ]
        await self.work()
        return str(answer.json()["id"]), secret

    async def work(self, *, tries: int = 3, clients: Clients | None = None, seconds: float = 0) -> None:
        """What goes on beside the doors, until nothing is due."""
        self.here.world.clock.forward(seconds)
        await notice(self.here.gateway)
        by = standing(clients or self.here.world.clients)
        while await send_due(self.here.gateway, self.hooks, by, tries):
            pass

    async def hear(self, raw: bytes) -> None:
        """An HL7 v2 message comes in, a second later."""
        self.here.world.clock.forward(1)
        er7 = {**await headers(self.here), "Content-Type": "application/hl7-v2"}
        answer = await self.here.web.post("/messages/hl7v2", headers=er7, content=raw)
        assert answer.status_code == 200, answer.text
        await self.work()


async def home(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def in_world(database_url: str, test: Callable[[World], Awaitable[None]]) -> None:
    async def with_all() -> None:
        async with http(database_url, *EVERYONE) as here, subscriber() as there:
            await test(World(here, there, Hooks(here.gateway.hook_hosts, ssl.create_default_context())))

    run(with_all)


def event(kind: str, control: str, at: str) -> bytes:
    """Another event of the stay of `admission`."""
    return admission(control).replace(b"ADT^A01", b"ADT^" + kind.encode()).replace(
        b"EVN|A01|20250314083000", f"EVN|{kind}|{at}".encode()
    )  # fmt: skip
