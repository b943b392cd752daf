"""Tokens: what the token endpoint has to remember and to put on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.flows.parts import Gateway
from gateway.flows.visits import end_of
from gateway.store import assertions, revocations, visits, wire
from gateway.store.revocations import Revocation

LONGEST_TOKEN = timedelta(hours=24)
"""No token that is accepted lives longer, whoever issued it."""


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
    await gateway.recorder.put([record])


async def revoke_token(gateway: Gateway, client: str, jti: str, issued: datetime, expires: datetime) -> None:
    """One token of a client is dead from now on, on every node within a second (RFC 7009), with the tickets and
    sessions of the console that it opened, and it is on record."""
    await revocations.revoke(gateway.database, Revocation(client, jti, issued), expires, gateway.clock())
    await end_of(gateway, client, partial(_was_opened_by, jti))
    await _record_revocation(gateway, client, "one token was revoked")


async def revoke_client(gateway: Gateway, client: str) -> None:
    """Every token that a client was given until now is dead, on every node within a second, its sessions of the console
    are over, and it is on record."""
    now = gateway.clock()
    await revocations.revoke(gateway.database, Revocation(client, "", now), now + LONGEST_TOKEN, now)
    await visits.end_of_client(gateway.database, client)
    await _record_revocation(gateway, client, "all tokens until now were revoked")


async def revoked(gateway: Gateway) -> Sequence[Revocation]:
    """What is revoked now. Raises Unavailable."""
    return await revocations.in_force(gateway.database, gateway.clock())


def _was_opened_by(jti: str, content: bytes) -> bool:
    """Whether what a secret of the console stands for is the caller of this token."""
    told = wire.decode(content)
    caller = told.get("caller") if isinstance(told, dict) else None
    return isinstance(caller, dict) and caller.get("token") == jti


async def _record_revocation(gateway: Gateway, client: str, what: str) -> None:
    record = AccessRecord(
        time=gateway.clock(), interaction="token", decision=Decision.PERMIT, client=client, outcome_text=what
    )
    await gateway.recorder.put([record])
