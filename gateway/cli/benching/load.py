"""The load comes from a process of its own, so that the process that is measured does nothing but serve."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Self

import asyncpg
import uvloop

from gateway.cli.benching.http_lane import HttpLane
from gateway.cli.benching.lanes import seconds
from gateway.cli.playing.mllp_client import MllpClient
from gateway.cli.playing.story import acknowledged

Statement = tuple[str, tuple[Any, ...]]
"""SQL and its arguments."""


class Load:
    """The process that makes the load. Every method gives the seconds that all jobs but the first of each connection
    took, and raises RuntimeError when one of them was not done."""

    def __enter__(self) -> Self:
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def mllp(self, host: str, port: int, messages: Sequence[bytes], connections: int) -> float:
        """Send HL7 v2 messages; each must be acknowledged with AA."""
        return self._pool.submit(_run, _mllp, host, port, messages, connections).result()

    def driver(self, url: str, writes: Sequence[Statement], connections: int) -> float:
        """Execute statements with the bare driver, each a transaction; each must give a value."""
        return self._pool.submit(_run, _driver, url, writes, connections).result()

    def http(self, host: str, port: int, requests: Sequence[bytes], connections: int) -> float:
        """Ask by HTTP; each answer must be a 2xx."""
        return self._pool.submit(_run, _http, host, port, requests, connections).result()


def _run(work: Any, *arguments: Any) -> float:
    one: Coroutine[Any, Any, float] = work(*arguments)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(one)


async def _mllp(host: str, port: int, messages: Sequence[bytes], connections: int) -> float:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(MllpClient(host, port)) for _ in range(connections)]

        def lane(client: MllpClient) -> Any:
            async def send(message: bytes) -> None:
                answer = await client.send(message)
                if not acknowledged(answer):
                    raise RuntimeError(f"a message was refused: {answer!r}")

            return send

        return await seconds([lane(client) for client in clients], messages)


async def _driver(url: str, writes: Sequence[Statement], connections: int) -> float:
    opened = [await asyncpg.connect(url) for _ in range(connections)]

    def lane(connection: asyncpg.Connection) -> Any:
        async def write(statement: Statement) -> None:
            sql, values = statement
            if await connection.fetchval(sql, *values) is None:
                raise RuntimeError("the floor wrote nothing")

        return write

    try:
        return await seconds([lane(connection) for connection in opened], writes)
    finally:
        for connection in opened:
            await connection.close()


async def _http(host: str, port: int, requests: Sequence[bytes], connections: int) -> float:
    loop = asyncio.get_running_loop()
    lanes = [(await loop.create_connection(HttpLane, host, port))[1] for _ in range(connections)]
    try:
        return await seconds([lane.ask for lane in lanes], requests)
    finally:
        for lane in lanes:
            lane.close()
