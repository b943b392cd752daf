"""Further names of identifier systems, as senders write them: mappings/identifier-systems.csv.

`written` is what stands in messages, `meant` the name of a system that gateway/domain/identifier.py knows, `why` who
writes so. The field's own names are no rows: they cannot be changed.
"""

from __future__ import annotations

from pathlib import Path

from gateway.domain.identifier import NAMES, SYSTEMS
from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Problems

FILE = "identifier-systems.csv"
_COLUMNS = ("written", "meant", "why")


def read(mappings: Path, problems: Problems) -> dict[str, str]:
    """Name as written → system. Every fault is noted with its line."""
    found: dict[str, str] = {}
    for line in lines(mappings / FILE, f"{mappings.name}/{FILE}", _COLUMNS, problems):
        written, meant = line.cells["written"], line.cells["meant"]
        if not written or not line.cells["why"]:
            problems.add(line.mark, "written and why must be there")
        elif meant not in SYSTEMS:
            problems.unknown(line.mark, "identifier system", meant, SYSTEMS)
        elif written in found or written.lower() in NAMES:
            problems.add(line.mark, f"{written} has a meaning already")
        else:
            found[written] = meant
    return found
