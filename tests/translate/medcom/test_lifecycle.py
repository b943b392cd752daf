"""The lifecycle table: what may stand in it, and that all of its errors are told at once with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.statement import Act, Verb
from gateway.translate.medcom.lifecycle import COLUMNS, read
from gateway.translate.rules.problems import Problems
from tests.translate.medcom.notices import PROJECT

HEADER = ",".join(COLUMNS)
DEATHS = """MORS,*,true,die,assert,period.end,,,
RE_MORS,*,true,die,correct,period.end,,,
AN_MORS,*,false,die,withdraw,period.end,,,"""


def problems_of(folder: Path, text: str) -> list[str]:
    path = folder / "lifecycle.csv"
    path.write_text(text, "utf-8")
    problems = Problems()
    read(path, "lifecycle.csv", problems)
    return [str(problem) for problem in problems.found]


def test_the_table_of_the_project() -> None:
    problems = Problems()
    table = read(PROJECT / "mappings/medcom/lifecycle.csv", "lifecycle.csv", problems)
    assert not problems.found
    assert len(table.activities) == 18
    assert table.activities["cancel-admit-inpatient"].verb is Verb.WITHDRAW
    assert {row.act for row in table.death.values()} == {Act.DIE}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("STIN,admit-inpatient,,start,assert,period.start,IMP", "has 7 columns instead of 9"),
        (",admit-inpatient,,start,assert,period.start,,,", "the code is missing"),
        ("STIN,Admit,,start,assert,period.start,,,", "activity must be a code"),
        ("STIN,admit-inpatient,,strat,assert,period.start,,,", "unknown act strat (did you mean start?)"),
        ("STIN,admit-inpatient,,start,asert,period.start,,,", "unknown verb asert (did you mean assert?)"),
        ("STIN,admit-inpatient,,start,assert,period.begin,,,", "unknown time period.begin"),
        ("STIN,admit-inpatient,,start,assert,,,,", "happened is missing"),
        ("STIN,admit-inpatient,true,start,assert,period.start,,,", "a death, and nothing else"),
        ("DOED,discharge-dead,true,die,assert,period.end,,,", "a death, and nothing else"),
        ("MORS,*,true,die,assert,period.end,,,", "a death to assert stands here twice"),
    ],
)
def test_errors_with_their_line(tmp_path: Path, row: str, problem: str) -> None:
    (found,) = problems_of(tmp_path, f"{HEADER}\n{DEATHS}\n{row}\n")
    assert found.startswith("lifecycle.csv:5: ")
    assert problem in found


def test_errors_of_the_whole(tmp_path: Path) -> None:
    twice = "STIN,admit-inpatient,,start,assert,period.start,,,"
    assert "stands here twice" in problems_of(tmp_path, f"{HEADER}\n{DEATHS}\n{twice}\n{twice}\n")[0]
    assert "to assert is missing" in problems_of(tmp_path, f"{HEADER}\n")[0]
    assert "the header must be" in problems_of(tmp_path, "code,activity\n")[0]
    problems = Problems()
    read(tmp_path / "absent.csv", "absent.csv", problems)
    assert "cannot be read" in str(problems.found[0])
