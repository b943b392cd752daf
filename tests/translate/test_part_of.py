"""mappings/codes/part-of.csv: what is a part of what, and rows that say nothing of it."""

from __future__ import annotations

from gateway.domain.identifier import CVR, SOR
from gateway.translate.organisations import parts
from gateway.translate.rules.codes import COLUMNS, Codes, table
from gateway.translate.rules.problems import Mark, Problems

WARD, CLINIC, HOSPITAL = "265171000016009", "265171000016008", "265161000016000"


def read(*rows: str, today: str = "") -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[str]]:
    """What stands, what stood, and what is wrong with a table of these rows."""
    problems = Problems()
    text = "\n".join([",".join(COLUMNS), *rows, ""])
    made = table("part-of", Mark("mappings/codes/part-of.csv", 0), text, problems)
    standing, former = parts(Codes({"part-of": made}), problems, today)
    return standing, former, [str(one) for one in problems.found]


def test_rows_that_stand_and_rows_whose_time_is_over() -> None:
    standing, former, wrong = read(
        f"{SOR},{WARD},{SOR},{HOSPITAL},,,2026-01-01,", f"{SOR},{WARD},{SOR},502701000016000,,,,2025-12-31",
        f"{SOR},360941000016001,urn:oio:cvr-nr,DK64942212,,,,",
    )  # fmt: skip
    assert not wrong
    assert standing[0] == (f"{SOR}|{WARD}", f"{SOR}|{HOSPITAL}")
    assert standing[1][1] == f"{CVR}|64942212", "in the one spelling of a number"
    assert former == [(f"{SOR}|{WARD}", f"{SOR}|502701000016000")]


def test_a_row_that_begins_later_opens_nothing_yet() -> None:
    row = f"{SOR},{WARD},{SOR},{HOSPITAL},,,2026-07-01,"
    part = (f"{SOR}|{WARD}", f"{SOR}|{HOSPITAL}")
    assert read(row, today="2026-06-30") == ([], [part], [])
    assert read(row, today="2026-07-01") == ([part], [], [])


def test_what_leads_nowhere_or_in_a_circle_is_told_with_its_line() -> None:
    _, _, wrong = read(
        f"{SOR},{WARD},{SOR},{CLINIC},,,,", f"{SOR},{CLINIC},{SOR},{HOSPITAL},,,,",
        f"{SOR},{HOSPITAL},{SOR},{WARD},,,,", f"{SOR},111111000016000,,,,nobody knows,,",
    )  # fmt: skip
    assert len(wrong) == 2
    assert "part-of.csv:4" in wrong[0]
    assert "a part of itself" in wrong[0]
    assert "part-of.csv:5" in wrong[1]


def test_without_the_table_nothing_is_a_part_of_anything() -> None:
    assert parts(Codes({}), Problems()) == ([], [])
