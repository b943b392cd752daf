"""How much a patch may do: so few operations can make so much that each thing they make is counted."""

from __future__ import annotations

from typing import Any

from gateway.errors import BadRequest, TooLarge
from gateway.translate.fhir.read_json import MAX_DEPTH
from gateway.translate.fhirpath import Spent, Undecided

MOST_OPERATIONS = 1_000
_MOST_NODES = 200_000


class Weight:
    """Counts the values that one patch copies, moves or adds (a `copy` of all into a part of it doubles each time), and
    the steps of finding where."""

    def __init__(self) -> None:
        self._left = _MOST_NODES
        self.spent = Spent()

    def step(self, count: int, where: str) -> None:
        """Takes steps; raises TooLarge where they are too many."""
        try:
            self.spent.step(count)
        except Undecided:
            raise TooLarge("The patch takes too long to apply.", where=where) from None

    def add(self, value: Any, *, depth: int, where: str) -> None:
        """Takes a value that comes to stand so deep; raises TooLarge where it is too much or too deep."""
        waiting = [(value, depth)]
        while waiting:
            node, level = waiting.pop()
            self._left -= 1
            if self._left < 0:
                raise TooLarge("The patch copies, moves or adds too much.", where=where)
            if level > MAX_DEPTH and isinstance(node, dict | list):
                raise TooLarge(f"The patch nests deeper than {MAX_DEPTH} levels.", where=where)
            if isinstance(node, dict):
                waiting += [(below, level + 1) for below in node.values()]
            elif isinstance(node, list):
                waiting += [(below, level + 1) for below in node]


def check_count(operations: list[Any]) -> None:
    """Raises BadRequest for a patch that is nothing, TooLarge for one of too many operations."""
    if not isinstance(operations, list):
        raise BadRequest("A patch is a list of operations.")
    if len(operations) > MOST_OPERATIONS:
        raise TooLarge(hint=f"A patch has at most {MOST_OPERATIONS} operations.")


def copied(value: Any) -> Any:
    """The same JSON value again, shared with nobody."""
    if isinstance(value, dict):
        return {name: copied(below) for name, below in value.items()}
    return [copied(below) for below in value] if isinstance(value, list) else value
