"""Health: ready when the database answers."""

from __future__ import annotations

from gateway.flows.parts import Gateway


async def ready(gateway: Gateway) -> None:
    """Return when a request could be answered now. Raises Unavailable when not."""
    await gateway.database.fetchval("SELECT 1")
