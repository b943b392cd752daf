"""Forget: contents of the access log whose time is over. What was on record then shows that it was, and no more."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.domain.record import AccessRecord, Decision
from gateway.errors import BadRequest
from gateway.flows.parts import Gateway
from gateway.store import log_forgetting, suspicion

LEAST = timedelta(days=180)
"""No record goes before it is half a year old; the database holds on to it as well."""


async def forget_log(gateway: Gateway, before: datetime, *, user: str, client: str) -> int:
    """Remove the records from before this time, and put that on record; how many those were. Raises BadRequest for a
    time that is less than half a year ago."""
    now = gateway.clock()
    if before > now - LEAST:
        raise BadRequest(f"No record goes before it is {LEAST.days} days old", hint="Name an earlier day.")
    record = forgetting(now, before, user=user, client=client)
    await suspicion.forget(gateway.database, before)  # what rests on looks that go
    async with gateway.database.connection() as connection:
        if not await log_forgetting.due(connection, before):
            return 0
        return await log_forgetting.forget(connection, before, record)


def forgetting(now: datetime, before: datetime, *, user: str, client: str) -> AccessRecord:
    """The record of a removal. Who verifies an export reads in it which contents may be gone (domain/log_lines.py)."""
    return AccessRecord(
        time=now,
        interaction="delete",
        decision=Decision.PERMIT,
        kind="AuditEvent",
        operation="forget-log",
        user=user,
        client=client,
        purposes=("HSYSADMIN",),
        rules=("retention",),
        query=f"before {before.isoformat()[:19]}Z",
    )
