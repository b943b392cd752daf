"""Who is one person is the same whatever order the evidence comes in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_citizen import LOCAL, OTHER, A, B, X, groups


@given(
    st.dictionaries(
        st.sampled_from([A, B, X, LOCAL, OTHER]),
        st.lists(st.sampled_from([A, B, X, LOCAL, OTHER]), max_size=3).map(tuple),
        min_size=1,
    ),
    st.lists(st.tuples(st.sampled_from([A, B, X]), st.sampled_from([A, X, LOCAL])), max_size=2),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_evidence_does_not_matter(evidence: dict, merges: list, random: object) -> None:
    expected = groups(evidence, *merges)
    rows = list(evidence.items())
    random.shuffle(rows)  # type: ignore[attr-defined]
    random.shuffle(merges)  # type: ignore[attr-defined]
    assert groups(dict(rows), *merges) == expected
