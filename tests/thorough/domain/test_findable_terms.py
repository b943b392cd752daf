"""Whatever a record says, what it is found by fits the database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.findable import term


@given(st.text(), st.text())
def test_a_term_fits_a_bigint_and_knows_no_capital_letters(field: str, value: str) -> None:
    assert -(2**63) <= term(field, value) < 2**63
    assert term(field, value) == term(field, value.lower())
