"""Which versions an If-Match names."""

from __future__ import annotations

import pytest

from gateway.domain.etag import matches, pins


@pytest.mark.parametrize(
    ("told", "named", "third"),
    [
        ('W/"3"', True, True), ('"3"', True, True), ("3", True, True), (' W/"2" , W/"3" ', True, True),
        ('W/"2"', True, False), ('"03"', True, False), ('"W/3"', True, False), ('""', True, False),
        ("*", False, True), ("", False, True), (" , ", False, True), ('*, W/"2"', True, False),
    ],
)  # fmt: skip
def test_what_is_named(told: str, named: bool, third: bool) -> None:
    assert (pins(told), matches(told, 3)) == (named, third)
