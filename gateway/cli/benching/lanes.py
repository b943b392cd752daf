"""Load: a row of connections, each of which takes the next job when its last one is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Job = TypeVar("Job")
Lane = Callable[[Job], Awaitable[None]]


async def seconds(lanes: Sequence[Lane[Job]], jobs: Sequence[Job]) -> float:
    """How long the lanes need for all jobs but the first of each, which only warms its lane up."""
    waiting = iter(jobs)
    await asyncio.gather(*(lane(next(waiting)) for lane in lanes))

    async def run(lane: Lane[Job]) -> None:
        for job in waiting:
            await lane(job)

    begun = time.perf_counter()
    await asyncio.gather(*map(run, lanes))
    return time.perf_counter() - begun
