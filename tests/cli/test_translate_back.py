"""`gateway translate FILE … --to oio|kl|sf2900|fasit`: back to the municipality, from what both sectors sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import translate
from gateway.cli.targets import bodies_of, resources_of, written
from gateway.domain.identifier import CPR
from gateway.domain.resource import Resource
from gateway.errors import BadRequest, MissingField
from gateway.translate import xml
from tests.cli.test_translate import ROOT, run
from tests.thorough.translate.hl7v2.test_write_documents import NOW

STORIES = ROOT / "fixtures" / "stories"
CASE, ADMITTED, DISCHARGED = (STORIES / "herberg" / n for n in ("01-sag.xml", "02-indlagt.hl7", "07-udskrevet.hl7"))
GOALS = [STORIES / "maal" / name for name in ("01-sag.xml", "02-indlagt.hl7", "05-maal.hl7")]


def told(capfdbinary: pytest.CaptureFixture[bytes], target: str, *files: Path) -> bytes:
    assert run(translate, *files, "--to", target) == 0
    return capfdbinary.readouterr().out


def names(raw: bytes) -> list[str]:
    return [xml.local(one.tag) for one in xml.parse(raw).iter()]


def test_a_discharge_becomes_a_note_on_the_citizens_case(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    raw = told(capfdbinary, "oio", CASE, ADMITTED, DISCHARGED)
    assert names(raw).count("JournalnotatEgenskaber") == 1
    assert "Psykiatrisk Center København er afsluttet" in raw.decode()
    assert "JournalnotatEgenskaber" not in names(told(capfdbinary, "oio", CASE, ADMITTED)), "the stay goes on"


def test_a_hospitals_goal_becomes_a_document(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    raw = told(capfdbinary, "oio", *GOALS)
    assert names(raw).count("DokumentIndeks") == 1
    assert b"FOELSOMME_PERSONOPLYSNINGER</di:Foelsomhed>" in raw


def test_the_same_by_sf2900_and_fasit(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    sent = told(capfdbinary, "sf2900", CASE, ADMITTED, DISCHARGED)
    assert names(sent)[0] == "FordelingsobjektAfsendInput"
    assert names(told(capfdbinary, "fasit", *GOALS))[0] == "OpretInput"


def test_a_case_as_a_bundle_and_the_bundle_as_a_case_again(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    """A Bundle names organisations as entries; the case is the same whichever way it went."""
    file = tmp_path / "handed-over.json"
    file.write_bytes(told(capfdbinary, "kl", CASE))
    assert json.loads(file.read_bytes())["type"] == "collection"
    straight = told(capfdbinary, "oio", CASE)
    again = told(capfdbinary, "oio", file)

    def said(raw: bytes) -> list[tuple[str, str]]:
        found = [(xml.local(one.tag), (one.text or "").strip()) for one in xml.parse(raw).iter()]
        return sorted(pair for pair in found if pair[1] and pair[0] != "Tidspunkt")

    assert said(again) == said(straight)


@pytest.mark.parametrize("target", ["oio", "sf2900", "fasit"])
def test_what_a_hospital_tells_needs_a_case(target: str) -> None:
    resources = [
        {"resourceType": "Patient", "id": "p", "identifier": [{"system": CPR, "value": "2505544849"}]},
        {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "subject": {"reference": "Patient/p"},
         "description": {"text": "Egen bolig"}},
    ]  # fmt: skip
    with pytest.raises(MissingField, match="no case to file this on"):
        written(target, resources, NOW, ROOT / "mappings")


@pytest.mark.parametrize("target", ["oio", "kl", "sf2900", "fasit"])
def test_nothing_to_tell_is_told(target: str) -> None:
    with pytest.raises(BadRequest):
        written(target, resources_of(b'{"resourceType": "Patient", "id": "p"}') or [], NOW, ROOT / "mappings")


def test_a_municipalitys_own_goals_and_letters_are_not_a_hospitals() -> None:
    goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active"}
    stay = {"resourceType": "Encounter", "id": "e", "status": "finished", "period": {"end": "2026-02-27"}}
    told = [
        Resource("Goal", "g", goal, "koebenhavn-nexus", "municipality"),
        Resource("Encounter", "e", stay, "regionh", "region"),
    ]
    assert bodies_of("oio", told) == [stay]
    assert bodies_of("kl", told) == [goal, stay]
