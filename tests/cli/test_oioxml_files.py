"""Letters on the command line: in, out again, and out of messages of other languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import explain, translate
from tests.cli.test_translate import ROOT, run
from tests.flows.messages import case
from tests.translate.medcom.notices import asking, notice, raw

EXAMPLES = ROOT / "mappings" / "oioxml" / "examples"


def test_a_letter_and_its_file_are_written_again(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(translate, EXAMPLES / "file.xml", EXAMPLES / "correspondence.xml", "--to", "oioxml") == 0
    told = capfdbinary.readouterr().out
    assert (told.count(b"<ClinicalEmail>"), told.count(b"<BinaryLetter>")) == (1, 1)
    assert b"JVBERi0xLjQKJSBldCBla3NlbXBlbAo=" in told


def test_a_request_and_a_case_become_the_report_that_was_asked_for(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    asked, known = tmp_path / "stin.json", tmp_path / "sag.xml"
    asked.write_bytes(raw(asking(notice())))
    known.write_bytes(case("2509479989"))
    assert run(translate, asked, known, "--to", "oioxml") == 0
    told = capfdbinary.readouterr().out
    assert b"<TypeCode>XDIS16</TypeCode>" in told
    assert b"<Service>" in told


def test_a_letter_is_explained_with_its_rules(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(explain, EXAMPLES / "moved-not-discharged.xml") == 0
    told = capfd.readouterr().out
    assert "mappings/oioxml/encounter.yaml:" in told
    assert "mappings/oioxml/lifecycle.csv:" in told
