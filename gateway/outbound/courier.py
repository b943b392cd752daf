"""The courier: looks into the outbox again and again, and takes what is due to its receivers, all of them at once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from gateway.errors import GatewayError
from gateway.flows.deliver import Claimed, Lines, claim, send, waiting
from gateway.flows.parts import Gateway
from gateway.flows.receipts import remind
from gateway.outbound import metrics

T = TypeVar("T")

_SELDOM = 15  # every so many looks

log = structlog.get_logger("gateway.courier")


@dataclass
class Courier:
    """One node's delivery. `seconds` between two looks, `tries` before a message is given up, `drain` seconds that a
    stop leaves to what is on its way."""

    gateway: Gateway
    lines: Lines
    seconds: float = 1.0
    tries: int = 100
    drain: float = 10.0
    _out: set[asyncio.Task[None]] = field(default_factory=set)
    _brought: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until cancelled: then nothing more is taken, what is on its way gets its time, the rest is given back."""
        try:
            for number in itertools.count():
                await self.look()
                if number % _SELDOM == 0:
                    await self.remind()
                    await self.count()
                await self._pause()
        finally:
            await self._stop()

    async def _pause(self) -> None:
        """Until the next look; at once when something was brought, since more may wait behind it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await self._brought.wait()
        self._brought.clear()

    async def look(self) -> None:
        """Take what is due now. What was claimed by a look that failed comes back by its lease."""
        for several in await self._asked(claim) or ():
            task = asyncio.create_task(self._take(several))
            self._out.add(task)
            task.add_done_callback(self._out.discard)

    async def idle(self) -> None:
        """Returns when nothing is on its way."""
        while self._out:
            await asyncio.wait(set(self._out))

    async def _take(self, several: Claimed) -> None:
        try:
            await send(self.gateway, self.lines, several, self.tries)
        except GatewayError as away:
            log.warning("delivery waits", reason=away.text)
        except Exception as bug:  # noqa: BLE001 - one destination must not stop the others
            log.error("delivery failed", error=type(bug).__name__, destination=several[0].message.destination)
        else:
            self._brought.set()

    async def _stop(self) -> None:
        if not self._out:
            return
        running = set(self._out)
        _, late = await asyncio.wait(running, timeout=self.drain)
        for task in late:
            task.cancel()
        for task in running:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def remind(self) -> None:
        """Send again what was never receipted."""
        if again := await self._asked(remind):
            log.warning("no receipt came; sent again", messages=again)

    async def count(self) -> None:
        """Tell the metrics what waits and what failed. While the database is away they stay as they were."""
        found = await self._asked(waiting)
        if found is None:
            return
        for state in metrics.STATES:
            count, age = found.get(state, (0, 0.0))
            metrics.OUTBOX.labels(state).set(count)
            metrics.OLDEST.labels(state).set(age)

    async def _asked(self, work: Callable[[Gateway], Awaitable[T]]) -> T | None:
        """What the store says; None when it cannot just now. Nothing that goes wrong ends the courier."""
        try:
            return await work(self.gateway)
        except GatewayError as away:
            log.warning("delivery waits", reason=away.text)
        except Exception as bug:  # noqa: BLE001 - the next look may go well
            log.error("delivery failed", error=type(bug).__name__)
        return None
