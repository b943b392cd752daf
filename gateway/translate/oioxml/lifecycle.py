"""Which letter means what: mappings/oioxml/lifecycle.csv, read once at start.

| column | holds |
|---|---|
| `letter` | the name of the letter's element (NotificationOfAdmission) |
| `letter_status` | Letter/StatusCode: nytbrev, rettetbrev, annulleretbrev; `*` any |
| `patient_status` | Patient/EpisodeOfCareStatusCode; `-` none, `*` any that no other row of the letter names |
| `act`, `verb` | what it tells of the stay (domain.statement); `state`: it tells of no stay |
| `files` | the rule files it runs, in order; those that make no Encounter are run by the first row only |
| `happened` | the elements with Date and Time that say when, the first valued one; Letter/Authorisation follows |
| `note` | why |

A letter may have several rows: each tells of one thing that happened, in their order. A letter corrects what the same
sender told of the same stay: letters never name the letter they correct.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.statement import Act, Verb
from gateway.translate.oioxml.names import NAMES
from gateway.translate.rules.problems import Mark, Problems

COLUMNS = ("letter", "letter_status", "patient_status", "act", "verb", "files", "happened", "note")
ANY, NONE = "*", "-"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    letter: str
    letter_status: str
    patient_status: str
    act: Act
    verb: Verb
    files: tuple[str, ...]
    happened: tuple[str, ...]
    note: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The table by letter."""

    rows: Mapping[str, tuple[Row, ...]]

    def of(self, letter: str, letter_status: str, patient_status: str) -> tuple[Row, ...]:
        """What a letter tells; empty when the table has no row for these codes."""
        known = self.rows.get(letter, ())
        exact = [row for row in known if row.patient_status == (patient_status or NONE)]
        rows = exact or [row for row in known if row.patient_status == ANY]
        return tuple(row for row in rows if row.letter_status in (letter_status, ANY))


def read(path: Path, name: str, files: Collection[str], problems: Problems) -> Lifecycle:
    """The table; every error is noted with file and line. `files` are the rule files there are."""
    rows: dict[str, list[Row]] = {}
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.add(Mark(name, 0), "cannot be read as UTF-8")
        return Lifecycle({})
    reader = csv.reader(io.StringIO(text))
    if tuple(next(reader, [])) != COLUMNS:
        problems.add(Mark(name, 1), f"the header must be {','.join(COLUMNS)}")
        return Lifecycle({})
    for cells in reader:
        if any(cells) and (row := _row(cells, Mark(name, reader.line_num), files, problems)):
            rows.setdefault(row.letter, []).append(row)
    return Lifecycle({letter: tuple(own) for letter, own in rows.items()})


def _row(cells: list[str], mark: Mark, files: Collection[str], problems: Problems) -> Row | None:
    before = len(problems.found)
    if len(cells) != len(COLUMNS):
        problems.add(mark, f"has {len(cells)} columns instead of {len(COLUMNS)}")
        return None
    letter, letter_status, patient_status, act, verb, run, happened, note = (cell.strip() for cell in cells)
    if not letter or not letter_status or not patient_status:
        problems.add(mark, "letter, letter_status and patient_status are needed (* any, - none)")
    if act not in set(Act):
        problems.unknown(mark, "act", act, tuple(Act))
    if verb not in set(Verb):
        problems.unknown(mark, "verb", verb, tuple(Verb))
    for file in run.split():
        if file not in files:
            problems.unknown(mark, "rule file", file, files)
    for field in happened.split():
        if not all(step in NAMES for step in field.split("/")):
            problems.add(mark, f"happened: no letter has {field}")
    if len(problems.found) > before:
        return None
    times = tuple(happened.split())
    return Row(letter, letter_status, patient_status, Act(act), Verb(verb), tuple(run.split()), times, note, mark)
