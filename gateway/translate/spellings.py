"""Further names of identifier systems, as senders write them: mappings/identifier-systems.csv.

`written` is what stands in messages, `meant` the name of a system that gateway/domain/identifier.py knows, `why` who
writes so. The field's own names are no rows: they cannot be changed.
"""

from __future__ import annotations

import csv
from pathlib import Path

from gateway.domain.identifier import NAMES, SYSTEMS
from gateway.translate.rules.problems import Mark, Problems

FILE = "identifier-systems.csv"
_COLUMNS = ["written", "meant", "why"]


def read(mappings: Path, problems: Problems) -> dict[str, str]:
    """Name as written → system. Every fault is noted with its line."""
    name = f"{mappings.name}/{FILE}"
    found: dict[str, str] = {}
    try:
        rows = csv.DictReader((mappings / FILE).read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError):
        problems.add(Mark(name, 0), "cannot be read as UTF-8")
        return found
    if rows.fieldnames != _COLUMNS:
        problems.add(Mark(name, 1), f"the header must be {','.join(_COLUMNS)}")
        return found
    for row in rows:
        mark = Mark(name, rows.line_num)
        written, meant = (row["written"] or "").strip(), (row["meant"] or "").strip()
        if not written or not (row["why"] or "").strip():
            problems.add(mark, "written and why must be there")
        elif meant not in SYSTEMS:
            problems.unknown(mark, "identifier system", meant, SYSTEMS)
        elif written in found or written.lower() in NAMES:
            problems.add(mark, f"{written} has a meaning already")
        else:
            found[written] = meant
    return found
