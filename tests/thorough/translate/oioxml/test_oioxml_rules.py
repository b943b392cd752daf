"""What an integrator may get wrong in mappings/oioxml is told at the start, with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.domain.resource import ids
from gateway.translate.oioxml.language import OioXml
from gateway.translate.rules.problems import MappingError
from tests.thorough.translate.oioxml.conftest import ANYBODY, MAPPINGS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("oioxml", "codes"):
        shutil.copytree(MAPPINGS / name, tmp_path / "mappings" / name)
    shutil.copy(MAPPINGS / "code-tables.csv", tmp_path / "mappings")
    return tmp_path / "mappings"


def faults(folder: Path) -> str:
    with pytest.raises(MappingError) as error:
        OioXml(folder, (ANYBODY,), ids(b"test"))
    return str(error.value)


@pytest.mark.parametrize(
    ("file", "was", "becomes", "told"),
    [
        ("encounter.yaml", "from: Admission,", "from: Admision,", "no letter has Admision (did you mean Admission?)"),
        ("encounter.yaml", "organisation(Sender)", "organisation(//Sender)", "only Relative is looked for anywhere"),
        ("encounter.yaml", "organisation(Sender)", "organisation(Sender/1)", "'1' is no step"),
        ("lifecycle.csv", "patient encounter,Admission", "patient stay,Admission", "unknown rule file stay"),
        ("lifecycle.csv", "Admission,XDIS20: STIN", "Admision,XDIS20: STIN", "happened: no letter has Admision"),
        ("lifecycle.csv", "start,assert", "begin,assert", "unknown act begin"),
        ("lifecycle.csv", "start,assert", "start,say", "unknown verb say"),
        ("lifecycle.csv", "letter,letter_status", "brev,letter_status", "the header must be"),
    ],
)
def test_a_slip_of_the_pen_is_told(folder: Path, file: str, was: str, becomes: str, told: str) -> None:
    path = folder / "oioxml" / file
    text = path.read_text("utf-8")
    assert was in text
    path.write_text(text.replace(was, becomes, 1), "utf-8")
    found = faults(folder)
    assert told in found
    assert f"oioxml/{file}:" in found
