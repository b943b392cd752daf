"""Beside the doors: work that takes long and waits for nothing, such as checking a large resource. Nobody else's look
waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")

_WORKER = ThreadPoolExecutor(1, "write")
"""One at a time: who writes much takes no more of this process than who writes little."""


async def beside(work: Callable[..., Made], *given: object) -> Made:
    """What the work makes of what it is given. Raises what it raises."""
    return await asyncio.get_running_loop().run_in_executor(_WORKER, work, *given)
