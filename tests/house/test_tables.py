"""The tables that an integrator edits: headers, columns and dates are right before anything reads them."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import pytest

from tests.house.tree import ROOT, below, text

CODES = ["source_system", "source_code", "target_system", "target_code", "display", "note", "valid_from", "valid_to"]
TERMS = ["code", "display", "also", "parent", "valid_from", "valid_to", "same_as", "note"]
TABLES = below("mappings", suffix=".csv")


def rows(file: Path) -> list[list[str]]:
    """The rows of a table, its header first."""
    with (ROOT / file).open(encoding="utf-8", newline="") as table:
        return list(csv.reader(table, strict=True))


def code_tables() -> list[Path]:
    return [f for f in TABLES if f.parent == Path("mappings/codes")]


def term_tables() -> list[Path]:
    return [f for f in TABLES if f.parent == Path("mappings/codes/terms")]


def test_there_are_tables() -> None:
    assert code_tables()
    assert term_tables()


@pytest.mark.parametrize("file", TABLES, ids=str)
def test_every_row_has_every_column(file: Path) -> None:
    header, *body = rows(file)
    assert all(header), "every column has a name"
    assert len(set(header)) == len(header)
    assert body, "an empty table is no table"
    assert not [number for number, row in enumerate(body, 2) if len(row) != len(header)]
    assert not [number for number, row in enumerate(body, 2) if any(cell != cell.strip() for cell in row)]
    assert "\r" not in text(file)
    assert text(file).endswith("\n")


@pytest.mark.parametrize("file", code_tables(), ids=str)
def test_code_tables_have_one_form(file: Path) -> None:
    header, *body = rows(file)
    assert header == CODES
    for number, row in enumerate(body, 2):
        assert row[1], f"{file}:{number} has no source code"
        assert row[3] or row[5], f"{file}:{number} leads nowhere and does not say why"


@pytest.mark.parametrize("file", term_tables(), ids=str)
def test_tables_of_code_systems_have_one_form(file: Path) -> None:
    header, *body = rows(file)
    assert header == TERMS
    assert not [number for number, row in enumerate(body, 2) if not row[0] or not row[1]]


@pytest.mark.parametrize("file", TABLES, ids=str)
def test_dates_hold(file: Path) -> None:
    header, *body = rows(file)
    if "valid_from" not in header:
        return
    start, end = header.index("valid_from"), header.index("valid_to")
    for number, row in enumerate(body, 2):
        days = [datetime.date.fromisoformat(row[i]) for i in (start, end) if row[i]]
        assert days == sorted(days), f"{file}:{number} ends before it begins"
