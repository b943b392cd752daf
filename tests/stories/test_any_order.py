"""The order in which messages come, and how often, changes nothing (DESIGN 2.1).

The first `before` steps of a story give the basis to keep hospital messages: what comes before them stays deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.playing.story import Step, Story
from tests.stories.flowing import World
from tests.stories.playing import STORIES

EXAMPLES = 10


def messages(story: Story) -> tuple[list[Step], list[Step]]:
    """The steps that give the basis, and the messages after them. A consent is no message: each is a new one."""
    first = [step for step in story.steps[: story.before] if step.door != "consent"]
    return first, [step for step in story.steps[story.before :] if step.door != "consent"]


@st.composite
def orders(draw: Callable[[st.SearchStrategy[Any]], Any], name: str) -> list[Step]:
    """Any order of the messages of a story, any of them repeated."""
    first, rest = messages(STORIES[name])
    repeated = draw(st.lists(st.sampled_from([*first, *rest]), max_size=4))
    return [*first, *draw(st.permutations([*rest, *repeated]))]


@pytest.mark.parametrize("name", STORIES)
def test_any_order_and_any_repetition_keeps_the_same(world: World, name: str) -> None:
    story = STORIES[name]

    async def kept(steps: list[Step]) -> list[Any]:
        await world.begin(story)
        await world.take(story, steps)
        return await world.kept()

    first, rest = messages(story)
    told = world.run(kept([*first, *rest]))
    assert told[0], "something is kept"

    @settings(max_examples=EXAMPLES)
    @given(orders(name))
    def as_told(steps: list[Step]) -> None:
        assert world.run(kept(steps)) == told

    as_told()


@pytest.mark.parametrize("name", STORIES)
def test_all_at_once_keeps_the_same(world: World, name: str) -> None:
    """Each works from what it read before the others wrote; who was too late works it out again."""
    story = STORIES[name]
    first, rest = messages(story)

    async def kept(*, at_once: bool) -> list[Any]:
        await world.begin(story)
        await world.take(story, first)
        if at_once:
            await asyncio.gather(*(world.take_one(story, step) for step in [*rest, *rest]))
        else:
            await world.take(story, rest)
        return await world.kept()

    assert world.run(kept(at_once=True)) == world.run(kept(at_once=False))
