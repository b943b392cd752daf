"""Whatever becomes of a thing and of the messages about it, the receiver ends up knowing what holds."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.telling import Before, is_news, word_of
from tests.domain.test_telling import notice


@given(
    st.lists(st.tuples(st.sampled_from(["", "ended|a", "ended|b"]), st.sampled_from(["sent", "withheld", "receipted"])))
)
def test_the_receiver_is_never_corrected_about_what_it_was_not_told_and_ends_up_knowing_what_holds(
    story: list[tuple[str, Any]],
) -> None:
    before: list[Before] = []
    knows, told = "", set[str]()
    for state, sending in story:
        if not is_news(state, before):
            continue
        one = notice(len(before) + 1, state)
        word, corrects = word_of(one, before)
        if word in ("changed", "void"):
            assert corrects in told
            assert knows
        elif word == "told":
            assert not corrects
            assert not knows
        else:
            assert not knows
        happened = sending if word else "withheld"
        if happened != "withheld":
            knows = state
            told.add(str(one.number))
        before.append(Before(str(one.number), one, happened, 1))
        assert word is None or happened == "withheld" or knows == state
    states = [one.notice.state for one in before]
    assert all(left != right for left, right in itertools.pairwise(states))
