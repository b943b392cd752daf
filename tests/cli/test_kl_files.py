"""KL reports as files on a command line: translated, folded together in any order, explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway import cli

EXAMPLES = Path(__file__).parents[2] / "mappings" / "kl" / "examples"
STORY = Path(__file__).parents[2] / "fixtures" / "stories" / "boligplan"


def test_reports_and_their_case_are_folded_together_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(STORY.glob("0*.*"))]
    told = []
    for given in (files, files[::-1]):
        assert cli.main(["translate", "--json", *given]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    made = [entry["resource"] for entry in json.loads(told[0])["entry"]]
    assert len([one for one in made if one["resourceType"] == "CarePlan"]) == 5


def test_a_report_is_explained_with_what_breaks_its_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", str(EXAMPLES / "ffb-report.json")]) == 0
    told = capsys.readouterr().out
    assert "mappings/kl/careplan.yaml:" in told
    assert "unread" not in told
    odd = json.loads((EXAMPLES / "ffb-report.json").read_bytes())
    condition = next(e["resource"] for e in odd["entry"] if "severity" in e["resource"])
    del condition["severity"]
    (tmp_path / "odd.json").write_text(json.dumps(odd), "utf-8")
    assert cli.main(["explain", str(tmp_path / "odd.json")]) == 0
    assert "tells its severity" in capsys.readouterr().out


def test_a_report_with_two_citizens_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = json.loads((EXAMPLES / "ffb-report.json").read_bytes())
    odd["entry"].append({"resource": odd["entry"][0]["resource"] | {"id": "p2"}})
    (tmp_path / "odd.json").write_text(json.dumps(odd), "utf-8")
    assert cli.main(["translate", str(tmp_path / "odd.json")]) == 1
    assert "Bundle.entry[" in capsys.readouterr().err


def test_every_digit_of_a_measurement_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A number with a fraction ended the command with a traceback."""
    odd = json.loads((EXAMPLES / "ffb-report.json").read_bytes())
    patient = next(e["resource"]["id"] for e in odd["entry"] if e["resource"]["resourceType"] == "Patient")
    weighed = {
        "resourceType": "Observation", "id": "vaegt", "status": "final", "code": {"text": "Vægt"},
        "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": "2025-03-01",
        "valueQuantity": {"value": 7130, "unit": "kg"},
    }  # fmt: skip
    odd["entry"].append({"fullUrl": "https://kommune.example/Observation/vaegt", "resource": weighed})
    (tmp_path / "odd.json").write_text(json.dumps(odd).replace("7130", "71.30"), "utf-8")
    for options in ((), ("--json",), ("--to", "kl")):
        assert cli.main(["translate", *options, str(tmp_path / "odd.json")]) == 0
        assert "71.30" in capsys.readouterr().out
