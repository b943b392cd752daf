"""Threads are the same whatever order their messages come in."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.correspondence import in_threads, threads
from gateway.domain.when import instant
from tests.domain.test_correspondence import message

MESSAGES = st.lists(
    st.builds(message, st.uuids().map(lambda u: u.hex), st.sampled_from(["", "a", "b"]), st.integers(0, 23)),
    max_size=8, unique_by=lambda m: m["id"],
)  # fmt: skip


@given(MESSAGES, st.randoms())
def test_any_order_gives_the_same_threads(messages: list[dict[str, Any]], random: Any) -> None:
    shuffled = random.sample(messages, len(messages))
    assert threads(shuffled) == threads(messages)
    assert sorted(m["id"] for m in in_threads(messages)) == sorted(m["id"] for m in messages)
    for thread in threads(messages):
        times = [instant(one["sent"]) for one in thread]
        assert times == sorted(times)
        assert len(thread) == 1 or len({one["partOf"][0]["identifier"]["value"] for one in thread}) == 1
