"""Whatever is written, its normal spelling has no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.identifier import SYSTEMS, normal
from tests.domain.test_identifier import URN


@given(st.sampled_from([*SYSTEMS, "", "urn:x", URN]), st.text(max_size=20))
def test_the_normal_spelling_is_normal(system: str, value: str) -> None:
    once = normal(system, value)
    assert normal(once.system, once.value) == once
