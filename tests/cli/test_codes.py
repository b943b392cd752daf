"""`gateway codes`: whose each code table is, and one of them as a ConceptMap."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems

ROOT = Path(__file__).parents[2]


def test_every_table_is_listed_with_its_owner(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {file.stem for file in (ROOT / "mappings" / "codes").glob("*.csv")}
    assert not [line for line in lines if "owner not told" in line]
    assert next(line for line in lines if line.startswith("v2-sex ")).split("rows")[1].startswith("  HL7 International")


def test_one_table_as_concept_map(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", "v2-sex"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["resourceType"], made["publisher"]) == ("ConceptMap", "HL7 International")
    assert made["version"]
    assert made["group"][0]["element"][0]["code"] == "F"


def test_a_table_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", "v2-sexx"]) == 1
    assert "There is no table v2-sexx" in capsys.readouterr().err


def test_the_day_is_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["codes", "v2-sex", "--on", "nonsense"])
    assert stopped.value.code == 2
    assert "is no day (2026-01-31)" in capsys.readouterr().err


def test_the_code_systems_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", "--systems"]) == 0
    lines = capsys.readouterr().out.splitlines()
    tables = {file.stem for file in (ROOT / "mappings" / "codes" / "terms").glob("*.csv")}
    assert tables < {line.split()[0] for line in lines}
    assert [line for line in lines if line.startswith("fsiii ") and " 414 concepts  urn:oid:1.2.208.176.2.21" in line]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["FSIII", "E1"], ["E1  Fortsættes", "other codes: 9c90b0e5-9c0a-4b72-a18c-76cd6d6c6213"]),
        (["kle", "27.35.04", "--on", "2026-02-01"], ["retired: from 2026-01-01", "in use until 2025-12-31"]),
        (["1.2.208.176.2.22", "{0E25A2EC-4F04-4D14-A5AD-A6519A7D1D5F}"], ["0e25a2ec-", "Misbrug < Socialt problem"]),
    ],
)
def test_one_code_is_looked_up(capsys: pytest.CaptureFixture[str], words: list[str], told: list[str]) -> None:
    assert main(["codes", "--lookup", *words]) == 0
    out = capsys.readouterr().out
    assert not [one for one in told if one not in out], out


@pytest.mark.parametrize(("words", "told"), [(["XYZ", "1"], "--systems"), (["FFB", "E1"], "FFB has no such code")])
def test_a_code_that_is_not_there(capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    assert main(["codes", "--lookup", *words]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("v2-sexx,HL7,1,2026-01-01,somewhere", "mappings/code-tables.csv:2: there is no table v2-sexx"),
        (
            "v2-sex,HL7,1,,somewhere",
            "mappings/code-tables.csv:2: a line names the table, its owner, version, date and source",
        ),
        (
            "v2-sex,HL7,1,2026-01-01,somewhere",
            "mappings/codes/v2-name-use.csv: mappings/code-tables.csv does not say who owns",
        ),
    ],
)
def test_a_table_without_an_owner_is_an_error_at_start(tmp_path: Path, line: str, told: str) -> None:
    folder = tmp_path / "mappings" / "codes"
    folder.mkdir(parents=True)
    for name in ("v2-sex.csv", "v2-name-use.csv"):
        shutil.copy(ROOT / "mappings" / "codes" / name, folder)
    (folder.parent / "code-tables.csv").write_text(f"table,owner,version,date,source\n{line}\n", "utf-8")
    problems = Problems()
    Codes.read(folder, problems)
    assert any(str(problem).startswith(told) for problem in problems.found), problems.found
