"""EDIFACT on the command line: every letter of a file, its segments and lines, and letters written."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from gateway.cli import check, explain, translate
from gateway.errors import RuleBroken
from tests.cli.test_translate import ROOT, bundle, run
from tests.translate.edifact.interchanges import admission, discharge, email, enclosed

EXAMPLE = ROOT / "mappings" / "edifact" / "examples" / "discharge.edi"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "letters.edi"
    made.write_bytes(enclosed(admission(), email(), discharge()))
    return made


def test_every_letter_of_a_file_is_translated(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(translate, file) == 0
    found = bundle(capsys)
    assert {kind: len(made) for kind, made in found.items()} == {
        "Patient": 1,
        "EpisodeOfCare": 1,
        "Encounter": 1,
        "Communication": 1,
    }
    assert found["Encounter"][0]["status"] == "finished"


def test_a_fault_is_told_with_its_segment(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"UNT+26+BREV1", b"UNT+27+BREV1"))
    with pytest.raises(RuleBroken) as told:
        run(translate, file)
    assert told.value.where == "segment 26 (UNT), UNT-1"


def test_explain_names_the_segment_its_line_and_both_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(explain, EXAMPLE, "--json") == 0
    rows = {one["target"]: one for one in json.loads(capsys.readouterr().out)["rows"]}
    birth = rows["Patient.identifier[0]"]
    assert birth["places"] == ["segment 18 (PNA), line 20"]
    assert "mappings/edifact/notice.yaml:" in birth["rule"]
    assert run(explain, EXAMPLE) == 0
    told = capsys.readouterr().out
    assert "S07/PNA-2.1" in told
    assert "says only that this is a letter" in told
    assert "2512489996" not in told
    unread = [line.split("  ")[0] for line in told.partition("no rule read:")[2].splitlines()]
    assert {"S01/NAD-2.3", "S07/PNA-2.4, S07/PNA-2.5", "S01/SPR-2"} <= set(unread)  # NAD-2.1 and PNA-2.1 are read
    assert not {"S01/NAD-2", "S07/PNA-2"} & set(unread)


def test_check_tells_each_letter(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(check, file) == 0
    assert "edifact XDIS20 nytbrev, 2 statements" in capsys.readouterr().out


def test_a_letter_goes_out_as_it_came(
    file: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(enclosed(email()))
    assert run(translate, "--to", "edifact", file) == 0
    out = capfdbinary.readouterr().out
    assert b"NAD+ROR+101:KOM:IM++K\xf8benhavns Kommune:::::US'" in out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(out)))
    assert run(translate, "-") == 0
