"""One code system, compiled: a concept by any of its codes in any spelling, what stands above it and below it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.translate.rules.problems import Problems
from gateway.translate.terms.rows import ALL, About, Concept

_UUID = re.compile(r"[0-9a-f]{8}(?:[-_]?[0-9a-f]{4}){3}[-_]?[0-9a-f]{12}")
_RETIRING = re.compile(r"\s*\[udgår \d{4}\]\s*$", re.IGNORECASE)  # KLE writes the year behind the name
_FOUR = 4
_ICD_10 = re.compile(r"[A-Z]\d")  # SKS writes a D before the codes of ICD-10


@dataclass(frozen=True, slots=True)
class Found:
    """A concept as it was asked for. `code` is the code of the concept that was meant, in the system's own spelling:
    the one asked for where the concept has several. `exact` when it was asked for so."""

    concept: Concept
    code: str
    exact: bool


class System:
    """A code system. `about` says what it is called."""

    def __init__(self, about: About, concepts: Sequence[Concept], problems: Problems) -> None:
        self.about = about
        self._rows: dict[str, list[Concept]] = {}
        for concept in sorted(concepts, key=lambda one: one.valid_from, reverse=True):
            self._rows.setdefault(concept.code, []).append(concept)
        self.codes = tuple(dict.fromkeys(concept.code for concept in concepts))
        """Every concept's own code, in the order of the table."""
        self._meant: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        for concept in concepts:
            self._name(concept, problems)
        self._children: dict[str, list[str]] = {}
        for concept in concepts:
            self._place(concept, problems)
        self._overlaps(problems)
        self._circles(problems)

    def find(self, code: str, on: str = "") -> Found | None:
        """The concept of a code; with a day as it was on that day, or as it was last where it was not in use then."""
        written = code if code in self._meant else self._folded.get(self._fold(code), "")
        if not written:
            return None
        rows = self._rows[self._meant[written]]
        valid = next((row for row in rows if row.valid(on)), None) if on else None
        before = next((row for row in rows if row.valid_from <= on), rows[-1]) if on else rows[0]
        return Found(valid or before, written, written == code)

    def concept(self, code: str) -> Concept:
        """The newest line of a concept's own code. Raises KeyError."""
        return self._rows[code][0]

    def rows(self) -> Iterator[Concept]:
        """Every line of the table, concept by concept, the newest line of each first."""
        return (row for code in self.codes for row in self._rows[code])

    def all_codes(self, concept: Concept) -> tuple[str, ...]:
        """Every code of a concept, its own first."""
        same = [code for row in self._rows[concept.code] for code in row.same_as]
        return tuple(dict.fromkeys((concept.code, *same)))

    def children(self, code: str) -> Sequence[str]:
        """The codes right below one."""
        return self._children.get(code, ())

    def below(self, code: str) -> Iterator[str]:
        """Every code below one, in the order of the table."""
        for child in self.children(code):
            yield child
            yield from self.below(child)

    def is_leaf(self, code: str) -> bool:
        """Whether nothing stands below a code."""
        return code not in self._children

    def above(self, code: str) -> Iterator[Concept]:
        """What stands above a concept's own code, the nearest first."""
        parent = self.concept(code).parent
        while parent:
            concept = self.concept(parent)
            yield concept
            parent = concept.parent

    def nearest_above(self, code: str) -> Concept | None:
        """Where longer codes lie below shorter ones: the longest that a code begins with."""
        if self.about.spelled != "prefix":
            return None
        folded = self._fold(code)
        for length in range(len(folded) - 1, 0, -1):
            if folded[:length] in self._folded:
                return self.concept(self._meant[self._folded[folded[:length]]])
        return None

    def begins(self, prefix: str) -> bool:
        """Whether any code begins so, or the prefix lies below a code."""
        folded = self._fold(prefix)
        return any(one.startswith(folded) for one in self._folded) or self.nearest_above(prefix) is not None

    def knows_all_like(self, code: str) -> bool:
        """Whether the table holds every code of this kind, so that one that is missing is none."""
        complete = self.about.complete
        if complete == (ALL,) or not complete or not code.startswith(complete):
            return complete == (ALL,)
        return not any(one.startswith(f"{code}.") for one in self.codes)  # a group that known codes stand in is one too

    def _fold(self, code: str) -> str:
        """A code without what people add, leave out or change in writing it."""
        told = code.strip()
        match self.about.spelled:
            case "uuid":
                low = told.lower().removeprefix("urn:uuid:").strip("{}")
                return low.replace("_", "").replace("-", "") if _UUID.fullmatch(low) else low
            case "digits":
                return told.zfill(_FOUR) if told.isascii() and told.isdigit() else told
            case "prefix":
                bare = told.upper().replace(".", "")
                return f"D{bare}" if _ICD_10.match(bare) else bare
        return told

    def _name(self, concept: Concept, problems: Problems) -> None:
        """Remember every code of a line; one that stands for another concept already is an error."""
        for code in (concept.code, *concept.same_as):
            if self._meant.setdefault(code, concept.code) != concept.code:
                problems.add(concept.mark, f"{code} is a code of another concept, {self._meant[code]}")
            fold = self._fold(code)
            before = self._folded.setdefault(fold, code)
            if self._meant.get(before) != concept.code:
                problems.add(concept.mark, f"{code} cannot be told from {before} as people write it")

    def _place(self, concept: Concept, problems: Problems) -> None:
        if not concept.parent:
            return
        if concept.parent not in self._rows:
            problems.unknown(concept.mark, "parent", concept.parent, self._rows)
        elif concept.code not in self._children.setdefault(concept.parent, []):
            self._children[concept.parent].append(concept.code)

    def _overlaps(self, problems: Problems) -> None:
        for rows in self._rows.values():
            for newer, older in itertools.pairwise(rows):
                if newer.valid_from <= (older.valid_to or "9999"):
                    first, second = sorted((newer.mark, older.mark))
                    problems.add(second, f"{newer.code} stands here twice, first in line {first.line}")

    def _circles(self, problems: Problems) -> None:
        for code in self.codes:
            seen, at = {code}, self._rows[code][0].parent
            while at in self._rows and at not in seen:
                seen.add(at)
                at = self._rows[at][0].parent
            if at == code:
                problems.add(self._rows[code][0].mark, f"{code} stands below itself")


def same_words(display: str, known: Iterable[str]) -> bool:
    """Whether a display is one of the known ones: capitals, blanks and a year of retirement behind it do not matter."""
    return _plain(display) in map(_plain, known)


def _plain(display: str) -> str:
    return " ".join(_RETIRING.sub("", display).split()).casefold()
