"""mappings/subscription-topics.csv: what subscribers may be told of. `kind` is a FHIR type, `when` one of WHEN."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.topics import WHEN, Row, Topics
from gateway.translate.r4 import facts
from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Problems

FILE = "subscription-topics.csv"
_COLUMNS = ("topic", "kind", "when", "why")


def read(mappings: Path, problems: Problems) -> Topics:
    """The topics. Every fault is noted with its line."""
    rows: list[Row] = []
    for line in lines(mappings / FILE, f"{mappings.name}/{FILE}", _COLUMNS, problems):
        topic, kind, when = (line.cells[name] for name in ("topic", "kind", "when"))
        if not topic:
            problems.add(line.mark, "topic is empty")
        elif when not in WHEN:
            problems.unknown(line.mark, "when", when, WHEN)
        elif facts().kind(kind) != "resource":
            problems.unknown(line.mark, "FHIR type", kind, facts().names)
        else:
            rows.append(Row(topic, kind, when))
    return Topics(rows)
