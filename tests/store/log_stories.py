"""Stories about a log in a real PostgreSQL: connections, records, and an intruder with the owner's rights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from gateway.domain.record import AccessRecord, Decision
from gateway.domain.verify_log import Report, verify_log
from gateway.store import integrating, keys
from gateway.store.log_agreement import misfiled
from gateway.store.log_reading import export

KEY = keys.make("log.example.dk/test")
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
Connection = Any


def clock() -> datetime:
    return START + timedelta(minutes=1)


def record(number: int = 0, **changed: Any) -> AccessRecord:
    given: dict[str, Any] = {
        "time": START + timedelta(milliseconds=number),
        "interaction": "read",
        "decision": Decision.PERMIT,
        "citizen": f"{number:032x}",
        "client": "hospital",
        "user": "urn:oid:1.2.208.176.1.3|BVZ12",
        "organisation": "urn:oid:1.2.208.176.1.1|265161000016000",
        "purposes": ("TREAT",),
        "trace": f"trace-{number}",
    }
    return AccessRecord(**(given | changed))


@asynccontextmanager
async def connected(url: str, count: int) -> AsyncIterator[list[Connection]]:
    connections = [await asyncpg.connect(url) for _ in range(count)]
    try:
        yield connections
    finally:
        for connection in connections:
            await connection.close()


def run(url: str, story: Callable[..., Coroutine[Any, Any, None]], connections: int = 1) -> None:
    async def told() -> None:
        async with connected(url, connections) as opened:
            await story(*opened)

    asyncio.run(told())


async def integrate(connection: Connection, batch: int = integrating.BATCH) -> int:
    return await integrating.integrate(connection, KEY, clock, batch)


async def lines(connection: Connection) -> list[bytes]:
    return [line async for line in export(connection, KEY.vkey)]


async def verified(connection: Connection, **options: Any) -> Report:
    return verify_log(await lines(connection), keys.verify, keys=[KEY.public], **options)


async def faults(connection: Connection) -> list[str]:
    return [fault.text async for fault in misfiled(connection)]


async def unlocked(db: Connection, *statements: str) -> None:
    """What an intruder with the owner's rights can do."""
    for table in ("access_record", "log_leaf", "log_node", "checkpoint"):
        await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for sql in statements:
        await db.execute(sql)
