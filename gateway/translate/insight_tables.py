"""The tables of a citizen's own insight in mappings/policy: what is kept back of a look, and who asks for a citizen."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.insight import ABOUT, PARTS, PERSON, READERS, InsightRules, Keep, Right
from gateway.domain.record import masked
from gateway.translate.rules.lines import Line, lines
from gateway.translate.rules.problems import Problems

_KEEPS = ("reader", "about", "value", "keep", "law", "valid_from", "valid_to", "why")
_RIGHTS = ("system", "code", "display", "source_sector", "law", "valid_from", "valid_to", "why")
_SECTORS = ("region", "municipality", "other")


def read(folder: Path, problems: Problems) -> InsightRules:
    """insight.csv and representatives.csv. Every row rests on a law."""
    name = f"{folder.parent.name}/{folder.name}"
    keeps = lines(folder / "insight.csv", f"{name}/insight.csv", _KEEPS, problems)
    rights = lines(folder / "representatives.csv", f"{name}/representatives.csv", _RIGHTS, problems)
    return InsightRules(tuple(map(_keep, keeps)), tuple(map(_right, rights)))


def _keep(line: Line) -> Keep:
    about, values = line.one("about", ABOUT), tuple(line.cells["value"].split())
    _needed(line, "value", "law")
    if about == PERSON:
        if not all(system and key for system, _, key in (value.rpartition("|") for value in values)):
            line.problems.add(line.mark, "a person is named system|value")
        if masked(line.cells["value"]) != line.cells["value"]:
            line.problems.add(line.mark, "nobody is named by CPR in a table; take the key that the log knows")
    else:
        values = tuple(value.lower() for value in values)
        if any(not value.removeprefix("*").isalnum() for value in values):
            line.problems.add(line.mark, "value holds words: letters and figures, perhaps with * before them")
    start, end = line.days()
    return Keep(
        line.several("reader", READERS), about, values, line.several("keep", tuple(PARTS)), line.cells["law"],
        str(line.mark), start, end,
    )  # fmt: skip


def _right(line: Line) -> Right:
    _needed(line, "system", "code", "display", "law")
    start, end = line.days()
    cells = line.cells
    return Right(
        cells["system"], cells["code"], cells["display"], line.several("source_sector", _SECTORS), cells["law"],
        str(line.mark), start, end,
    )  # fmt: skip


def _needed(line: Line, *names: str) -> None:
    for name in names:
        if not line.cells[name].strip():
            line.problems.add(line.mark, f"{name} is empty")
