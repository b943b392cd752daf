"""Two worlds, asked the same at the same moment by one caller; B holds what the caller may not see, and A does not.

Ids are made of chance: before every request chance begins anew and alike in both worlds, so ids are the same and are
compared too. Sealed links differ in each writing; of them the length is compared, and each is followed in its own
world.
"""

from __future__ import annotations

import json
import random
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.domain.identifier import CPR, CVR, Identifier
from gateway.flows.bulk import make_bulk
from gateway.flows.subscriptions import notice, send_due
from gateway.inbound.rest.subscribing import standing
from gateway.inbound.scopes import Scope
from tests.attack.two_worlds import BEGUN, Case, Known, build, known, times
from tests.attack.world import CAST, JSON, SARAH, Doors, Raw, doors
from tests.inbound.oauth_client import hospital

_ALL = (Scope("*", "cruds"),)
CITIZEN = hospital(
    id="citizen", name="Borgerens app", role="citizen", sector="municipality", organisation=Identifier(CVR, "64942212"),
    organisation_name="Borgerens app", purposes=("PATRQT",), scopes=_ALL, sends=(), member_of=(),
)  # fmt: skip
CLIENTS = (*(replace(one, scopes=_ALL) for one in CAST if one.id != "auditor"), CITIZEN)
_ADDRESS = "https://gateway.example"
_OTHER_TABLES = ("subscription", "directory_version", "directory")
_SEALED = re.compile(rb"(_page=)([A-Za-z0-9_.=-]+)")
_OWN = re.compile(rb'(name="csrf" value=")[^"]+')  # what each session of the console has against forms of other sites
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEXT = re.compile(rb'"relation":"next","url":"https://[^/"]+(/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Request:
    """One request; what it asks for in JSON, where it has a body; `scope` is that of its token."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    scope: str = "system/*.cruds"


def sent(method: str, path: str, body: Any, **headers: str) -> Request:
    """A request with a resource in it; header names are written with underscores."""
    told = {"Content-Type": JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, told, json.dumps(body).encode())


class Chance:
    """`secrets`, as far as it makes texts and bytes, from a number that both worlds are given."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._dice = random.Random(0)
        patch.setattr(secrets, "token_bytes", lambda count=32: self._dice.randbytes(count))
        patch.setattr(secrets, "token_hex", lambda count=32: self._dice.randbytes(count).hex())
        patch.setattr(secrets, "token_urlsafe", lambda count=32: _text(self._dice.randbytes(count)))

    def begin(self, number: object) -> None:
        self._dice.seed(repr(number))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Twins:
    """The two worlds, and what the caller has learned in them: what it made, and where pages go on."""

    a: Doors
    b: Doors
    chance: Chance
    case: Case
    known: Known = field(default_factory=lambda: Known((), ()))
    made: list[tuple[str, str, str]] = field(default_factory=list)  # type, id, ETag
    pages: list[tuple[str, str]] = field(default_factory=list)
    step: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    notices: int = 0

    async def begin(self, case: Case) -> None:
        """A holds what is shared, and B something hidden too; the rest of that comes between the requests."""
        self.case, self.made, self.pages = case, [], []
        for here in (self.a, self.b):
            for table in _OTHER_TABLES:
                await here.http.gateway.database.fetchval(f"DELETE FROM {table}")
        self.chance.begin((self.step, "a world"))
        await build(self.a, times(Case(case.caller, case.shared, ()), ()))
        self.chance.begin((self.step, "a world"))
        await build(self.b, times(case, [0.5 + number for number, _ in enumerate(case.hidden)]))
        self.known = await known(self.b)

    async def hear(self, sender: str, message: bytes) -> None:
        """Something hidden comes to B; from now on the caller asks for it, too."""
        assert (await self.b.send(sender, message)).status in (200, 201)
        self.known = await known(self.b)

    async def bearer(self, here: Doors, scope: str = "system/*.cruds") -> dict[str, str]:
        if self.case.caller == "citizen":
            return await here.bearer("citizen", purpose="PATRQT", scope=scope, subject_id=f"{CPR}|{SARAH}")
        return await here.bearer(self.case.caller, scope=scope)

    async def ask(self, one: Request, other: Request | None = None) -> Raw:
        """The answer of both worlds. `other` is the request as B must be asked, where links are sealed."""
        self.step += 1
        told = []
        for here, request in ((self.a, one), (self.b, other or one)):
            here.http.world.clock.forward(1)
            self.chance.begin(self.step)
            headers = await self.bearer(here, request.scope) | {"X-Request-Id": "the-same"} | request.headers
            self.chance.begin((self.step, "asked"))
            told.append(await here.http.raw(request.method, request.path, headers, request.body))
        first, second = told
        assert shape(first) == shape(second), (one.method, one.path, one.body[:300])
        assert first.status < 500, (one, first.body)
        self.statuses[first.status] = self.statuses.get(first.status, 0) + 1
        self._learn(one, first, second)
        return first

    def _learn(self, request: Request, first: Raw, second: Raw) -> None:
        links = [_NEXT.findall(one.body) for one in (first, second)]
        self.pages += [(a.decode(), b.decode()) for a, b in zip(*links, strict=True)]
        where = first.headers.get("location", "")
        if first.status == 201 and "/fhir/" in where:
            kind, identity = where.partition("/fhir/")[2].split("/")[:2]
            self.made.append((kind, identity, first.headers.get("etag", 'W/"1"')))
        elif first.status == 200 and request.method in ("PUT", "PATCH") and "etag" in first.headers:
            place = request.path.removeprefix("/fhir/").partition("?")[0].split("/")[:2]  # by a condition no id
            tag = first.headers["etag"]
            self.made = [(k, i, tag if [k, i] == place else t) for k, i, t in self.made]

    async def say(self, message: bytes) -> None:
        """The caller's system sends this in both worlds; what it is answered is compared but for new uuids."""
        self.step += 1
        told = []
        for here in (self.a, self.b):
            here.http.world.clock.forward(1)
            self.chance.begin((self.step, "said"))
            await self.bearer(here)
            self.chance.begin((self.step, "heard"))
            answer = await here.send(self.case.caller, message)
            told.append((answer.status, _UUID.sub(b"", answer.body)))
        assert told[0] == told[1]

    async def export(self, asked: Request) -> None:
        """A bulk export of the caller's circle, from the asking to the last line of the last file."""
        told = await self.ask(asked)
        if told.status != 202:
            return
        path = told.headers["content-location"].partition(_ADDRESS)[2]
        for here in (self.a, self.b):
            self.chance.begin((self.step, "made"))
            await make_bulk(here.http.gateway, standing(here.http.inbound.clients))
        manifest = (await self.ask(Request("GET", path))).json()
        for one in manifest["output"]:
            await self.ask(Request("GET", one["url"].partition(_ADDRESS)[2]))
        await self.ask(Request("DELETE", path))

    async def notified(self) -> None:
        """What subscriptions of this caller are told, in both worlds."""
        self.step += 1
        told: list[list[tuple[str, bytes, dict[str, str]]]] = [[], []]
        for here, got in zip((self.a, self.b), told, strict=True):

            async def post(*sent: Any, got: list[Any] = got) -> None:
                got.append(sent)

            here.http.world.clock.forward(1)
            self.chance.begin((self.step, "told"))
            await notice(here.http.gateway)
            while await send_due(here.http.gateway, post, standing(here.http.inbound.clients)):
                pass
        assert sorted(told[0], key=str) == sorted(told[1], key=str)  # those to several subscribers go out at once
        self.notices += len(told[0])

    async def page(self, patient: str) -> None:
        """The citizen's plan in a browser, in both worlds."""
        self.step += 1
        told = []
        for here in (self.a, self.b):
            here.http.world.clock.forward(1)
            self.chance.begin(self.step)
            bearer = await self.bearer(here)
            self.chance.begin((self.step, "asked"))
            told.append(await opened_page(here, bearer, patient))
        assert told[0] == told[1]


def shape(answer: Raw) -> tuple[int, dict[str, str], bytes]:
    """What is compared: everything, but of a sealed link its length."""
    body = _SEALED.sub(lambda found: found[1] + str(len(found[2])).encode(), answer.body)
    return answer.status, answer.headers, body


async def opened_page(here: Doors, bearer: dict[str, str], patient: str) -> tuple[int, bytes]:
    """Status and content of the plan in a browser."""
    web = here.http.web
    web.cookies.clear()
    made = await web.post("/console/tickets", headers=bearer, data={"patient": patient})
    if made.status_code != 201:
        return made.status_code, made.content
    entered = await web.post("/console/login", data={"ticket": made.json()["url"].partition("ticket=")[2]})
    shown = await web.get(entered.headers["location"])
    return shown.status_code, _OWN.sub(b"", shown.content)


async def open_twins(stack: AsyncExitStack, first: str, second: str, patch: pytest.MonkeyPatch) -> Twins:
    """Both doors open on their databases."""
    a = await stack.enter_async_context(doors(first, *CLIENTS))
    b = await stack.enter_async_context(doors(second, *CLIENTS))
    return Twins(a, b, Chance(patch), Case("", (), ()))


__all__ = ["BEGUN", "CLIENTS", "Request", "Sequence", "Twins", "open_twins", "sent"]
