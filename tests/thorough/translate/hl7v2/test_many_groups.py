"""A message of ever so many groups: no group takes longer for those before it."""

from __future__ import annotations

from gateway.translate.hl7v2.several import several
from tests.translate.hl7v2.test_several import TWO


def test_ever_so_many_groups_take_no_longer_each() -> None:
    pair = b"PID|||1\rMRG|2\r"
    found = several(TWO.partition(b"PID")[0] + pair * 100_000)
    assert found is not None
    assert len(found.messages) == 100_000
    assert found.counts[-1] == {"PID": 99_999, "MRG": 99_999}


def test_long_headers_are_not_copied_before_ever_so_many_groups() -> None:
    head = TWO.partition(b"PID")[0]
    assert several(head + b"ZZZ|" + b"x" * 1_000_000 + b"\r" + b"PID|||1\rMRG|2\r" * 100_000) is None
