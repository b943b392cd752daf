"""Every door of the table while the database is away: told as transient, in the door's own language, and nothing else.

The callers have their tokens and their sessions from before. "Not there" would be the worst answer: it is one that a
reader believes. A door that is added to the table is tried here without anybody thinking of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx2
import pytest

from gateway.flows.log import integrate
from gateway.inbound import definitions
from gateway.inbound.door import Bearer, Door, template
from gateway.inbound.doors import DOORS
from gateway.inbound.rest.kinds import DIRECTORY
from gateway.store.pool import Database
from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import AUDITOR, FIXTURES, NUMBER, ORDER, admission, arrive, headers
from tests.inbound.rest_world import WRITERS, Rest
from tests.inbound.test_console_frame import OPERATOR, token_of, work
from tests.inbound.test_rest_binary import binary

CALLERS = (*WRITERS, AUDITOR, OPERATOR)
ALONE = re.compile(  # the same for everybody, out of no table
    r"/fhir/metadata|/openapi\.json|(/fhir)?/\.well-known/|/console/(console\.css|jwks\.json|language|login)|/health/live|/metrics"
    r"|/log/keys|/fhir/.*\$(lookup|validate|validate-code|subsumes|translate)$"
)
NOT_SET_UP = re.compile(r"/oauth/authorize|/console/(signin|callback)|/log/witness|/\.well-known/openid-configuration")
OF_SESSIONS = ("console_session", "session", "revocation", "alembic_version")
FORM, FHIR = "application/x-www-form-urlencoded", "application/fhir+json"
SENT = {  # path → Content-Type and body
    "/messages/hl7v2": ("application/hl7-v2", admission("M2")),
    "/messages/oioxml": ("application/xml", b"<Emessage/>"),
    "/messages/edifact": ("application/edifact", b"UNB+UNOC:3+1:14+2:14+250314:1000+1'UNZ+0+1'"),
    "/messages/sf2900": ("application/soap+xml", b"<x/>"),
    "/cases/oio": ("application/xml", (FIXTURES / "oio" / "sag.xml").read_bytes()),
    "/cases/ydelse": ("application/xml", b"<x/>"),
    "/fhir/$process-message": (FHIR, ORDER.replace(b"Tangmose", b"Tangmosen")),
    "/cases/kl": (FHIR, ORDER),
    "/log/inclusion": ("index=0", b""),
    "/log/consistency": ("old=1&new=1", b""),
}
# Told by what stands in them, before anything is looked up. And organisations are known without a table too.
UNREADABLE = ("/messages/oioxml", "/messages/edifact", "/messages/sf2900", "/cases/ydelse", "/cases/oio-json")


@dataclass
class Calls:
    """A system, an auditor and a session of the pages that were there before the fault."""

    rest: Rest
    goal: dict[str, Any]
    epj: dict[str, str]
    audit: dict[str, str]
    csrf: str

    async def through(self, door: Door, kind: str = "Goal") -> httpx2.Response:
        """A request that would be answered, were the database there."""
        path = template(door).replace("/Patient/{id}", f"/Patient/{self.rest.patient}").replace("{kind}", kind)
        path = path.replace("{id}", self.goal["id"]).replace("{version}", "1").replace("{day}", "2025-03-14")
        path = re.sub(r"\{\w+\}", "0", path.replace("{rest}", "000"))
        sent, body = SENT.get(path, ("", b""))
        bearer = self.audit if isinstance(door, Bearer) and "AuditEvent.r" in door.needs else self.epj
        told = {**bearer, "Content-Type": sent or FHIR, "Prefer": "respond-async", "If-Match": 'W/"1"'}
        asked = path
        if door.method in ("GET", "DELETE") or sent.startswith(("index", "old")):
            asked += f"?{sent}" if sent else ""
            del told["Content-Type"]
        elif not body:
            told["Content-Type"], body = self._body(path, door.method, kind)
        interaction = door.interaction if isinstance(door, Bearer) else ""
        if interaction == "create":
            del told["If-Match"]  # no condition of a create
        if interaction.endswith("-conditional"):
            asked += f"?_id={self.goal['id']}" if kind in DIRECTORY else f"?patient={self.rest.patient}"
        elif (interaction, kind) == ("search-type", "Provenance") and door.method == "GET":
            asked += f"?target=Patient/{self.rest.patient}"
        return await self.rest.http.web.request(door.method, asked, headers=told, content=body)

    def _body(self, path: str, method: str, kind: str) -> tuple[str, bytes]:
        if path.endswith("_search"):
            return FORM, f"target=Patient/{self.rest.patient}".encode() if kind == "Provenance" else b"_count=1"
        if kind == "Binary":
            return FHIR, json.dumps(binary(self.goal["id"])).encode()
        if path == "/console/tickets":
            return FORM, f"patient={self.rest.patient}".encode()
        if path.startswith("/console/"):
            return FORM, f"csrf={self.csrf}&ticket=x&citizen={NUMBER}&system=x&shape=csv".encode()
        if path.startswith("/oauth/"):
            world = self.rest.http.world
            form = world.form(world.assertion(iss="epj", sub="epj"), scope="system/*.rs", token="x")
            return FORM, str(httpx2.QueryParams(form)).encode()
        if path.startswith("/cases/oio-json"):
            return "application/json", b"{}"
        if method == "PATCH":
            return "application/json-patch+json", b'[{"op":"test","path":"/resourceType","value":"%s"}]' % kind.encode()
        if path == "/fhir":
            entry = {"fullUrl": "urn:uuid:" + "0" * 8 + "-0000-4000-8000-" + "0" * 12, "resource": self.goal}
            entry["request"] = {"method": "POST", "url": "Goal"}
            return FHIR, json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}).encode()
        body = self.goal if "$" not in path else {"resourceType": "Parameters", "parameter": self._asks(path)}
        return FHIR, json.dumps(body).encode()

    def _asks(self, path: str) -> list[dict[str, Any]]:
        if not path.endswith("$explain-access"):
            return []
        patient = {"name": "patient", "valueReference": {"reference": f"Patient/{self.rest.patient}"}}
        return [patient, {"name": "client", "valueString": "epj"}, {"name": "purpose", "valueString": "TREAT"}]


@asynccontextmanager
async def calls(url: str) -> AsyncIterator[Calls]:
    async with http(url, *CALLERS) as here:
        rest = Rest(here, await arrive(here))
        goal = await rest.made(rest.goal())
        await work(here)
        csrf = token_of((await here.web.get("/console/search")).text)
        await integrate(here.gateway)
        yield Calls(rest, goal, await headers(here), await headers(here, "auditor", "HOPERAT"), csrf)


def is_transient(answer: httpx2.Response, where: object) -> None:
    """Told as such, in one of the languages of the house, with when to come again and nothing of anybody."""
    assert answer.status_code == 503, (where, answer.status_code, answer.text[:200])
    assert answer.headers["retry-after"] == "5", where
    for nobody in (NUMBER, "Tangmose", "asyncpg", "SELECT", "relation", "lock"):
        assert nobody not in answer.text, where
    kind = answer.headers["content-type"]
    if kind.startswith(FHIR) and answer.json()["resourceType"] == "OperationOutcome":
        assert answer.json()["issue"][0]["code"] == "transient", where
    elif kind.startswith("application/hl7-v2"):
        assert "\rMSA|AR|" in answer.text, where


async def all_doors(here: Calls) -> None:
    tried = 0
    for door in DOORS:
        path = template(door)
        for kind in door.kinds or ("Goal",):
            answer, where = await here.through(door, kind), (door.method, path, kind)
            if NOT_SET_UP.match(path):
                assert answer.status_code in (400, 404), where
            elif ALONE.match(path) or kind in definitions.KINDS or (kind == "Organization" and "{id}" not in path):
                assert answer.status_code < 500 or answer.headers["retry-after"] == "5", where
            elif path not in UNREADABLE:
                is_transient(answer, where)
                tried += 1
    assert tried > 400, "every type at every door"


async def rows(admin: asyncpg.Connection) -> tuple[int, ...]:
    """What is kept."""
    counts = [f"(SELECT count(*) FROM {table})" for table in ("statement", "resource", "message", "access_record")]
    return tuple(await admin.fetchrow(f"SELECT {', '.join(counts)}"))


async def fails(fault: str, admin: asyncpg.Connection, database: Database) -> None:
    """The server is not there any more; or it is, and takes the token and the session, and somebody holds all else."""
    if fault == "gone":
        await database.close()
        return
    name = await admin.fetchval("SELECT current_database()")
    await admin.execute(f"ALTER DATABASE \"{name}\" SET lock_timeout = '1ms'")
    await database.pool.expire_connections()
    tables = [row[0] for row in await admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    held = [one for one in tables if one not in OF_SESSIONS]
    await admin.execute(f"BEGIN; LOCK TABLE {', '.join(held)} IN ACCESS EXCLUSIVE MODE")


@pytest.mark.parametrize("fault", ["gone", "held"])
def test_every_door_tells_it_as_transient_and_keeps_nothing(database_url: str, fault: str) -> None:
    async def test() -> None:
        async with calls(database_url) as here:
            database, admin = here.rest.http.gateway.database, await asyncpg.connect(database_url)
            before = await rows(admin)
            await fails(fault, admin, database)
            await all_doors(here)
            if fault == "held":
                await admin.execute("ROLLBACK")
            assert await rows(admin) == before
            await admin.close()

    run(test)
