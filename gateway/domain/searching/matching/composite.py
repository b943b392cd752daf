"""Composites: every part of the value is met by the same item, the resource or one of its components. R4 3.1.1.4.14."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gateway.domain.searching.extract import Extract


def make(extracts: Sequence[Extract], tests: Sequence[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    """A test of one item: each part is looked for below it."""
    parts = list(zip(extracts, tests, strict=True))
    return lambda item: all(any(test(value) for value in extract(item)) for extract, test in parts)
