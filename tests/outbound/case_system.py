"""Case systems on real sockets: they answer by path, remember what they were asked, and can be as hostile as a test
wants them to be. All names and numbers in them are made up."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.outbound.receivers import closing

Json = dict[str, Any]
CPR, OTHER = "2512489996", "2509479989"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """One answer; `body` bytes go out as they are. `wait` seconds before it, `drip` seconds between its bytes."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    drip: float = 0.0

    @property
    def raw(self) -> bytes:
        return (
            self.body if isinstance(self.body, bytes) else b"" if self.body is None else json.dumps(self.body).encode()
        )


Answer = Callable[[Asked], "Reply | Any"]


@dataclass
class CaseSystem:
    """What it answers by `METHOD /path` (without the query), and what it was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    tokens: int = 0
    lifetime: int = 3600
    good: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self, method: str = "") -> list[str]:
        """The paths asked, tokens left out."""
        return [one.path for one in self.asked if one.path != "/token" and method in ("", one.method)]

    def token(self, asked: Asked) -> Reply:
        form = asked.body.decode()
        if "grant_type=client_credentials" not in form or "client_secret=hush" not in form:
            return Reply({"error": "invalid_client"}, 401)
        self.tokens += 1
        self.good.add(f"t{self.tokens}")
        return Reply({"access_token": f"t{self.tokens}", "expires_in": self.lifetime, "token_type": "Bearer"})

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = lines[0].split(" ")
                headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                asked = Asked(method, path, headers, body)
                self.asked.append(asked)
                await self._write(writer, self._reply(asked))

    def _reply(self, asked: Asked) -> Reply:
        if asked.path == "/token":
            return self.token(asked)
        if asked.headers.get("authorization", "").removeprefix("bearer ") not in self.good:
            return Reply({"error": "invalid_token"}, 401)
        answer = self.answers.get(f"{asked.method} {asked.path.partition('?')[0]}")
        found = answer(asked) if answer else Reply({"message": "not here"}, 404)
        return found if isinstance(found, Reply) else Reply(found)

    async def _write(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        await asyncio.sleep(reply.wait)
        raw = reply.raw
        head = {"Content-Type": "application/json", "Content-Length": str(len(raw))} | reply.headers
        writer.write(f"HTTP/1.1 {reply.status} x\r\n".encode())
        writer.write("".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + b"\r\n")
        for at in range(0, len(raw), 1 if reply.drip else max(len(raw), 1)):
            writer.write(raw[at : at + 1] if reply.drip else raw)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(reply.drip)


@asynccontextmanager
async def listening(system: CaseSystem) -> AsyncIterator[CaseSystem]:
    """The system, on a socket."""
    server = await asyncio.start_server(system.talk, "127.0.0.1", 0)
    system.port = server.sockets[0].getsockname()[1]
    try:
        yield system
    finally:
        server.close()
        await server.wait_closed()


def nexus(**grants: list[Json]) -> Nexus:
    """A KMD Nexus with these grants by number of the citizen: `nexus(c2512489996=[…])`."""
    system = Nexus()
    for number, given in grants.items():
        system.add(number.removeprefix("c"), given)
    return system


def grant(number: int, name: str = "Socialpædagogisk støtte", section: str = "§ 85", **dates: str) -> Json:
    """A grant of typed elements; dates by the type of their element."""
    told = {"orderedDate": "2026-01-05", "workflowApprovedDate": "2026-01-12"} | dates
    elements: list[Json] = [{"type": "paragraph", "paragraph": {"name": "Serviceloven", "section": section}}]
    elements += [{"type": kind, "date": day} for kind, day in told.items()]
    return {"id": number, "type": "patientGrant", "name": name, "currentElements": elements}


@dataclass
class Nexus(CaseSystem):
    """KMD Nexus: HAL from its root, as the facts and the assumptions of mappings/nexus tell it."""

    citizens: dict[str, Json] = field(default_factory=dict)
    inbox: dict[str, list[Json]] = field(default_factory=dict)
    told: list[tuple[str, Any]] = field(default_factory=list)  # what it was told of letters

    def __post_init__(self) -> None:
        self.answers |= {"GET /api/v2/": self.root, "POST /api/v2/search": self.search}

    def root(self, asked: Asked) -> Json:
        return {"_links": {"self": self.link("/api/v2/"), "patientDetailsSearch": self.link("/api/v2/search")}}

    def link(self, path: str) -> Json:
        return {"href": f"{self.url}{path}"}

    def search(self, asked: Asked) -> Any:
        wanted = asked.json
        assert wanted["keyType"] == "CPR"
        found = self.citizens.get(wanted["businessKey"])
        return (
            Reply(None, 404) if found is None else found | {"_links": self.links(found["id"]), "version": self.tokens}
        )

    def links(self, identity: int) -> Json:
        names = {"patientPreferences": "preferences", "patientConditions": "conditions", "medcomInbox": "inbox"}
        return {name: self.link(f"/api/v2/patients/{identity}/{path}") for name, path in names.items()}

    def add(self, number: str, grants: list[Json], **more: Any) -> None:
        """A citizen with these grants, in a pathway within a pathway."""
        identity = 4000 + len(self.citizens)
        name = {"firstName": "Bruno", "lastName": "Elmer", "fullName": "Bruno Elmer"}
        self.citizens[number] = {
            "id": identity,
            **name,
            "patientIdentifier": {"type": "cpr", "identifier": number},
        } | more
        here, view = f"/api/v2/patients/{identity}", f"/api/v2/views/{identity}"
        self.answers |= {
            f"GET {here}/preferences": lambda _: {"CITIZEN_PATHWAY": [{"_links": {"self": self.link(view)}}]},
            f"GET {view}": lambda _: {"_links": {"pathwayReferences": self.link(f"{here}/references")}},
            f"GET {here}/references": lambda _: self.references(grants),
            f"GET {here}/conditions": lambda _: {"_embedded": {"conditions": []}},
            f"GET {here}/inbox": lambda _: self.letters(number),
        }
        for one in grants:
            self.answers[f"GET /api/v2/grants/{one['id']}"] = lambda _, one=one: one

    def references(self, grants: list[Json]) -> list[Json]:
        """Grants in a pathway within a pathway."""
        found = [
            {"type": "basketGrantReference", "_links": {"referencedObject": self.link(f"/api/v2/grants/{one['id']}")}}
            for one in grants
        ]
        inner = {"type": "patientPathwayReference", "name": "Bostøtte", "id": 71, "children": found}
        return [{"type": "patientPathwayReference", "name": "Grundforløb", "id": 70, "children": [inner]}]

    def letters(self, number: str) -> Json:
        return {"_embedded": {"messages": [self.message(one) for one in self.inbox.get(number, [])]}}

    def deliver(self, number: str, raw: bytes, identity: int = 1) -> None:
        """A message in the inbox of a citizen."""
        letter = {"id": identity, "raw": base64.b64encode(raw).decode(), "state": "RECEIVED"}
        self.inbox.setdefault(number, []).append(letter)
        here = f"/api/v2/inbox/{identity}"
        moves = {"accept": "ACCEPTED", "place": "PLACED", "archive": "ARCHIVED"}
        for action, state in moves.items():
            self.answers[f"PUT {here}/{action}"] = lambda asked, a=action, s=state: self.move(letter, a, s, asked)
        self.answers[f"GET {here}"] = lambda _: self.message(letter)

    def move(self, letter: Json, action: str, state: str, asked: Asked) -> Json:
        self.told.append((action, asked.json))
        letter["state"] = state
        if state == "ARCHIVED":
            for several in self.inbox.values():
                several[:] = [one for one in several if one is not letter]
        return self.message(letter)

    def message(self, letter: Json) -> Json:
        """As its state is, so are its links."""
        here = f"/api/v2/inbox/{letter['id']}"
        links = {"self": self.link(here)}
        if letter["state"] == "RECEIVED":
            links["accept"] = self.link(f"{here}/accept")
        if letter["state"] == "ACCEPTED":
            links["placeOnPathway"] = self.link(f"{here}/place")
        if letter["state"] in ("ACCEPTED", "PLACED"):
            links["archive"] = self.link(f"{here}/archive")
        return letter | {"_links": links}


@dataclass
class Momentum(CaseSystem):
    """KMD Momentum: REST with an API key, as the facts and the assumptions of mappings/momentum tell it."""

    citizens: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.answers["GET /api/citizens/find"] = self.search

    def search(self, asked: Asked) -> Any:
        if asked.headers.get("apikey") != "k3y":
            return Reply({"error": "apikey"}, 403)
        return self.citizens.get(asked.path.partition("?cpr=")[2]) or Reply(None, 404)

    def add(self, number: str, **parts: list[Json]) -> None:
        """A citizen with markings, tasks, journalnotes, caseworkers, plans."""
        identity = f"b{len(self.citizens)}"
        self.citizens[number] = {
            "id": identity,
            "cpr": number,
            "firstName": "Bruno",
            "lastName": "Elmer",
            "name": "Bruno Elmer",
        }
        for name in ("markings", "tasks", "journalnotes", "caseworkers", "plans"):
            self.answers[f"GET /api/citizens/{identity}/{name}"] = lambda _, name=name: {"data": parts.get(name, [])}
