"""No bytes are a receipt by accident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, Unreadable
from tests.translate.answers.test_receipts import NOW, SF2900


@given(st.binary(max_size=300))
def test_no_bytes_are_an_answer_by_accident(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        SF2900.answered(raw)
    assert SF2900.refuse(raw, GatewayError(), NOW)
