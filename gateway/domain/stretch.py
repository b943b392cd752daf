"""A long list as it is shown: a stretch of it at a time, which says where it begins and whether it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Stretch(Generic[T]):
    """Rows from place `first` (0 is the first of the list) on, and whether there are more behind them. `key` is that of
    the last row, in lists that go on behind a key."""

    rows: Sequence[T] = ()
    first: int = 0
    more: bool = False
    key: str = ""

    @property
    def whole(self) -> bool:
        """This is all of the list."""
        return not (self.first or self.more)

    @property
    def before(self) -> int:
        """Where the stretch before this one begins."""
        return max(self.first - LONGEST, 0)

    @property
    def after(self) -> int:
        """Where the stretch after this one begins."""
        return self.first + len(self.rows)


def stretch(found: Sequence[T], first: int) -> Stretch[T]:
    """Of up to LONGEST + 1 rows that were found from a place on, those that are shown."""
    return Stretch(found[:LONGEST], first, len(found) > LONGEST)
