"""Reading mappings/policy: every mistake is told with its line, all at once, and stops the start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.translate.policy_tables import load

REAL = Path(__file__).parents[3] / "mappings" / "policy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the real tables to spoil."""
    return Path(shutil.copytree(REAL, tmp_path / "mappings" / "policy"))


def added(folder: Path, name: str, *rows: str) -> int:
    """Put rows at the end of a table; the number of the first of them."""
    text = (folder / name).read_text()
    (folder / name).write_text(text + "".join(f"{row}\n" for row in rows))
    return text.count("\n") + 1


def told(folder: Path) -> list[str]:
    with pytest.raises(SettingsError) as error:
        load(folder)
    return str(error.value).splitlines()


ACCESS = "health,region,hospital,HPAYMT,consent,no,lov § 1,,,why"


@pytest.mark.parametrize(
    ("cell", "spoiled", "expected"),
    [
        ("health", "helth", "unknown data_class helth (did you mean health?)"),
        ("region", "regio", "unknown source_sector regio (did you mean region?)"),
        ("hospital", "hospitl", "unknown role hospitl (did you mean hospital?)"),
        ("hospital", "hospital *", "unknown role *"),
        ("HPAYMT", "TRAET", "unknown purpose TRAET (did you mean TREAT?)"),
        ("HPAYMT", "TREAT *", "unknown purpose *"),
        ("consent", "concent", "unknown default concent (did you mean consent?)"),
        ("no", "maybe", "unknown override maybe"),
        ("no", "", "override is empty"),
        ("no", "yes", "override yes needs purpose * or BTG"),
        ("lov § 1", "", "law is empty: every row rests on one"),
        ("health", "", "data_class is empty"),
        (",,why", "2026-1-1,,why", "valid_from must be a day (2025-12-31)"),
        (",,why", "2026-02-02,2026-02-01,why", "valid_to lies before valid_from"),
        (",why", "", "has 9 columns instead of 10"),
    ],
)
def test_a_spoiled_row_of_access(folder: Path, cell: str, spoiled: str, expected: str) -> None:
    row = ACCESS.replace(cell, spoiled, 1) if cell != ",,why" else ACCESS[: -len(cell)] + spoiled
    line = added(folder, "access.csv", row)
    assert f"mappings/policy/access.csv:{line}: {expected}" in told(folder)


def test_never_cannot_be_overridden(folder: Path) -> None:
    added(folder, "access.csv", "health,region,hospital,BTG,never,yes,lov § 1,,,why")
    assert told(folder)[0].endswith("never cannot be overridden")


def test_a_case_told_twice_names_both_lines(folder: Path) -> None:
    line = added(folder, "access.csv", "health,region,hospital,*,consent,no,lov § 1,,,why")
    assert told(folder) == [f"mappings/policy/access.csv:{line}: health is told twice, first in line 3"]


def test_a_case_that_is_left_out_is_named(folder: Path) -> None:
    rows = (folder / "access.csv").read_text().splitlines(keepends=True)
    (folder / "access.csv").write_text("".join(row for row in rows if not row.startswith("protected-address,*,ngo")))
    assert "mappings/policy/access.csv: no row without an end for protected-address, region to ngo" in told(folder)


def test_a_row_that_ends_must_be_followed(folder: Path) -> None:
    row = "protected-address,*,ngo,*,never,no,CPR-loven § 28,"
    text = (folder / "access.csv").read_text()
    (folder / "access.csv").write_text(text.replace(f"{row},", f"{row},2027-12-31"))
    assert len(told(folder)) == 3
    added(folder, "access.csv", f"{row}2028-01-01,,why")
    load(folder)


def test_all_mistakes_come_at_once(folder: Path) -> None:
    added(folder, "access.csv", ACCESS.replace("region", "x"))
    added(folder, "labels.csv", "urn:x,A,,,,,why,")
    added(folder, "kle-classes.csv", "27.5,social,,why")
    added(folder, "kinds.csv", "patient,*,*,identity,yes,why")
    found = "\n".join(told(folder))
    assert "access.csv" in found
    assert "labels.csv" in found
    assert "neither a label nor a data_class" in found
    assert "prefix must be the beginning of a KLE number" in found
    assert "kind must be a FHIR resource type" in found


CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"urn:x,A,,{CONFIDENTIALITY},X,,why,", "unknown label X"),
        ("urn:x,A,,http://terminology.hl7.org/CodeSystem/v3-ActCod,PSY,,why,", "unknown label system"),
        (
            "urn:x,A,,http://terminology.hl7.org/CodeSystem/v3-ActCode,PSYY,,why,",
            "unknown label PSYY (did you mean PSY?)",
        ),
        ("urn:x,A,,,,huosing,why,", "unknown data_class huosing (did you mean housing?)"),
        ("*,,,,,housing,why,", "code_prefix is empty: it would mean everything"),
        ("text,,,,,housing,why,", "code_prefix is empty: it would mean everything"),
        (",A,,,,housing,why,", "code_system is empty"),
    ],
)
def test_a_spoiled_row_of_labels(folder: Path, row: str, expected: str) -> None:
    line = added(folder, "labels.csv", row)
    assert any(one.startswith(f"mappings/policy/labels.csv:{line}: {expected}") for one in told(folder))


def test_a_kind_told_twice(folder: Path) -> None:
    line = added(folder, "kinds.csv", "Patient,*,*,identity,yes,again")
    assert told(folder) == [f"mappings/policy/kinds.csv:{line}: Patient is told twice, first in line 2"]


@pytest.mark.parametrize("name", ["access.csv", "labels.csv", "kle-classes.csv", "kinds.csv"])
def test_a_table_that_is_gone_or_not_a_table(folder: Path, name: str) -> None:
    path = folder / name
    whole = path.read_bytes()
    path.unlink()
    assert f"mappings/policy/{name}: cannot be read as UTF-8" in told(folder)
    path.write_bytes(b"\xff\xfe")
    assert f"mappings/policy/{name}: cannot be read as UTF-8" in told(folder)
    path.write_bytes(whole.replace(b",", b";"))
    assert any(one.startswith(f"mappings/policy/{name}:1: the header must be") for one in told(folder))
    path.write_bytes(whole + b'"open')
    assert any("is not CSV" in one or "columns instead of" in one for one in told(folder))
    path.write_bytes(b"\xef\xbb\xbf" + whole)
    load(folder)


def test_a_range_of_prefixes(folder: Path) -> None:
    added(folder, "labels.csv", "urn:x,AB08-AB11,,,,criminal,why,")
    _, labeller = load(folder)

    def class_of(code: str) -> str:
        body = {"resourceType": "Condition", "code": {"coding": [{"system": "urn:x", "code": code}]}}
        return labeller.label(body, "region", "Condition", "rh")[1]

    assert {code: class_of(code) for code in ("AB07", "AB08", "AB10", "AB115", "AB12")} == {
        "AB07": "health", "AB08": "criminal", "AB10": "criminal", "AB115": "criminal", "AB12": "health",
    }  # fmt: skip


def test_a_source_with_classes_of_its_own(folder: Path) -> None:
    added(folder, "kinds.csv", "CarePlan,*,kk-job,employment,no,the jobcenter's own system")
    _, labeller = load(folder)
    assert labeller.label({"resourceType": "CarePlan"}, "municipality", "CarePlan", "kk-job")[1] == "employment"
    assert labeller.label({"resourceType": "CarePlan"}, "municipality", "CarePlan", "kk-sag")[1] == "social"
