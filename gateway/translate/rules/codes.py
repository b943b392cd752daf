"""Code tables: mappings/codes/<name>.csv, one row per source code, edited in a spreadsheet, exported as ConceptMap.
mappings/code-tables.csv says of each who owns it, in what version and since when.

Columns: `source_system, source_code, target_system, target_code, display, note, valid_from, valid_to`. A row without
`target_code` says that the code is known and means nothing here; its `note` must say why. `valid_from` and `valid_to`
(both included) are days; two rows may hold one source code when their days do not overlap.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from secrets import token_bytes
from typing import Any

from gateway.domain.when import in_force
from gateway.translate.rules.kept import Kept, state
from gateway.translate.rules.problems import Mark, Problems

ABOUT = ("table", "owner", "version", "date", "source")
COLUMNS = (
    "source_system", "source_code", "target_system", "target_code", "display", "note", "valid_from", "valid_to",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class About:
    """One line of code-tables.csv. `owner` is who may change the table: `installation` where each gateway has its own
    rows, `gateway` where they come with the software, else the body whose codes they are. `date` is the day of its
    last change, `source` where it comes from."""

    mark: Mark
    table: str
    owner: str
    version: str
    date: str
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a code table."""

    mark: Mark
    source_system: str
    source_code: str
    target_system: str
    target_code: str
    display: str
    note: str
    valid_from: str
    valid_to: str
    _coding: dict[str, str] = field(init=False, repr=False, compare=False)

    def valid(self, on: str) -> bool:
        """Whether the row holds on a day."""
        return in_force(on, self.valid_from, self.valid_to)

    @property
    def coding(self) -> dict[str, str]:
        """A Coding of the target, made anew."""
        return self._coding.copy()

    def gives(self, coding: Mapping[str, Any]) -> bool:
        """Whether a Coding is the target already."""
        return coding.get("code") == self.target_code and coding.get("system") == (self.target_system or None)

    def __post_init__(self) -> None:
        made = {"system": self.target_system, "code": self.target_code, "display": self.display}
        object.__setattr__(self, "_coding", {name: text for name, text in made.items() if text})


class CodeTable:
    """One code table. Rows with validity dates are read by the day of the message, the newest one without a day.

    `ambiguous` is a code that stands under several systems, empty when there is none.
    """

    def __init__(self, name: str, mark: Mark, rows: tuple[Row, ...]) -> None:
        self.name = name
        self.mark = mark
        self.rows = rows
        self.dated = any(row.valid_from or row.valid_to for row in rows)
        newest = sorted(rows, key=lambda row: row.valid_from, reverse=True)
        self._by_both: dict[tuple[str, str], list[Row]] = {}
        self._by_code: dict[str, list[Row]] = {}
        for row in newest:
            self._by_both.setdefault((row.source_system, row.source_code), []).append(row)
            self._by_code.setdefault(row.source_code, []).append(row)
        self._newest = {both: found[0] for both, found in self._by_both.items()}
        several = (c for c, found in self._by_code.items() if len({row.source_system for row in found}) > 1)
        self.ambiguous = next(several, "")

    def find(self, system: str, code: str, on: str = "") -> Row | None:
        """The row of a code in its system."""
        if not self.dated:
            return self._newest.get((system, code))
        return _pick(self._by_both.get((system, code), ()), on)

    def find_code(self, code: str, on: str = "") -> Row | None:
        """The row of a code whose system is not told; None where the table has codes of several systems."""
        return None if self.ambiguous else _pick(self._by_code.get(code, ()), on)

    def plain(self) -> dict[str, Row]:
        """Code → row, for a table that is neither dated nor ambiguous."""
        return {code: rows[0] for code, rows in self._by_code.items()}


def _pick(rows: list[Row] | tuple[Row, ...], on: str) -> Row | None:
    if not on:
        return rows[0] if rows else None
    return next((row for row in rows if row.valid(on)), None)


def rows_of(file: Path, problems: Problems) -> tuple[Row, ...]:
    """The rows of one code table alone; every fault is noted with its line."""
    mark = Mark(f"mappings/{file.parent.name}/{file.name}", 0)
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.add(mark, "cannot be read as UTF-8")
        return ()
    return table(file.stem, mark, text, problems).rows


class Codes:
    """All code tables, by name. `state` tells these tables from any others."""

    def __init__(
        self, tables: dict[str, CodeTable], about: Mapping[str, About] | None = None, state: bytes = b""
    ) -> None:
        self.tables = tables
        self.about = about or {}
        self.state = state or token_bytes()

    @classmethod
    def read(cls, folder: Path, problems: Problems) -> Codes:
        """Every table in a folder; errors are noted with file and line."""
        found = state(folder, folder.parent / "code-tables.csv", told=folder.parent.name)
        return _KEPT.of(found, problems, lambda: cls._read(folder, problems, found))

    @classmethod
    def _read(cls, folder: Path, problems: Problems, found: bytes) -> Codes:
        tables: dict[str, CodeTable] = {}
        for path in sorted(folder.glob("*.csv")):
            mark = Mark(f"{folder.parent.name}/{folder.name}/{path.name}", 0)
            try:
                text = path.read_text("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                problems.add(mark, "cannot be read as UTF-8")
                continue
            tables[path.stem] = table(path.stem, mark, text, problems)
        return cls(tables, _about(folder, tables, problems), found)


_KEPT = Kept[Codes](4)


def _about(folder: Path, tables: Mapping[str, CodeTable], problems: Problems) -> dict[str, About]:
    """What code-tables.csv beside the folder says; nothing where there is none. Each table has one line."""
    file = folder.parent / "code-tables.csv"
    if not file.is_file():
        return {}
    name = f"{folder.parent.name}/{file.name}"
    found: dict[str, About] = {}
    reader = csv.reader(io.StringIO(file.read_text("utf-8-sig")))
    if tuple(next(reader, [])) != ABOUT:
        problems.add(Mark(name, 1), f"the header must be {','.join(ABOUT)}")
        return {}
    for cells in reader:
        mark = Mark(name, reader.line_num)
        if len(cells) != len(ABOUT) or not all(cell.strip() for cell in cells):
            problems.add(mark, "a line names the table, its owner, version, date and source")
            continue
        one = About(mark, *(cell.strip() for cell in cells))
        if one.table not in tables:
            problems.add(mark, f"there is no table {one.table}")
        found[one.table] = one
    for stray in tables.keys() - found.keys():
        problems.add(tables[stray].mark, f"{name} does not say who owns this table")
    return found


def table(name: str, mark: Mark, text: str, problems: Problems) -> CodeTable:
    """The table in a CSV text; rows with errors are noted and left out."""
    rows: list[Row] = []
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if tuple(header) != COLUMNS:
            problems.add(Mark(mark.file, 1), f"the header must be {','.join(COLUMNS)}")
            return CodeTable(name, mark, ())
        for cells in reader:
            at = Mark(mark.file, reader.line_num)
            if any(cell.strip() for cell in cells) and (row := _row(cells, at, problems)):
                rows.append(row)
    except csv.Error as error:
        problems.add(Mark(mark.file, reader.line_num), f"is not CSV: {error}")
    _overlaps(rows, problems)
    return CodeTable(name, mark, tuple(rows))


def _row(cells: list[str], mark: Mark, problems: Problems) -> Row | None:
    if len(cells) != len(COLUMNS):
        problems.add(mark, f"has {len(cells)} columns instead of {len(COLUMNS)}")
        return None
    row = Row(mark, *(cell.strip() for cell in cells))
    before = len(problems.found)
    if not row.source_code:
        problems.add(mark, "source_code is empty")
    if not row.target_code and not row.note:
        problems.add(mark, f"{row.source_code} has no target_code; say in note why")
    for name in ("valid_from", "valid_to"):
        day = getattr(row, name)
        try:
            if day and date.fromisoformat(day).isoformat() != day:
                raise ValueError
        except ValueError:
            problems.add(mark, f"{name} must be a day (2025-12-31)")
    if row.valid_to and row.valid_to < row.valid_from:
        problems.add(mark, "valid_to lies before valid_from")
    return row if len(problems.found) == before else None


def _overlaps(rows: list[Row], problems: Problems) -> None:
    seen: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        others = seen.setdefault((row.source_system, row.source_code), [])
        for other in others:
            starts = max(row.valid_from, other.valid_from)
            if starts <= min(row.valid_to or "9999", other.valid_to or "9999"):
                problems.add(row.mark, f"{row.source_code} stands here twice, first in line {other.mark.line}")
                break
        others.append(row)


def concept_map(table: CodeTable, url: str, on: str = "", about: About | None = None) -> dict[str, Any]:
    """The table as an R4 ConceptMap (http://hl7.org/fhir/R4/conceptmap.html), rows valid on a day or all."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for row in table.rows:
        if on and not row.valid(on):
            continue
        systems = {"source": row.source_system, "target": row.target_system}
        group = groups.setdefault(
            (row.source_system, row.target_system), {k: v for k, v in systems.items() if v} | {"element": []}
        )
        target = {"code": row.target_code, "display": row.display, "comment": row.note}
        target = {k: v for k, v in target.items() if v}
        target["equivalence"] = "relatedto" if row.target_code else "unmatched"
        group["element"].append({"code": row.source_code, "target": [target]})
    name = "".join(part.capitalize() for part in table.name.replace("_", "-").split("-"))
    made: dict[str, Any] = {"resourceType": "ConceptMap", "url": url, "name": name, "status": "active"}
    if about:
        made |= {"version": about.version, "date": about.date, "publisher": about.owner, "description": about.source}
    return made | ({"group": list(groups.values())} if groups else {})
