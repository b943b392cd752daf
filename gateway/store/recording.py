"""Records of looks go on record in company: those that come while one statement is being written go into the next.

Each look waits until its own record is durable, as if it had written it alone; under load one commit serves many, and
a single look waits for nobody. Nothing is shared between nodes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from gateway.domain.record import AccessRecord
from gateway.errors import Unavailable
from gateway.store.log import append
from gateway.store.pool import Database

TOGETHER = 256
"""So many looks go into one statement at most."""


class _Waiting(NamedTuple):
    """The records of one look, and who waits for them."""

    records: Sequence[AccessRecord]
    durable: asyncio.Future[None]

    def settle(self, error: Exception | None) -> None:
        """Tell the look; one whose caller has gone away has nobody left to tell."""
        if self.durable.done():
            return
        if error is None:
            self.durable.set_result(None)
        else:
            self.durable.set_exception(error)


class Recorder:
    """The way of one process into the access log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, records: Sequence[AccessRecord]) -> None:
        """Returns when the records are durable. Raises what hindered it, Unavailable above all: then none of them is
        in the log. Whoever holds a connection must not wait here: the writing takes one from the same pool."""
        if not records:
            return
        durable = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(records, durable))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await durable

    async def _write(self) -> None:
        taken: list[_Waiting] = []
        try:
            while self._queue:
                taken, self._queue = self._queue[:TOGETHER], self._queue[TOGETHER:]
                await self._keep(taken)
        finally:  # also when the process is told to stop: nobody is left waiting
            self._writing = None
            for one in (*taken, *self._queue):
                one.settle(Unavailable())
            self._queue.clear()

    async def _keep(self, taken: Sequence[_Waiting]) -> None:
        """In one statement. A record that cannot be kept takes no other look with it."""
        error: Exception | None = None
        try:
            async with self._database.connection() as connection:
                await append(connection, [record for one in taken for record in one.records])
        except Exception as hindered:  # noqa: BLE001 - told to every look that waits; it is raised there
            error = hindered
        if error is None or len(taken) == 1 or isinstance(error, Unavailable):
            for one in taken:
                one.settle(error)
            return
        for one in taken:
            await self._keep([one])
