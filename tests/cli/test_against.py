"""`gateway check --against`: what changed rules make different, element by element and rule by rule."""

from __future__ import annotations

import json
import shutil
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli import check
from gateway.settings import Settings

ROOT = Path(__file__).parents[2]
ADMISSION = ROOT / "mappings" / "hl7v2" / "examples" / "admission.hl7"


def run(*words: str | Path) -> int:
    parser = ArgumentParser()
    check.arguments(parser)
    settings = replace(Settings(), mappings_folder=ROOT / "mappings")
    return check.run(parser.parse_args([str(word) for word in words]), settings)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The gateway's own mappings in a copy, to be made older."""
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    return tmp_path / "mappings"


def spoil(file: Path, line: str, instead: str = "") -> None:
    text = file.read_text("utf-8")
    assert line in text
    file.write_text(text.replace(line, instead), "utf-8")


def test_the_same_rules_make_no_difference(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--against", old, ADMISSION) == 0
    assert capsys.readouterr().out == "0 differences in 0 of 1 files.\n"


def test_a_new_rule_a_changed_one_and_one_that_is_gone(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = old / "hl7v2" / "encounter.yaml"
    spoil(rules, '  type: {from: "concept(PV1-4, = HL70007)", guide: PV1-4}\n')
    spoil(old / "hl7v2" / "condition.yaml", "make: Condition", "make: Condition\nwhy: once")
    assert run("--against", old, ADMISSION) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{ADMISSION}: Encounter.type (new)  (mappings/hl7v2/encounter.yaml:")
    assert first.endswith(", before no rule)")
    assert last == "1 difference in 1 of 1 files."
    assert "2512489996" not in first


def test_as_json_over_all_examples(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    born = "birthDate: {from: PID-7, with: date, policy: refuse, guide: PID-7}"
    spoil(old / "hl7v2" / "patient.yaml", born, "language: = da")
    assert run("--against", old, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    told = {(Path(one["file"]).name, one["place"]) for one in found}
    assert {("admission.hl7", "Patient.birthDate (new)"), ("admission.hl7", "Patient.language (gone)")} <= told
    row = next(one for one in found if one["place"] == "Patient.birthDate (new)")
    assert row["now"].startswith("mappings/hl7v2/patient.yaml:")


def test_a_message_that_was_refused_before_or_is_now(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = old / "hl7v2" / "lifecycle.csv"
    kept = [line for line in events.read_text("utf-8").splitlines() if not line.startswith("ADT,A31,")]
    events.write_text("\n".join(kept) + "\n", "utf-8")
    update = tmp_path / "update.hl7"
    update.write_bytes(ADMISSION.read_bytes().replace(b"ADT^A01^ADT_A01", b"ADT^A31^ADT_A05"))
    assert run("--against", old, update) == 0
    out = capsys.readouterr().out
    assert "at MSH^1^9 (gone)" in out
    assert "Patient (new)" in out


def test_a_name_of_an_identifier_system_that_is_known_now(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = old / "identifier-systems.csv"
    kept = [line for line in names.read_text("utf-8").splitlines() if not line.startswith("urn:oid:1.2.208.176.1,")]
    names.write_text("\n".join(kept) + "\n", "utf-8")
    report = ROOT / "mappings" / "kl" / "examples" / "fsiii-report.json"
    written = tmp_path / "report.json"
    written.write_bytes(report.read_bytes().replace(b'"urn:oid:1.2.208.176.1.1"', b'"urn:oid:1.2.208.176.1"', 1))
    assert run("--against", old, written) == 0
    assert not capsys.readouterr().out.startswith("0 differences")


def test_comparing_and_accepting_are_two_things(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--against", old, "--accept")
    assert "not allowed with" in capsys.readouterr().err
