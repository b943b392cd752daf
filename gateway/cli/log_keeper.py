"""The process beside the doors that keeps the access log (`gateway keep-log`): its start, its end, and what becomes of
it in between.

What signs, indexes, exports and looks through the log takes as much of a processor as a tenth of all look-ups do, and
for an export or a night's look through it minutes at a time. Beside the doors none of it delays a caller.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from gateway.errors import GatewayError, NotFound
from gateway.flows.log import integrate, latest_checkpoint
from gateway.flows.parts import Gateway
from gateway.settings import PREFIX, Settings

log = structlog.get_logger("gateway")

STARTS_AGAIN = 1.0
"""Seconds after which a keeper that has ended is followed by another; twice as many each time that it ends within a
minute, as it reads all rules at its start."""
LONGEST_PAUSE = 60.0
ENDS_WITHIN = 10.0
"""Seconds that it has for its end: what it has begun and not committed the next one begins anew."""


@asynccontextmanager
async def kept_beside(gateway: Gateway, settings: Settings) -> AsyncIterator[None]:
    """The log is kept by a process of its own. There is a checkpoint when the block begins, and all that was recorded
    within it is signed at its end, whatever became of the keeper. What hinders that stands in the keeper's lines."""
    with contextlib.suppress(GatewayError):
        await _sign_first(gateway)
    keeping = asyncio.create_task(_keep(settings))
    try:
        yield
    finally:
        try:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
        finally:
            with contextlib.suppress(GatewayError):
                await integrate(gateway)


async def _sign_first(gateway: Gateway) -> None:
    """Sign a log that never was. Any other waits for the keeper: what a crash has left to sign may take long."""
    try:
        await latest_checkpoint(gateway)
    except NotFound:
        await integrate(gateway)


async def _keep(settings: Settings) -> None:
    """Whoever stops a whole group of processes (a terminal, an init system) stops the keeper too: this is cancelled
    then before the second is over."""
    pause = STARTS_AGAIN / 2
    while True:
        begun = time.monotonic()
        try:
            keeper = await _started(settings)
            try:
                told: dict[str, object] = {"status": await keeper.wait()}
            finally:
                await _ended(keeper)
        except OSError as error:
            told = {"reason": error.strerror}
        pause = pause_after(time.monotonic() - begun, pause)
        await asyncio.sleep(pause)
        log.error("the keeper of the access log has ended and is started again", **told)


def pause_after(lived: float, before: float) -> float:
    """Seconds until the next one starts, by those that the last one lived and that it was waited for."""
    return STARTS_AGAIN if lived > LONGEST_PAUSE else min(2 * before, LONGEST_PAUSE)


async def _started(settings: Settings) -> Process:
    """It is told the public URL, which may hold a port that was free; all else it reads where this process did."""
    told = os.environ | {f"{PREFIX}PUBLIC_URL": settings.public_url}
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", "keep-log", stdin=PIPE, env=told)


async def _ended(keeper: Process) -> None:
    if keeper.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        keeper.terminate()
    try:
        await asyncio.wait_for(keeper.wait(), ENDS_WITHIN)
    except TimeoutError:
        keeper.kill()
        await keeper.wait()
