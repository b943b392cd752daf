"""What one evaluation of FHIRPath holds, and collections as values: http://hl7.org/fhirpath/N1/#collections-1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.translate.fhirpath.items import Item, Undecided, alike

Items = list[Item]
_MOST_STEPS = 200_000


@dataclass(slots=True)
class Spent:
    """Counts the steps of one evaluation, or of many, so that no resource keeps the gateway busy."""

    most: int = _MOST_STEPS
    steps: int = 0

    def step(self, count: int = 1) -> None:
        """Takes steps; raises Undecided where they are too many."""
        self.steps += count
        if self.steps > self.most:
            raise Undecided

    @property
    def all_gone(self) -> bool:
        """Whether no step is left."""
        return self.steps > self.most


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may name: its start, the resource it stands in, the outermost resource, `$this`, `$index`."""

    context: Item
    resource: Item
    root: Item
    this: Item
    spent: Spent
    index: int = 0


def single(found: Items) -> Any:
    """The value of a collection of one; None for an empty one. Raises Undecided for more."""
    if len(found) > 1:
        raise Undecided
    return found[0].value if found else None


def truth(found: Items) -> bool | None:
    """A collection as a truth value: what is one single thing and no boolean counts as true."""
    if not found:
        return None
    if len(found) > 1:
        raise Undecided
    value = found[0].value
    return value if isinstance(value, bool) else True


def told(value: bool | None) -> Items:
    """A truth value as a collection."""
    return [] if value is None else [Item(value)]


class Distinct:
    """Values, each of them once, in the order in which they came."""

    def __init__(self, scope: Scope) -> None:
        self.items: Items = []
        self._spent = scope.spent
        self._seen: set[tuple[bool, Any]] = set()

    def add(self, item: Item) -> bool:
        """Takes an item that is not there yet; False where an equal one is."""
        self._spent.step()
        if isinstance(item.value, str | int | bool):
            key = (type(item.value) is bool, item.value)
            if key in self._seen:
                return False
            self._seen.add(key)
        elif any(alike(item, other) for other in self.items):
            return False
        self._spent.step(len(self.items) if not isinstance(item.value, str) else 0)
        self.items.append(item)
        return True


def distinct(found: Items, scope: Scope) -> Items:
    """Each value once, in order."""
    kept = Distinct(scope)
    for item in found:
        kept.add(item)
    return kept.items
