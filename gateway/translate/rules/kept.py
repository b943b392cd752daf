"""What was made of files, kept in the process for as long as none of them changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from gateway.translate.rules.problems import Problems

T = TypeVar("T")

_NOT_RULES = "examples"


class Kept(Generic[T]):
    """At most `most` things, by the state of the files that they were made of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: dict[bytes, T] = {}

    def of(self, state: bytes, problems: Problems, make: Callable[[], T]) -> T:
        """What was made of this state, or is now; not kept where there are problems, with other files even, since
        those must be told the next time too."""
        if state not in self._made:
            made = make()
            if problems.found:
                return made
            while len(self._made) >= self._most:
                del self._made[next(iter(self._made))]
            self._made[state] = made
        return self._made[state]


def state(*places: Path, told: str = "") -> bytes:
    """SHA-256 of the names and bytes of files and of all files in folders, but for examples; and of what is told."""
    digest = hashlib.sha256(told.encode())
    for place in places:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for file in files:
            if file.suffix in (".yaml", ".csv", ".json") and file.parent.name != _NOT_RULES and file.is_file():
                digest.update(f"{place.name}\0{file.relative_to(place.parent)}\0".encode() + file.read_bytes() + b"\0")
    return digest.digest()
