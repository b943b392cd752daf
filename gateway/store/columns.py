"""Many rows in one parameter each column, which is how unnest takes them."""

from __future__ import annotations

from collections.abc import Sequence


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows of `width` values as that many columns, also where there is no row."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
