"""Which notification means what: mappings/medcom/lifecycle.csv, read once at start.

| column | holds |
|---|---|
| `code` | MedCom's short name of the notification |
| `activity` | the code of the current Provenance; `*` for death, which repeats the activity of the message before |
| `deceased` | `true` or `false`: Patient.deceasedBoolean tells a death or takes it back; empty elsewhere |
| `act`, `verb` | what it tells of the stay (domain.statement) |
| `happened` | which times say when: `period.` or `leave.` with `start` or `end`; the first valued counts |
| `class`, `status` | what the Encounter should say; a disagreement is noted, never followed |
| `note` | why |
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.statement import Act, Verb
from gateway.translate.rules.problems import Mark, Problems

COLUMNS = ("code", "activity", "deceased", "act", "verb", "happened", "class", "status", "note")
ANY = "*"
_ACTIVITY = re.compile(r"[a-z]+(-[a-z]+)+|\*")
_TIMES = frozenset({"period.start", "period.end", "leave.start", "leave.end"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `kind` is the class."""

    code: str
    activity: str
    deceased: str
    act: Act
    verb: Verb
    happened: tuple[str, ...]
    kind: str
    status: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The table: by activity, and the three words about death by verb."""

    activities: Mapping[str, Row]
    death: Mapping[Verb, Row]


def read(path: Path, name: str, problems: Problems) -> Lifecycle:
    """The table; every error is noted with file and line."""
    activities: dict[str, Row] = {}
    death: dict[Verb, Row] = {}
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.add(Mark(name, 0), "cannot be read as UTF-8")
        return Lifecycle(activities, death)
    lines = csv.reader(io.StringIO(text))
    if tuple(next(lines, [])) != COLUMNS:
        problems.add(Mark(name, 1), f"the header must be {','.join(COLUMNS)}")
        return Lifecycle(activities, death)
    for cells in lines:
        row = _row(cells, Mark(name, lines.line_num), problems) if any(cells) else None
        if row is None:
            continue
        if row.activity == ANY:
            if death.setdefault(row.verb, row) is not row:
                problems.add(row.mark, f"a death to {row.verb} stands here twice")
        elif activities.setdefault(row.activity, row) is not row:
            problems.add(row.mark, f"{row.activity} stands here twice")
    missing = [verb for verb in Verb if verb not in death]
    if missing:
        problems.add(Mark(name, 1), f"a row for a death (activity *) to {missing[0]} is missing")
    return Lifecycle(activities, death)


def _row(cells: list[str], mark: Mark, problems: Problems) -> Row | None:
    before = len(problems.found)
    if len(cells) != len(COLUMNS):
        problems.add(mark, f"has {len(cells)} columns instead of {len(COLUMNS)}")
        return None
    code, activity, deceased, act, verb, happened, kind, status, _ = (cell.strip() for cell in cells)
    if not code:
        problems.add(mark, "the code is missing")
    if not _ACTIVITY.fullmatch(activity):
        problems.add(mark, "activity must be a code such as admit-inpatient, or * for a death")
    if act not in set(Act):
        problems.unknown(mark, "act", act, tuple(Act))
    if verb not in set(Verb):
        problems.unknown(mark, "verb", verb, tuple(Verb))
    wanted = "" if activity != ANY else "false" if verb == Verb.WITHDRAW else "true"
    if deceased != wanted or (activity == ANY) != (act == Act.DIE):
        problems.add(mark, "a death, and nothing else, has activity *, act die and deceased (false to take it back)")
    times = tuple(happened.split())
    for time in times:
        if time not in _TIMES:
            problems.unknown(mark, "time", time, _TIMES)
    if not times:
        problems.add(mark, "happened is missing")
    if len(problems.found) > before:
        return None
    return Row(code, activity, deceased, Act(act), Verb(verb), times, kind, status, mark)
