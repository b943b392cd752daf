"""Health: ready when a look-up could be answered and recorded now; and whether the log is signed."""

from __future__ import annotations

from datetime import timedelta

from gateway.flows.parts import Gateway
from gateway.store import log_public

UNSIGNED_FOR = timedelta(seconds=30)
"""A record that waits for its place in the tree for longer tells that nobody signs."""
BEHIND_BY = timedelta(seconds=60)


async def ready(gateway: Gateway) -> list[str]:
    """Return when a request could be answered now: what is to be mended all the same. Raises Unavailable when not."""
    async with gateway.database.connection() as connection:
        waiting, signed = await log_public.signing(connection)
    now, wrong = gateway.clock(), []
    if waiting and now - waiting > UNSIGNED_FOR:
        wrong.append(f"the access log has not been signed since {waiting.isoformat(timespec='seconds')}")
    if signed and signed - now > BEHIND_BY:
        wrong.append(f"the clock is {(signed - now).total_seconds():.0f} seconds behind the access log")
    return wrong
