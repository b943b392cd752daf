"""The tables of mappings/edifact: every mistake is told at start with file and line, all at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.translate.edifact import table
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from tests.translate.edifact.conftest import MAPPINGS


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    for name in ("edifact", "codes"):
        shutil.copytree(MAPPINGS / name, tmp_path / "mappings" / name)
    return tmp_path / "mappings"


def problems(mappings: Path) -> list[str]:
    found = Problems()
    table.load(mappings, Codes.read(mappings / "codes", found), found)
    return sorted({str(one) for one in found.found})


def test_the_tables_that_are_delivered_are_right(mappings: Path) -> None:
    assert problems(mappings) == []


PLACE = '"S11/DTM[90]-1", with: date'
LINES = [
    ("Discharge:\n", "Dischrge:\n", ":6: unknown element Dischrge (did you mean Discharge?)"),
    ("with: date}", "with: dat}", ":7: unknown function dat (did you mean date?)"),
    (PLACE, '"S12/DTM[90]-1"', ":7: unknown group S12 (did you mean S11?)"),
    (PLACE, '"S11/DTN[90]-1"', ":7: unknown segment in S11 DTN (did you mean DTM?)"),
    (PLACE, "UNX-1", ":7: unknown segment in UNH UNX (did you mean UNH?)"),
    (PLACE, "PNA-1", ":7: unknown segment in UNH PNA"),
    (PLACE, '"S01[SEX-2=1]/NAD-1"', ":7: unknown segment in S01 SEX (did you mean SEQ?)"),
    (
        "  Discharge:\n",
        "  Discharge:\n    for: S11\n    rules: {Date: ./DTN-1}\n",
        "unknown segment in S11 DTN (did you mean DTM?)",
    ),
    ("rules:", "skip: {BMG: x}\nrules:", ":5: unknown segment BMG (did you mean BGM?)"),
    ("rules:", "skip: {S01/NDA: x}\nrules:", ":5: unknown segment NDA (did you mean NAD?)"),
    (PLACE, '"S11/DTM[90-1"', ":7: S11/DTM[90-1 is no path such as S02/RFF[SRI]-1.2"),
    (PLACE, '"S11/DTM[90]-0"', ":7: S11/DTM[90]-0: elements and components are counted from 1"),
    (PLACE, '"S11[90]/DTM-1"', ":7: S11[90]/DTM-1: a group is chosen by one of its segments"),
    (PLACE, '"-1"', ":7: -1 is relative, but no `for` stands around it"),
    (PLACE, "UNH-1, form: x", ":7: unknown key form (did you mean from?)"),
    (PLACE, "UNH-1, map: edifact-sendr", ":7: unknown code table edifact-sendr (did you mean edifact-sender?)"),
    (PLACE, "UNH-1, policy: keep", ":7: unknown policy keep"),
    (PLACE, "UNH-1, with: formatted", ":7: formatted takes whole segments"),
    ("letter: D1730C", "letter: D2030C", "D2030C stands in mappings/edifact/dis17.yaml as well"),
    ("extends: notice", "extends: notise", ":3: unknown file in extends: notise (did you mean notice?)"),
    ("becomes: NotificationOfDischarge\n", "", "becomes is missing"),
    ("rules:", "skip: {BGM: ''}\nrules:", ":5: BGM: say why it is not read"),
    ("rules:", "segments: {S11: 'x'}\nrules:", ":5: S11: segment tags are three capitals"),
    ("rules:", "segments: UNH\nrules:", ":5: segments must be a mapping that begins with UNH"),
    ("rules:", "segments: {S11!: x}\nrules:", "S11!: segment tags are three capitals, parted by blanks"),
    ("rules:", "skip: BGM\nrules:", ":5: skip must be a mapping from segments to reasons"),
    ("rules:", "rulez: {BGM: x}\nrules:", ":5: unknown key rulez (did you mean rules?)"),
    ("rules:\n", "rules: Discharge\nskip:\n", "rules must be a mapping from elements to places"),
    ("  Discharge:\n", "  Discharge:\n    for: S11\n", ":6: for needs a place, and rules for each of them"),
    ("  Discharge:\n", "  Discharge:\n    for: [S11]\n    rules:\n", ":6: for needs a place, and rules"),
    ("  Discharge:\n", "  Discharge:\n    for: S11\n    wher: x\n", ":8: unknown key wher"),
    ("  Discharge:\n", "  Discharge:\n    for: s11\n    rules: {Date: .1}\n", ":7: s11 is no path"),
    (PLACE, '"S11/DTM[90]-1.0", with: date', ":7: S11/DTM[90]-1.0: elements and components are counted from 1"),
]


@pytest.mark.parametrize(("old", "new", "told"), LINES)
def test_a_mistake_is_told_with_its_line(mappings: Path, old: str, new: str, told: str) -> None:
    file = mappings / "edifact" / "dis17.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    assert [one for one in problems(mappings) if told in one], problems(mappings)


TEMPLATES = [
    ("BGM+EPI++9+NA", "bgm+EPI", "bgm is no segment's tag"),
    ("{Receiver/EANIdentifier}", "{Reciever/EANIdentifier}", "unknown element Reciever (did you mean Receiver?)"),
    ("|short}", "|shorter}", "unknown filter shorter (did you mean short?)"),
    ("|back:edifact-letter-status}", "|back:edifact-letter-stat}", "unknown code table edifact-letter-stat"),
    ("FTX+OE+P00++{", "FTX+OE+P00++x{", "lines are an element of their own"),
    ("  - for: ClinicalInformation\n    writes:", "  - for: ClinicalInformation\n    write:", "writes holds segments"),
]


@pytest.mark.parametrize(("old", "new", "told"), TEMPLATES)
def test_a_mistake_in_what_is_written_is_told(mappings: Path, old: str, new: str, told: str) -> None:
    file = mappings / "edifact" / "dis91.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    assert [one for one in problems(mappings) if told in one and "dis91.yaml:" in one], problems(mappings)


def test_all_mistakes_are_told_at_once(mappings: Path) -> None:
    file = mappings / "edifact" / "dis20.yaml"
    file.write_text(
        file.read_text("utf-8").replace("with: date", "with: dat").replace("with: time", "with: tim"), "utf-8"
    )
    assert len(problems(mappings)) == 2
