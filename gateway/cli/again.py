"""Work that is done again and again, beside whatever else a process does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import structlog

from gateway.errors import GatewayError, Unavailable

log = structlog.get_logger("gateway")

Work = tuple[float, Callable[[], Awaitable[object]], str]
"""How often (seconds between two times), what, and its name in the operator's log."""


@asynccontextmanager
async def at_work(works: Iterable[Work]) -> AsyncIterator[None]:
    """All of this is done until the block is left."""
    tasks = [asyncio.create_task(again(*work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def again(seconds: float, work: Callable[[], Awaitable[object]], name: str) -> None:
    """Do this work again and again. A database that is away is waited for, and nothing that goes wrong ends it."""
    while True:
        try:
            await work()
        except Unavailable:
            log.warning("waits for the database", work=name)
        except GatewayError as error:
            log.error("failed", work=name, reason=error.text)
        except Exception as bug:  # noqa: BLE001 - the next time may go well
            log.error("failed", work=name, error=type(bug).__name__)
        await asyncio.sleep(seconds)
