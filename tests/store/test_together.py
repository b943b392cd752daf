"""What is asked at once is answered together, each as if it had asked alone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from gateway.errors import NotFound, Unavailable
from gateway.store.together import Together


class Counter:
    """Doubles numbers; `gate` lets an answer out. Odd things happen at 13 and 99."""

    def __init__(self, most: int = 10) -> None:
        self.calls: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.together: Together[int, int] = Together(self._double, most)

    async def _double(self, numbers: Sequence[int]) -> Sequence[int]:
        self.calls.append(list(numbers))
        await self.gate.wait()
        if 13 in numbers:
            raise NotFound
        if 99 in numbers:
            raise Unavailable
        return [2 * number for number in numbers]

    def begin(self, *numbers: int) -> list[asyncio.Task[int]]:
        return [asyncio.create_task(self.together.ask(number)) for number in numbers]


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 10))


async def until_asked(counter: Counter, calls: int) -> None:
    for _ in range(100):
        if len(counter.calls) == calls:
            return
        await asyncio.sleep(0)
    raise AssertionError(counter.calls)


def test_who_comes_at_once_is_answered_at_once_and_in_place() -> None:
    async def story() -> None:
        counter = Counter()
        assert await asyncio.gather(*counter.begin(1, 2, 3)) == [2, 4, 6]
        assert counter.calls == [[1, 2, 3]]
        assert await counter.together.ask(7) == 14

    run(story())


def test_who_comes_while_others_are_answered_is_asked_for_afterwards() -> None:
    async def story() -> None:
        counter = Counter()
        counter.gate.clear()
        first = counter.begin(1)
        await until_asked(counter, 1)
        later = counter.begin(2, 3)
        await asyncio.sleep(0)
        assert counter.calls == [[1]]
        counter.gate.set()
        assert await asyncio.gather(*first, *later) == [2, 4, 6]
        assert counter.calls == [[1], [2, 3]]

    run(story())


def test_no_more_than_so_many_together() -> None:
    async def story() -> None:
        counter = Counter(most=4)
        assert await asyncio.gather(*counter.begin(*range(10))) == [2 * number for number in range(10)]
        assert [len(call) for call in counter.calls] == [4, 4, 2]

    run(story())


def test_what_cannot_be_answered_takes_nobody_with_it() -> None:
    async def story() -> None:
        counter = Counter()
        told = await asyncio.gather(*counter.begin(1, 13, 3), return_exceptions=True)
        assert told[0] == 2
        assert isinstance(told[1], NotFound)
        assert told[2] == 6
        assert counter.calls == [[1, 13, 3], [1], [13], [3]]

    run(story())


def test_when_the_database_is_away_nobody_is_asked_for_again() -> None:
    async def story() -> None:
        counter = Counter()
        told = await asyncio.gather(*counter.begin(1, 99, 3), return_exceptions=True)
        assert all(isinstance(one, Unavailable) for one in told)
        assert counter.calls == [[1, 99, 3]]
        assert await counter.together.ask(4) == 8

    run(story())


def test_who_goes_away_hinders_nobody() -> None:
    async def story() -> None:
        counter = Counter()
        counter.gate.clear()
        tasks = counter.begin(1, 2, 3)
        await until_asked(counter, 1)
        tasks[1].cancel()
        counter.gate.set()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [told[0], told[2]] == [2, 6]
        assert isinstance(told[1], asyncio.CancelledError)

    run(story())


@pytest.mark.parametrize("waiting", [0, 2])
def test_nobody_waits_for_ever_when_the_work_is_stopped(waiting: int) -> None:
    async def story() -> None:
        counter = Counter()
        counter.gate.clear()
        before = asyncio.all_tasks()
        tasks = counter.begin(1, 2)
        await until_asked(counter, 1)
        tasks += counter.begin(*range(3, 3 + waiting))
        await asyncio.sleep(0)
        (work,) = asyncio.all_tasks() - before - set(tasks)
        work.cancel()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert len(told) == 2 + waiting
        assert all(isinstance(one, Unavailable) for one in told)
        counter.gate.set()
        assert await counter.together.ask(5) == 10

    run(story())
