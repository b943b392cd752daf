"""The tables of mappings/suspicion: how much is unusual, and which classes are sensitive. All errors at once."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.policy import CLASSES
from gateway.domain.suspicion.thresholds import SIGNALS, Row, Suspicion, Thresholds
from gateway.translate.rules.lines import Line, lines
from gateway.translate.rules.problems import Mark, Problems

_COLUMNS = ("signal", "least", "hours", "weight", "alarm", "why")
_RAISE = "raise-at"


def read(folder: Path, problems: Problems) -> Suspicion:
    """Both tables. Every signal has one row, and numbers are numbers."""
    return Suspicion(_thresholds(folder, problems), _classes(folder, problems))


def _thresholds(folder: Path, problems: Problems) -> Thresholds:
    name = f"{folder.name}/thresholds.csv"
    rows: dict[str, Row] = {}
    raise_at = 0.0
    for line in lines(folder / "thresholds.csv", name, _COLUMNS, problems):
        signal = line.one("signal", (*SIGNALS, _RAISE))
        least, hours, weight = (_number(line, cell) for cell in ("least", "hours", "weight"))
        if signal == _RAISE:
            raise_at = least
        elif signal in rows:
            problems.add(line.mark, f"{signal} has a row already")
        else:
            rows[signal] = Row(signal, least, hours, weight, line.cells["alarm"], str(line.mark))
    for missing in SIGNALS:
        if missing not in rows:
            problems.add(Mark(name, 0), f"{missing} has no row; a weight of 0 switches it off")
    if not raise_at:
        problems.add(Mark(name, 0), f"{_RAISE} has no row, or 0 in it")
    return Thresholds(rows.values(), raise_at)


def _classes(folder: Path, problems: Problems) -> frozenset[str]:
    name = f"{folder.name}/classes.csv"
    return frozenset(
        line.one("data_class", CLASSES) for line in lines(folder / "classes.csv", name, ("data_class", "why"), problems)
    )


def _number(line: Line, cell: str) -> float:
    """A number that is not negative; an empty cell is 0."""
    text = line.cells[cell]
    if not text:
        return 0.0
    if not text.replace(".", "", 1).isdigit() or not text.isascii():
        line.problems.add(line.mark, f"{cell} must be a number")
        return 0.0
    return float(text)
