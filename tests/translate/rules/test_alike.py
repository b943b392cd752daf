"""What rules made is remembered by texts that may well come again, never by long ones."""

from __future__ import annotations

import pytest

from gateway.translate.rules.alike import short


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        ((), True), (("a" * 300,), True), (("a" * 150, "b" * 150), True), (("a" * 301,), False),
        (("a" * 299, "bb"), False), (("a", None), False), ((object(),), False),
    ],
)  # fmt: skip
def test_short_texts_alone_are_remembered(texts: tuple[object, ...], kept: bool) -> None:
    assert short((object(), *texts)) is kept
