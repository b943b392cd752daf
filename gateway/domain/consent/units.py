"""Which organisation is a part of which: what a consent needs that names a place with its sub-units, or without.

Two tell of it. The tables of this installation (mappings/codes/part-of.csv) are sure: by them a permit reaches
sub-units, and what is a sub-unit's stays out of a consent that leaves sub-units out. Whoever may write to the directory
(Organization.partOf), and rows whose time is over, can only close: by them a deny reaches further, since nobody gets in
by a word of his own about whose part he is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gateway.domain.when import in_force

Part = tuple[str, str]
"""The key of a unit (`system|value`, `Organization/7`) and of what it is a part of."""


class Dated(NamedTuple):
    """One row of the tables with its days, both included; "" for no limit."""

    part: Part
    since: str = ""
    until: str = ""


class Tree:
    """A tree, or what somebody took for one: circles and several parents do no harm."""

    __slots__ = ("_parents",)

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self._parents: dict[str, set[str]] = {}
        for unit, whole in parts:
            self._parents.setdefault(unit, set()).add(whole)

    def above(self, keys: frozenset[str]) -> frozenset[str]:
        """These, and everything that they are parts of."""
        if self._parents.keys().isdisjoint(keys):
            return keys
        found, left = set(keys), list(keys)
        while left:
            new = self._parents.get(left.pop(), set()) - found
            found |= new
            left += new
        return frozenset(found)


class Units:
    """What one gateway knows at a time. Nobody changes it: who hears something new has another one, and each is equal
    to itself alone, so that what was worked out by one is never taken for what holds by another.

    `sure` opens and closes, `closing` can only close. `standing` are the rows of the tables, `former` those whose time
    is over, `told` is what the directory tells, `rows` are all rows with their days.
    """

    __slots__ = ("_former", "_rows", "_standing", "_told", "closing", "sure")

    def __init__(
        self, standing: Iterable[Part] = (), former: Iterable[Part] = (), told: Iterable[Part] = (),
        rows: Iterable[Dated] = (),
    ) -> None:  # fmt: skip
        self._rows = tuple(rows)
        self._standing, self._former, self._told = frozenset(standing), frozenset(former), frozenset(told)
        self.sure = Tree(sorted(self._standing))
        self.closing = Tree(sorted(self._standing | self._former | self._told))

    def hearing(self, told: Iterable[Part]) -> Units:
        """What is known once the directory tells this, whole; the same where that is nothing new."""
        heard = frozenset(told)
        return self if heard == self._told else Units(self._standing, self._former, heard, self._rows)

    def at(self, day: str, told: Iterable[Part]) -> Units:
        """What was known on a day of the past, when the directory told this: a row that ended since was sure then, and
        one that began since was not there."""
        standing = [row.part for row in self._rows if in_force(day, row.since, row.until)]
        former = [row.part for row in self._rows if row.until and row.until < day]
        return Units(standing, former, told, self._rows)


NONE = Units()
"""Where nobody tells what is a part of what."""
