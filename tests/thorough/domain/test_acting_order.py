"""Who acts is the same whatever order the sources tell it in, and is never forgotten."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.acting import PLACES, Placement, Residence, acting_over_time
from gateway.domain.municipality import Fact
from gateway.domain.when import BEGINNING, END
from tests.domain.test_acting import A, B, C, claim, home, place

DAYS = st.sampled_from([f"2026-{month:02}-01" for month in range(1, 10)])


TOLD = st.lists(
    st.one_of(
        st.builds(
            lambda k, s, h: place(k, s, helper=h), st.sampled_from(sorted(PLACES)), DAYS, st.sampled_from([A, B, ""])
        ),
        st.builds(lambda c, s, h: home(c, s, home=h), st.sampled_from([A, B, C]), DAYS, st.booleans()),
        st.builds(claim, st.sampled_from([A, B, C]), DAYS),
    ),
    max_size=6,
)


@given(TOLD, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(told: list[Any], chance: Any) -> None:
    mixed = told * 2
    chance.shuffle(mixed)

    def spans(all_: list[Any]) -> list[Any]:
        sorts = [[one for one in all_ if isinstance(one, kind)] for kind in (Placement, Residence, Fact)]
        return acting_over_time(*sorts)

    once = spans(told)
    assert once == spans(mixed)
    assert (once[0].start, once[-1].end) == (BEGINNING, END)
    assert all(first.end == second.start for first, second in pairwise(once))
    known = [bool(span.codes) for span in once]
    assert known == sorted(known)  # who acts is never forgotten
