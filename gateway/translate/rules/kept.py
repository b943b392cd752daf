"""What was made of files, kept in the process for as long as none of them changes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from gateway.translate.rules.problems import Problems

T = TypeVar("T")

_RULES = (".yaml", ".csv", ".json")
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
        alone = [(place.name, str(place))] if place.suffix in _RULES and place.is_file() else []
        for name, file in _below(str(place), place.name) if place.is_dir() else alone:
            digest.update(f"{place.name}\0{name}\0".encode() + Path(file).read_bytes() + b"\0")
    return digest.digest()


def _below(folder: str, name: str) -> Iterator[tuple[str, str]]:
    """The files of rules in a folder and below, in the order of their names: (name from the folder on, path). Every
    start asks for hundreds: finding them with `Path.rglob` takes as long as reading them."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda one: one.name)
    rules = not name.endswith(f"/{_NOT_RULES}")
    for one in entries:
        if one.is_dir(follow_symlinks=False):
            yield from _below(one.path, f"{name}/{one.name}")
        elif rules and one.name.endswith(_RULES) and one.is_file():
            yield f"{name}/{one.name}", one.path
