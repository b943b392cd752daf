"""Tables in CSV with a header, line by line: each line knows its place, and the checks that its cells share."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.translate.rules.problems import Mark, Problems

ANY = "*"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table, and the checks that its cells share."""

    cells: Mapping[str, str]
    mark: Mark
    problems: Problems

    def one(self, name: str, known: Collection[str], *, empty: bool = False) -> str:
        """A cell with one of the known values."""
        value = self.cells[name]
        if not (empty and not value) and value not in known:
            self.unknown(name, value, known)
        return value

    def several(self, name: str, known: Collection[str], *, any_allowed: bool = False) -> tuple[str, ...]:
        """A cell with known values, `*` alone for any."""
        values = tuple(self.cells[name].split())
        if not values:
            self.problems.add(self.mark, f"{name} is empty")
        for value in values:
            if value not in known and not (any_allowed and values == (ANY,)):
                self.unknown(name, value, known)
        return values

    def day(self, name: str) -> str:
        """A day, or nothing."""
        value = self.cells[name]
        try:
            if value and date.fromisoformat(value).isoformat() != value:
                raise ValueError
        except ValueError:
            self.problems.add(self.mark, f"{name} must be a day (2025-12-31)")
        return value

    def days(self) -> tuple[str, str]:
        """`valid_from` and `valid_to`, either of them perhaps empty, in their order."""
        start, end = self.day("valid_from"), self.day("valid_to")
        if end and end < start:
            self.problems.add(self.mark, "valid_to lies before valid_from")
        return start, end

    def unknown(self, what: str, value: str, known: Collection[str]) -> None:
        """Notes a value that is not among the known ones."""
        if value:
            self.problems.unknown(self.mark, what, value, known)
        else:
            self.problems.add(self.mark, f"{what} is empty")


def lines(file: Path, name: str, columns: tuple[str, ...], problems: Problems) -> Iterator[Line]:
    """The lines of a table whose header must hold these columns; `name` is how errors call the file."""
    try:
        reader = csv.reader(io.StringIO(file.read_text("utf-8-sig")), strict=True)
    except (OSError, UnicodeDecodeError):
        problems.add(Mark(name, 0), "cannot be read as UTF-8")
        return
    try:
        if tuple(cell.strip() for cell in next(reader, [])) != columns:
            problems.add(Mark(name, 1), f"the header must be {','.join(columns)}")
            return
        for cells in reader:
            mark = Mark(name, reader.line_num)
            if len(cells) != len(columns):
                problems.add(mark, f"has {len(cells)} columns instead of {len(columns)}")
            else:
                yield Line(dict(zip(columns, (cell.strip() for cell in cells), strict=True)), mark, problems)
    except csv.Error as error:
        problems.add(Mark(name, reader.line_num), f"is not CSV: {error}")
