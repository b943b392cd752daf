"""The log's own answers: its latest signed checkpoint, and the work that gives records their place in the tree."""

from __future__ import annotations

from gateway.errors import NotFound
from gateway.flows.parts import Gateway
from gateway.store import integrating, log


async def latest_checkpoint(gateway: Gateway) -> bytes:
    """The newest signed checkpoint (C2SP tlog-checkpoint). It tells nothing about anybody and needs no token."""
    async with gateway.database.connection() as connection:
        newest = await log.latest(connection)
    if newest is None:
        raise NotFound
    return newest.note.encode()


async def integrate(gateway: Gateway) -> int:
    """Give every new record its place in the tree and sign a checkpoint. Returns how many were placed."""
    async with gateway.database.connection() as connection:
        return await integrating.integrate(connection, gateway.log_key, gateway.clock)
