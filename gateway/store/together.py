"""Requests of one kind are answered in company: those that come while one statement runs go into the next.

Nobody waits on purpose, so one that comes alone is answered at once; under load one statement serves many, and what is
paid for each statement (a connection, a round trip, a plan to start, a commit) is paid once for all of them. A request
is answered by a statement that began after it came, as if it had asked alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from gateway.errors import Unavailable

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class _Waiting(NamedTuple, Generic[Asked, Told]):
    """What is asked, and who waits for the answer. One whose caller has gone away has nobody left to tell."""

    asked: Asked
    answer: asyncio.Future[Told]

    def tell(self, told: Told) -> None:
        if not self.answer.done():
            self.answer.set_result(told)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Together(Generic[Asked, Told]):
    """One queue of one process. `work` answers many at once, each in its place; `most` is how many it may be given."""

    def __init__(self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Told]]], most: int) -> None:
        self._work = work
        self._most = most
        self._queue: list[_Waiting[Asked, Told]] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Told:
        """The answer. Raises what hindered it, Unavailable above all. Whoever holds a connection must not wait here:
        the work takes one from the same pool."""
        answer: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(asked, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._answer_all())
        return await answer

    async def _answer_all(self) -> None:
        taken: list[_Waiting[Asked, Told]] = []
        try:
            while self._queue:
                taken, self._queue = self._queue[: self._most], self._queue[self._most :]
                await self._answer(taken)
        finally:  # also when the process is told to stop: nobody is left waiting
            self._working = None
            for one in (*taken, *self._queue):
                if not one.answer.done():
                    one.fail(Unavailable())
            self._queue.clear()

    async def _answer(self, taken: Sequence[_Waiting[Asked, Told]]) -> None:
        """In one go. What cannot be answered takes no other request with it."""
        try:
            told = await self._work([one.asked for one in taken])
        except Exception as error:  # noqa: BLE001 - told to every one that waits; it is raised there
            if len(taken) == 1 or isinstance(error, Unavailable):
                for one in taken:
                    one.fail(error)
                return
            for one in taken:
                await self._answer([one])
            return
        for one, answer in zip(taken, told, strict=True):
            one.tell(answer)
