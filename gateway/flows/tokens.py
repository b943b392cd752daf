"""Tokens: what the token endpoint has to remember and to put on record."""

from __future__ import annotations

from datetime import datetime

from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.flows.parts import Gateway
from gateway.store import assertions
from gateway.store.log import append


async def remember_assertion(gateway: Gateway, client: str, jti: str, expires: datetime) -> bool:
    """Whether this client assertion is used for the first time (RFC 7523 section 3, point 7)."""
    return await assertions.remember(gateway.database, client, jti, expires, gateway.clock())


async def record_token(gateway: Gateway, client: str, granted: bool, reason: str) -> None:
    """Put a token request on record; it touches no citizen."""
    record = AccessRecord(
        time=gateway.clock(),
        interaction="token",
        decision=Decision.PERMIT if granted else Decision.DENY,
        client=client,
        outcome=Outcome.SUCCESS if granted else Outcome.MINOR,
        outcome_text=reason,
    )
    async with gateway.database.connection() as connection:
        await append(connection, [record])
