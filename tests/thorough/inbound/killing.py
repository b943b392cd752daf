"""A node that is killed again and again while it answers: a process of its own, on a real socket and PostgreSQL.

    python -m tests.thorough.inbound.killing DATABASE_URL KILLS

The rules are compiled once; every node is a fork of this process, so that it stands in a few milliseconds. Each answers
four requests at once in peace and is killed (SIGKILL) some time after it got the next four: a read, a refused read, a
search, a message. Prints what was answered, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sys
import time
from contextlib import ExitStack

import httpx2
import uvicorn

from gateway.inbound.app import make_app
from gateway.inbound.keys import new_signing_key
from gateway.store.pool import Database
from tests.inbound.http_world import Http, parts
from tests.inbound.oauth_client import ISSUER, World
from tests.inbound.one_citizen import CLIENTS, admission, arrive, headers

KINDS = 4  # of requests
Answer = tuple[str, int, bool]  # trace, status (0: none came), whether it holds what is the citizen's


class Nodes:
    """The application, made once; and the socket that all nodes listen on, one after the other."""

    def __init__(self, url: str) -> None:
        self.url, self.key, self.world = url, new_signing_key(), World(*CLIENTS)
        self.database = Database(None)
        self.gateway = parts(self.database, self.world.clock, tuple(self.world.clients))
        self.app = make_app(self.gateway, self.world.clients, [self.key])
        self.listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio: no delay
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(128)

    async def open(self, size: int) -> None:
        """Connections of this process's own."""
        opened = await Database.open(self.url, size=size)
        self.database.pool, self.database.planning = opened.pool, opened.planning

    async def fill(self) -> tuple[str, dict[str, str], dict[str, str]]:
        """A citizen, and the headers of who may look and of who may not."""
        await self.open(2)
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=ISSUER) as web:
            here = Http(self.app, web, self.world, self.gateway, self.app.state.inbound)
            patient = await arrive(here)
            told = patient, await headers(here), await headers(here, "jobcenter", "HOPERAT")
        await self.database.close()
        return told

    def start(self) -> int:
        """A node; its process id."""
        child = os.fork()
        if child:
            return child
        try:
            asyncio.run(self._serve())
        finally:
            os._exit(1)

    async def _serve(self) -> None:
        await self.open(2)
        config = uvicorn.Config(self.app, log_config=None, access_log=False, lifespan="off", server_header=False)
        await uvicorn.Server(config).serve(sockets=[self.listening])


def request(kind: int, trace: str, told: tuple[str, dict[str, str], dict[str, str]]) -> bytes:
    """One of the four."""
    patient, may, may_not = told
    form = b""
    method, path, given = (
        ("GET", f"/fhir/Patient/{patient}", may),
        ("GET", f"/fhir/Patient/{patient}", may_not),
        ("GET", f"/fhir/Encounter?patient={patient}", may),
        ("POST", "/messages/hl7v2", {**may, "Content-Type": "application/hl7-v2"}),
    )[kind]
    if method == "POST":
        form = admission(f"K{trace}").replace(b"V-17", f"V-{trace}".encode())
    lines = [f"{method} {path} HTTP/1.1", "Host: gateway", f"X-Request-Id: {trace}", f"Content-Length: {len(form)}"]
    return "\r\n".join([*lines, *(f"{k}: {v}" for k, v in given.items()), "", ""]).encode() + form


def whole(answer: bytes) -> int:
    """The status of a whole answer; 0 while it is none."""
    head, gap, body = answer.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return int(head[9:12]) if gap and len(body) >= length else 0


def answer(line: socket.socket) -> tuple[int, bytes]:
    """One answer, or what there is of it when the node is gone."""
    held = b""
    try:
        while not whole(held) and (part := line.recv(65536)):
            held += part
    except OSError:
        pass
    return whole(held), held


class Crowd:
    """Four callers of one node, each on a line of its own."""

    def __init__(self, stack: ExitStack, nodes: Nodes, number: int) -> None:
        there = nodes.listening.getsockname()
        self.lines = [stack.enter_context(socket.create_connection(there)) for _ in range(KINDS)]
        self.number = number

    def ask(self, name: str, told: tuple[str, dict[str, str], dict[str, str]]) -> None:
        """All at once."""
        for kind, line in enumerate(self.lines):
            line.sendall(request(kind, f"{name}-{self.number}-{kind}", told))

    def hear(self) -> list[tuple[int, bytes]]:
        """What each is answered."""
        return [answer(line) for line in self.lines]


def kill_one(
    nodes: Nodes, number: int, told: tuple[str, dict[str, str], dict[str, str]], when: float
) -> tuple[float, list[Answer]]:
    """Start a node, ask it in peace, ask again and kill it so many seconds later. How long the peace took, and what
    was answered."""
    node = nodes.start()
    with ExitStack() as stack:
        crowd = Crowd(stack, nodes, number)
        begun = time.perf_counter()
        crowd.ask("peace", told)
        assert all(status for status, _ in crowd.hear())
        took = time.perf_counter() - begun
        crowd.ask("killed", told)
        time.sleep(when)
        os.kill(node, signal.SIGKILL)
        heard = crowd.hear()
    os.waitpid(node, 0)
    return took, [
        (f"killed-{number}-{kind}", status, b"Tangmose" in held or b"Encounter" in held)
        for kind, (status, held) in enumerate(heard)
    ]


def main() -> None:
    """Kill so many nodes."""
    nodes, when = Nodes(sys.argv[1]), random.Random(6962)
    told = asyncio.run(nodes.fill())
    answers: list[Answer] = []
    took = 0.0  # by the node before: as busy as the machine is now
    for number in range(int(sys.argv[2])):
        took, heard = kill_one(nodes, number, told, when.uniform(0, took))
        answers += heard
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
