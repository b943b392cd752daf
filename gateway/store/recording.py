"""The way of one process into the access log: records of looks go in together (together.py).

Each look waits until its own record is durable, as if it had written it alone. Nothing is shared between nodes.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.record import AccessRecord
from gateway.store.log import append
from gateway.store.pool import Database
from gateway.store.together import Together

TOGETHER = 256
"""So many looks go into one statement at most."""


class Recorder:
    """Puts looks on record."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._looks: Together[Sequence[AccessRecord], None] = Together(self._append, TOGETHER)

    async def put(self, records: Sequence[AccessRecord]) -> None:
        """Returns when the records are durable. Raises what hindered it, Unavailable above all: then none of them is
        in the log."""
        if records:
            await self._looks.ask(records)

    async def _append(self, looks: Sequence[Sequence[AccessRecord]]) -> Sequence[None]:
        async with self._database.connection() as connection:
            await append(connection, [record for look in looks for record in look])
        return [None] * len(looks)


class Noting(Recorder):
    """Puts looks on record in a commit that is under way, and notes them: where that comes to nothing they are not in
    the log, and whoever undid it says so."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.noted: list[AccessRecord] = []

    async def put(self, records: Sequence[AccessRecord]) -> None:
        """As a Recorder does, durable with the commit."""
        self.noted += records
        await super().put(records)
