"""`gateway translate` and `gateway explain` on messages of a sender that is not registered yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway import cli

ADMISSION = "\r".join(
    [
        "MSH|^~\\&|NEWPAS|SYSTEM|GW|KK|20260302090000+0100||ADT^A01|M1|P|2.5||||||UNICODE UTF-8",
        "EVN|A01|20260302090000+0100",
        "PID|||2512489996^^^CPR||Eksempelsen^Åse||19481225|F",
        "PV1||I|A1^1^1" + "|" * 16 + "77",
        "",
    ]
)
CPR = "urn:oid:1.2.208.176.1.2"
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def message(tmp_path: Path) -> str:
    file = tmp_path / "admission.hl7"
    file.write_text(ADMISSION, "utf-8")
    return str(file)


def of_kind(told: str, kind: str) -> dict[str, Any]:
    (found,) = [e["resource"] for e in json.loads(told)["entry"] if e["resource"]["resourceType"] == kind]
    return dict(found)


def test_it_is_shown_and_told_how_to_register(message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["translate", message]) == 0
    told = capsys.readouterr()
    assert of_kind(told.out, "Encounter")["status"] == "in-progress"
    assert of_kind(told.out, "Patient")["identifier"][0]["system"] == "urn:faellesplan:source:unregistered-hl7v2:CPR"
    assert "NEWPAS|SYSTEM" in told.err
    assert "mappings/sources" in told.err
    assert "--as" in told.err


def test_it_may_be_read_as_a_source_that_is_registered(message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["translate", "--json", "--as", "regionh-psyk-adt", message]) == 0
    told = capsys.readouterr()
    assert of_kind(told.out, "Patient")["identifier"][0]["system"] == CPR
    assert of_kind(told.out, "Encounter")["serviceProvider"]["identifier"]["value"] == "399841000016000"
    assert "regionh-psyk-adt" in told.err


def test_a_source_nobody_knows_is_told(message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["translate", "--as", "regionh", message]) == 1
    assert "regionh-psyk-adt" in capsys.readouterr().err


def test_it_is_explained(message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", message]) == 0
    told = capsys.readouterr()
    assert "Patient.identifier" in told.out
    assert "unregistered-hl7v2" in told.out
    assert "NEWPAS|SYSTEM" in told.err
    assert cli.main(["explain", "--as", "regionh-psyk-adt", "--json", message]) == 0
    assert json.loads(capsys.readouterr().out)["rows"]


def test_a_registered_sender_is_its_own_source_whatever_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    known = str(PROJECT / "mappings" / "hl7v2" / "examples" / "admission.hl7")
    assert cli.main(["translate", "--json", known]) == 0
    plain = capsys.readouterr()
    assert cli.main(["translate", "--json", "--as", "regionh-psyk-adt", known]) == 0
    assert capsys.readouterr().out == plain.out
    assert "registered" not in plain.err


@pytest.mark.parametrize(
    ("file", "sender", "other", "kind"),
    [
        ("medcom/stin.json", "265161000016000", "265161000016999", "Encounter"),
        ("kl/order.json", "https://ffb.kk.example/fhir", "https://nobody.example/fhir", "CarePlan"),
        ("oio/sag.xml", "11259979", "19438414", "CarePlan"),
    ],
)
def test_every_language_shows_it(
    file: str, sender: str, other: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (PROJECT / "fixtures" / "messages" / file).read_text("utf-8")
    assert sender in text
    changed = tmp_path / Path(file).name
    changed.write_text(text.replace(sender, other), "utf-8")
    assert cli.main(["translate", "--json", str(changed)]) == 0
    told = capsys.readouterr()
    assert kind in {e["resource"]["resourceType"] for e in json.loads(told.out)["entry"]}
    assert "not registered" in told.err
    assert other in told.err
