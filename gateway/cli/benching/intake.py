"""Intake: durable messages a second over MLLP, against the bare driver that writes the same rows.

The floor executes the very statements that the store sends for these messages, with the same arguments, each in its
transaction as the store does; it does not parse, fold, decide or read anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gateway.bootstrap import gateway_of
from gateway.cli.benching import population
from gateway.cli.benching.figure import Figure, in_turns, say
from gateway.cli.benching.load import Statement
from gateway.cli.benching.stage import Stage
from gateway.errors import Unavailable
from gateway.flows.receive import receive
from gateway.settings import Settings
from gateway.store.pool import Database

CONNECTIONS = 16
GOAL = 0.4
_KEPT = "SELECT count(*) FROM message WHERE language = 'hl7v2' AND state = 'kept'"


def measure(stage: Stage, rounds: int, messages: int, numbers: Sequence[int]) -> Figure:
    """Each round is about other citizens, the same on both sides: `numbers` are rounds * (messages + CONNECTIONS)."""
    each = messages + CONNECTIONS
    say(f"intake: working out what {len(numbers):,} messages write")
    serving, load = stage.serving, stage.load
    writes = asyncio.run(_writes(replace(serving.settings, database_url=stage.floor_url), numbers))
    admissions = [population.admission(number) for number in numbers]
    before = stage.number(_KEPT)

    def ours(number: int) -> float:
        some = admissions[number * each :][:each]
        return messages / load.mllp(serving.host, serving.mllp_port, some, CONNECTIONS)

    def floor(number: int) -> float:
        return messages / load.driver(stage.floor_url, writes[number * each :][:each], CONNECTIONS)

    found = in_turns("intake", rounds, ours, floor)
    stage.grown(_KEPT, before, rounds * each)
    how = (
        f"ADT A01 over MLLP with {CONNECTIONS} connections, each waiting for its acknowledgement, {messages} messages "
        f"a round, each about another citizen with a municipal case, from a second process; the floor is asyncpg alone "
        f"with {CONNECTIONS} connections executing what the store writes for the same messages, one transaction each; "
        "PostgreSQL with fsync"
    )
    return Figure("intake", GOAL, "messages/s", how, found)


class _Captured(Database):
    """A database that answers what it is asked and keeps to itself what it is told to write."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.pool)
        self.writes: list[Statement] = []

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """The write of one message."""
        self.writes.append((sql, values))
        return 1


async def _writes(settings: Settings, numbers: Sequence[int]) -> list[Statement]:
    """What the store writes for the admissions of these citizens. Raises Unavailable when it does not keep them."""
    database = _Captured(await Database.open(settings.database_url, size=1))
    try:
        gateway = gateway_of(settings, database)
        for number in numbers:
            await receive(gateway, "hl7v2", population.admission(number))
    finally:
        await database.close()
    if len(database.writes) != len(numbers) or any("INTO statement" not in sql for sql, _ in database.writes):
        raise Unavailable("The messages of the floor are not kept as they should be")
    return database.writes
