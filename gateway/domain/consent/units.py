"""Which organisation is a part of which: what a consent needs that names a place with its sub-units, or without.

Two tell of it. The tables of this installation (mappings/codes/part-of.csv, `learn`) are sure: by them a permit reaches
sub-units, and what is a sub-unit's stays out of a consent that leaves sub-units out. Whoever may write to the directory
(Organization.partOf, `hear`), and rows whose time is over, can only close: by them a deny reaches further, since nobody
gets in by a word of his own about whose part he is.
"""

from __future__ import annotations

from collections.abc import Iterable

Part = tuple[str, str]
"""The key of a unit (`system|value`, `Organization/7`) and of what it is a part of."""


class Units:
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


class _Known:
    """What this process knows. `edition` is another one with every change."""

    def __init__(self) -> None:
        self.edition = 0
        self.sure = Units()
        self.closing = Units()
        self._tables: frozenset[Part] = frozenset()
        self._directory: frozenset[Part] = frozenset()

    def tell(self, tables: frozenset[Part], directory: frozenset[Part]) -> None:
        if (tables, directory) != (self._tables, self._directory):
            self._tables, self._directory = tables, directory
            self.closing = Units(sorted(tables | directory))
            self.edition += 1

    def learn(self, standing: Iterable[Part], former: Iterable[Part]) -> None:
        sure = frozenset(standing)
        self.sure = Units(sorted(sure))
        self.edition += 1
        self.tell(sure | frozenset(former), self._directory)

    def hear(self, told: Iterable[Part]) -> None:
        self.tell(self._tables, frozenset(told))


known = _Known()


def learn(standing: Iterable[Part], former: Iterable[Part] = ()) -> None:
    """What the tables tell, from now on, in this process; called once at start. `former` are parts whose time is
    over."""
    known.learn(standing, former)


def hear(told: Iterable[Part]) -> None:
    """What the directory tells, whole, from now on."""
    known.hear(told)
