"""What holds of municipalities is the same whatever order the plans come in."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.municipality import facts_of, standing
from tests.domain.test_municipality import COPENHAGEN, ISHOEJ, NOW, acting, plan

DAYS = st.sampled_from(["", "2024-01-01", "2025-06-01", "2026-03-02", "2026-04-01"])


PLANS = st.lists(
    st.builds(
        lambda number, code, start, author: plan(number, acting(code, start), author=author),
        st.integers(1, 9), st.sampled_from([COPENHAGEN, ISHOEJ]), DAYS, st.sampled_from(["64942212", "11931316", ""]),
    ),
    max_size=5,
)  # fmt: skip


@given(PLANS, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(plans: list[dict[str, Any]], chance: Any) -> None:
    mixed = plans * 2
    chance.shuffle(mixed)
    once, again = (standing((fact for one in told for fact in facts_of(one)), NOW) for told in (plans, mixed))
    assert [fact.extension() for fact in once] == [fact.extension() for fact in again]
    assert len({fact.disputed for fact in once}) <= 1
