"""Paths of rule files for the JSON of case systems: `grants.currentElements[type=supplier].supplier.name`.

The first step is a step of the walk (walk.py), what follows are the system's own names; lists are walked through, and
`[child=text]` takes the items whose child has this text, as in translate/fhir/paths.py. No schema of these systems is
public, so only the first step is checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from gateway.translate.fhir.paths import FhirReader
from gateway.translate.rules.problems import nearest
from gateway.translate.rules.reader import Function, PathError

# The child by which most systems tell what an item of a mixed list is.
_TYPE = "type"


class VendorReader(FhirReader):
    """The Reader of one system; every path gives text, and dates and numbers need a function."""

    fhir = False

    def __init__(self, name: str, functions: Mapping[str, Function], steps: Collection[str]) -> None:
        super().__init__(name, functions)
        self._steps = steps

    def spelled(self, step: tuple[str, str, str]) -> str:
        """With what it selects: one list holds things of many kinds."""
        return f"{step[0]}[{step[1]}={step[2]}]" if step[1] else step[0]

    def check(self, written: str, path: str) -> None:
        """Raises PathError for a path that does not begin at a step of the walk."""
        first = written.partition(".")[0].partition("[")[0]
        if first not in self._steps:
            raise PathError(f"{path} does not begin at a step of the walk", nearest(first, self._steps) or "")

    def fields(self, message: Any) -> Iterable[str]:
        """Every value in the answers."""
        return list(dict.fromkeys(field for name, found in message.roots.items() for field in _leaves(found, name)))


def _leaves(node: Any, path: str) -> Iterator[str]:
    """An item's type stands in the path of what it holds."""
    if isinstance(node, list):
        for item in node:
            kind = item.get(_TYPE) if isinstance(item, dict) and "." in path else None
            if isinstance(kind, str):
                rest = {name: value for name, value in item.items() if name != _TYPE}
                yield from _leaves(rest, f"{path}[{_TYPE}={kind}]")
            else:
                yield from _leaves(item, path)
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{path}.{name}")
    elif node is not None and node != "":
        yield path
