"""The floor of reading: a Starlette route that does one select and one durable insert, in a process of its own."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from multiprocessing import get_context

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TABLE = "CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, record bytea NOT NULL)"
_SELECT = "SELECT body FROM resource WHERE kind = $1 AND id = $2"
_INSERT = "INSERT INTO floor (record) VALUES ($1)"


@contextmanager
def floor_route(url: str, connections: int, record_bytes: int) -> Iterator[int]:
    """Serve it; gives the port. Each insert has `record_bytes` bytes."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = get_context("spawn").Process(
            target=_serve, args=(listening, url, connections, record_bytes), daemon=True
        )
        server.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.terminate()
            server.join()


def _serve(listening: socket.socket, url: str, connections: int, record_bytes: int) -> None:
    pool: asyncpg.Pool
    record = b"x" * record_bytes

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(url, min_size=connections, max_size=connections) as pool:
            yield

    async def read(request: Request) -> Response:
        async with pool.acquire() as connection:
            body = await connection.fetchval(_SELECT, request.path_params["kind"], request.path_params["id"])
            await connection.execute(_INSERT, record)
        return Response(body, media_type="application/fhir+json")

    app = Starlette(routes=[Route("/fhir/{kind}/{id}", read)], lifespan=lifespan)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])
