"""Errors of mappings: all of them at once, each with its file, line and a suggestion."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gateway.errors import SettingsError


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a mapping file; line 0 is the file as a whole."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One error: `mappings/hl7v2/encounter.yaml:42: Encounter.statuss is not in R4 (did you mean status?)`."""

    mark: Mark
    text: str

    def __str__(self) -> str:
        return f"{self.mark}: {self.text}"


class MappingError(SettingsError):
    """Some mappings are wrong; the gateway does not start."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))

    def told(self) -> str:
        return self.text


class Problems:
    """Collects errors while files are read and compiled."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, mark: Mark, text: str, meant: str | None = "") -> None:
        """Notes an error; `meant` is what the author most likely wanted to write."""
        self.found.append(Problem(mark, text + (f" (did you mean {meant}?)" if meant else "")))

    def unknown(self, mark: Mark, what: str, name: str, known: Iterable[str]) -> None:
        """Notes a name that is not among the known ones, with the nearest of them."""
        self.add(mark, f"unknown {what} {name}", nearest(name, known))

    def check(self) -> None:
        """Raises MappingError when anything was noted."""
        if self.found:
            raise MappingError(self.found)


def all_of(*makes: Callable[[], Any]) -> list[Any]:
    """What each call gives; when some of them raise MappingError, one MappingError with all of their errors."""
    made: list[Any] = []
    found: list[Problem] = []
    for make in makes:
        try:
            made.append(make())
        except MappingError as error:
            found += error.problems
    if found:
        raise MappingError(found)
    return made


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to this one, empty when none is near."""
    folded = {k.lower(): k for k in sorted(known)}
    letters = sorted(name.lower())
    for low, spelled in folded.items():
        if len(low) == len(letters) and sorted(low) == letters:  # two swapped, which difflib takes for far apart
            return spelled
    return next((folded[n] for n in difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)), "")
