"""Every public OIOXML sample: valid by its schema, understood, facts as they stand in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class
from lxml import etree

from gateway.domain.resource import ids
from gateway.translate.door import door_of
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.language import OioXml
from tests.thorough.translate.oioxml.conftest import MAPPINGS
from tests.translate.oioxml.letters import folded, the
from tests.translate.oioxml.test_oioxml_plan import ENDED, REPORTED

Schemas = dict[str, etree.XMLSchema]
_STATUS = {"udskrevet_til_hjemmet", "udskrevet_til_andet", "uoplyst", "doed"}


@pytest.fixture(scope="module")
def samples(examples: Path) -> list[bytes]:
    found = [path.read_bytes() for path in sorted((examples / "hospital").rglob("*.xml"))]
    return [raw for raw in found if b"Emessage" in raw[:400]]


def first(raw: bytes, *path: str) -> str:
    root = tree.read(raw)
    letter = next(node for node in root if tree.name(node) != "Envelope")
    return tree.said(root if path[0] == "Envelope" else letter, *path)


def test_there_are_samples_and_each_goes_to_this_language(samples: list[bytes]) -> None:
    assert len(samples) >= 9
    assert {door_of(raw) for raw in samples} == {"oioxml"}


def test_every_sample_is_valid_by_its_schema(samples: list[bytes], schemas: Schemas) -> None:
    for raw in samples:
        root = tree.read(raw)
        schema = schemas.get(str(etree.QName(root).namespace))
        if schema is not None:
            schema.assertValid(etree.fromstring(raw))


def test_every_sample_tells_its_own_facts(samples: list[bytes], oioxml: OioXml) -> None:
    for raw in samples:
        found = oioxml.translate(raw)
        assert found.sent is not None
        assert found.sent.astimezone().tzinfo is not None
        if found.receipt:
            assert found.receipt.of == first(raw, "OriginalEmessage", "OriginalLetter", "OriginalLetterIdentifier")
            assert (found.receipt.outcome == "ok") == (b"<PositiveReceipt>" in raw)
            continue
        assert found.citizen[0].value == first(raw, "Patient", "CivilRegistrationNumber")
        bodies = folded([found], ids(b"test"))
        _facts(raw, bodies)
        assert oioxml.explain(raw).rows


def test_what_letters_become_is_r4(samples: list[bytes], oioxml: OioXml) -> None:
    own = [path.read_bytes() for path in sorted((MAPPINGS / "oioxml" / "examples").glob("*.xml"))]
    made = [oioxml.translate(raw) for raw in (*samples, *own, REPORTED, ENDED)]
    bodies = [body for one in made if not one.receipt for body in folded([one], ids(b"test"))]
    assert {body["resourceType"] for body in bodies} >= {"CarePlan", "Communication", "Condition", "Encounter", "Goal"}
    for body in bodies:
        told = {name: value for name, value in body.items() if name != "meta" or value}
        get_fhir_model_class(body["resourceType"]).model_validate(told)


def _facts(raw: bytes, bodies: list[dict[str, object]]) -> None:
    if day := first(raw, "Admission", "Date"):
        stay = the("Encounter", bodies)
        assert stay["period"]["start"].startswith(f"{day}T{first(raw, 'Admission', 'Time')}")
        assert stay["status"] == "in-progress"
    if day := first(raw, "Discharge", "Date"):
        stay = the("Encounter", bodies)
        over = first(raw, "Patient", "EpisodeOfCareStatusCode") in _STATUS
        assert (stay["status"] == "finished") == over
        assert stay["period"].get("end", "").startswith(f"{day}T{first(raw, 'Discharge', 'Time')}") == over
    if text := first(raw, "ClinicalInformation", "Text01"):
        said = the("Communication", bodies)
        assert said["payload"][0]["contentString"] == text
        assert said["topic"]["text"] == first(raw, "AdditionalInformation", "Subject")
        assert said["sender"]["display"].startswith(first(raw, "Sender", "OrganisationName"))


def test_the_file_of_the_conversion_services_example_is_the_one_that_its_letter_names(
    examples: Path, oioxml: OioXml
) -> None:
    folder = examples / "hospital" / "conversion"
    letter, file = (oioxml.translate((folder / f"Flow1-{n}_Ex_to_FHIR.xml").read_bytes()) for n in ("XDIS91", "XBIN01"))
    (kept,) = file.attached
    (named,) = [one for one in letter.statements[1].body["payload"] if "contentAttachment" in one]
    assert named["contentAttachment"]["url"] == f"Binary/{kept.id}"
    assert (len(kept.body), kept.body[:5]) == (named["contentAttachment"]["size"], b"%PDF-")
