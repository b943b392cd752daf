"""`gateway translate FILE --to LANGUAGE`: from a FHIR resource, a Bundle or a message of any language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import targets, translate
from gateway.cli.targets import TARGETS, resources_of, written
from gateway.errors import BadRequest
from gateway.translate.fhir import write_xml
from tests.cli.test_translate import BENCH, ROOT, run
from tests.thorough.translate.hl7v2.test_write_documents import NOW, PATIENT, document

LETTER = ROOT / "mappings" / "hl7v2" / "examples" / "letter.hl7"


def bundle(kind: str = "collection") -> dict[str, object]:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": document()}, {"resource": PATIENT}]}


def test_files_of_both_kinds_become_messages(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    given = tmp_path / "plan.json"
    given.write_text(json.dumps(bundle()), "utf-8")
    assert run(translate, given, LETTER, "--to", "hl7v2") == 0
    told = capfdbinary.readouterr().out
    assert told.count(b"MSH|") == 2
    assert b"MDM^T02^MDM_T02" in told
    assert b"D-9001^^1.2.208.176.1.2.1^ISO" in told
    assert "Åse Marie" not in told.decode(), "names stand in their parts"
    assert "Eksempelsen^Åse^Marie" in told.decode()


def test_nothing_to_write_is_told() -> None:
    with pytest.raises(BadRequest, match="Nothing here becomes an HL7 v2 message"):
        written("hl7v2", [{"resourceType": "Patient"}], NOW, ROOT / "mappings")


def test_what_a_file_holds() -> None:
    raw = json.dumps(bundle()).encode()
    assert [one["resourceType"] for one in resources_of(raw) or ()] == ["DocumentReference", "Patient"]
    assert resources_of(json.dumps(bundle("message")).encode()) is None, "a message is read by its language"
    assert resources_of(BENCH.read_bytes()) is None
    assert [one["id"] for one in resources_of(write_xml(document())) or ()] == ["d1"]
    unnamed = {"fullUrl": "urn:uuid:7f0f4b4e-0000-4000-8000-000000000001", "resource": {"resourceType": "Patient"}}
    (one,) = (
        resources_of(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [unnamed]}).encode()) or ()
    )
    assert one["id"] == "7f0f4b4e-0000-4000-8000-000000000001"


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_target_has_a_writer(target: str) -> None:
    with pytest.raises(BadRequest):
        targets.written(target, [], NOW, ROOT / "mappings")
