"""How our HL7 v2 rules stand to the official guide, row by row: HL7/v2-to-fhir (hl7.fhir.uv.v2mappings 1.0.0, STU 1).

mappings/hl7v2/guide.csv holds the guide's rows of the segments that come to us: `map` (`PV1[Encounter]`), `row` (the
field), `element` (where the guide puts it). Rules name the row they are about (`guide:`). `why` is ours: why a row is
not used, or why we put it elsewhere; a line without a row says it of a whole map.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.rules.ruleset import Guide

_FIELD = re.compile(r"[A-Z][A-Z0-9]{2}-\d+")


class State(StrEnum):
    """What became of a row of the guide."""

    DONE = "done"
    DEVIATES = "deviates"
    NOT_USED = "not used"


@dataclass(frozen=True, slots=True)
class Official:
    """One line of guide.csv."""

    map: str
    row: str
    element: str
    why: str

    @property
    def resource(self) -> str:
        """`Encounter` of `PV1[Encounter]`, `Patient` of `ROL[Patient-GeneralPractitioner]`."""
        return self.map.partition("[")[2].rstrip("]").partition("-")[0]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row and what we make of it: the elements that the rules make of this field, where the rules stand, and the
    examples that go through them."""

    official: Official
    state: State
    makes: tuple[str, ...] = ()
    rules: tuple[Mark, ...] = ()
    examples: tuple[str, ...] = ()
    why: str = ""


def official_rows(file: Path) -> list[Official]:
    """The lines of guide.csv, in its order. Raises MappingError where they cannot be read."""
    problems = Problems()
    name = "/".join(file.parts[-3:])
    found = [Official(**line.cells) for line in lines(file, name, ("map", "row", "element", "why"), problems)]
    problems.check()
    return found


def verdicts(
    rows: Iterable[Official],
    guides: Iterable[Guide],
    skipped: Mapping[str, str],
    covered: Mapping[str, Collection[str]],
) -> list[Verdict]:
    """What became of every row; a line without a row gives none. `skipped` are the fields that the rules leave out with
    their reason, `covered` the names of the examples by rule (`file:line`)."""
    about: dict[str, list[Guide]] = defaultdict(list)
    for one in guides:
        for field in dict.fromkeys(_FIELD.findall(one.guide)):
            about[field].append(one)
    rows = list(rows)
    of_maps = {row.map: row.why for row in rows if not row.row}
    return [_verdict(row, about[row.row], skipped, covered, of_maps.get(row.map, "")) for row in rows if row.row]


def _verdict(
    row: Official, said: list[Guide], skipped: Mapping[str, str], covered: Mapping[str, Collection[str]], why: str
) -> Verdict:
    """`why` is that of the whole map, where the row has none of its own."""
    if not said:
        return Verdict(row, State.NOT_USED, why=row.why or skipped.get(row.row, "") or why)
    same = [one for one in said if _same(row, one.target)]
    chosen = same or said
    through = [mark for one in chosen for mark in (one.mark, *one.inside)]
    examples = sorted({name for mark in through for name in covered.get(str(mark), ())})
    makes = tuple(dict.fromkeys(one.target for one in chosen))
    marks = tuple(dict.fromkeys(one.mark for one in chosen))
    if same and not row.why:
        return Verdict(row, State.DONE, makes, marks, tuple(examples))
    return Verdict(row, State.DEVIATES, makes, marks, tuple(examples), row.why or why)


def _same(row: Official, target: str) -> bool:
    """Whether a rule makes the element that the guide names, in its first part: below it the data type decides."""
    resource, _, path = target.partition(".")
    if resource != row.resource:
        return False
    ours, theirs = path.partition(".")[0].partition("[")[0], row.element.partition(".")[0]
    return bool(theirs) and (ours.startswith(theirs.removesuffix("[x]")) or theirs.startswith(ours))
