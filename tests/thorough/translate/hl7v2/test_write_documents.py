"""DocumentReference → MDM and back: the same facts."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.together import folded
from gateway.domain.identifier import SOR, Identifier
from gateway.domain.source import Source
from gateway.errors import BadRequest
from gateway.translate.hl7v2.language import Hl7v2
from gateway.translate.hl7v2.write.resources import messages
from tests.translate.hl7v2.ward import CPR, IDS, ROOT

NOW = datetime(2025, 3, 14, 9, tzinfo=UTC)
HOSPITAL = Source("h", "Hospital", "region", Identifier(SOR, "265161000016000"), "hl7v2", ("FAELLESPLAN|GATEWAY",))
LANGUAGE = Hl7v2(ROOT / "mappings", (HOSPITAL,), IDS)
THO = "http://terminology.hl7.org/CodeSystem"
CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"
PATIENT = {
    "resourceType": "Patient", "id": "p1", "identifier": [{"system": CPR_SYSTEM, "value": CPR}],
    "name": [{"use": "official", "family": "Eksempelsen", "given": ["Åse", "Marie"]}], "gender": "female",
    "birthDate": "1948-12-25", "address": [{"line": ["Hemmelig Vej 1"]}],
}  # fmt: skip
Json = dict[str, Any]


def attachment(data: bytes, kind: str = "text/plain", **more: str) -> Json:
    return {"attachment": {"contentType": kind, "data": base64.b64encode(data).decode(), **more}}


def document(*contents: Json, **more: Any) -> Json:
    return {
        "resourceType": "DocumentReference", "id": "d1", "status": "current", "docStatus": "final",
        "masterIdentifier": {"system": "urn:oid:1.2.3", "value": "D-1"}, "subject": {"reference": "Patient/p1"},
        "type": {"coding": [{"system": "http://loinc.org", "code": "18842-5", "display": "Epikrise"}]},
        "content": list(contents) or [attachment(b"Alt vel.")], **more,
    }  # fmt: skip


def out(*resources: Json) -> bytes:
    (raw,) = messages(resources, NOW, ROOT / "mappings")
    return raw


def back(raw: bytes) -> dict[str, Json]:
    found = folded([LANGUAGE.translate(raw)], IDS, {HOSPITAL.id: HOSPITAL})
    return {one.kind: one.body for one in found}


def test_out_and_in_again_gives_the_same_facts() -> None:
    author = {
        "type": "Practitioner",
        "identifier": {"system": "urn:oid:1.2.208.176.1.5", "value": "A1B2"},
        "display": "Ib Ny",
    }
    stay = {"type": "Encounter", "identifier": {"system": "urn:oid:1.2.208.176.1.2.1", "value": "V77"}}
    one = document(
        attachment("Første linje\nAnden & tredje ^|~\\".encode(), title="Epikrise"),
        attachment(b"%PDF-1.4 x", "application/pdf", title="Underskrevet"),
        description="Epikrise", date="2025-03-14T08:00:00+01:00", author=[author], authenticator=author,
        context={"encounter": [stay], "period": {"start": "2025-03-13"}},
        securityLabel=[{"coding": [{"system": f"{THO}/v3-Confidentiality", "code": "R"}]}],
    )  # fmt: skip
    found = back(out(one, PATIENT))
    again = found["DocumentReference"]
    for name in (
        "masterIdentifier",
        "status",
        "docStatus",
        "date",
        "description",
        "author",
        "authenticator",
        "context",
    ):
        assert again[name] == one[name], name
    assert again["type"]["coding"] == one["type"]["coding"]
    assert [c["code"] for c in again["meta"]["security"]] == ["R"]
    assert [c["attachment"]["data"] for c in again["content"]] == [c["attachment"]["data"] for c in one["content"]]
    assert [c["attachment"]["contentType"] for c in again["content"]] == ["text/plain", "application/pdf"]
    assert [c["attachment"]["title"] for c in again["content"]] == ["Epikrise", "Underskrevet"]
    patient = found["Patient"]
    assert patient["name"] == PATIENT["name"]
    assert (patient["birthDate"], patient["gender"]) == ("1948-12-25", "female")
    assert patient["identifier"][0]["value"] == CPR


def test_the_address_stays_here() -> None:
    assert b"Hemmelig" not in out(document(), PATIENT)


def test_a_document_in_error_is_cancelled() -> None:
    raw = out(document(status="entered-in-error"), PATIENT)
    assert b"MDM^T11^MDM_T01" in raw
    assert b"OBX" not in raw
    assert back(raw)["DocumentReference"]["status"] == "entered-in-error"


def test_the_parent_is_named_by_its_number() -> None:
    parent = document(id="d0", masterIdentifier={"system": "urn:oid:1.2.3", "value": "D-0"})
    child = document(relatesTo=[{"code": "appends", "target": {"reference": "DocumentReference/d0"}}])
    first, second = messages([parent, child, PATIENT], NOW, ROOT / "mappings")
    (target,) = (one["target"] for one in back(second)["DocumentReference"]["relatesTo"])
    assert target == {"reference": f"DocumentReference/{back(first)['DocumentReference']['id']}"}


@given(st.binary(min_size=1, max_size=60))
def test_any_content_comes_back_byte_for_byte(data: bytes) -> None:
    one = attachment(data)
    (content, *others) = back(out(document(one), PATIENT))["DocumentReference"]["content"]
    assert not others
    assert content["attachment"]["data"] == one["attachment"]["data"]


@given(st.text(max_size=20))
def test_any_title_and_name_stay_where_they_are(text: str) -> None:
    found = back(out(document(description=text, author=[{"display": text}]), PATIENT))["DocumentReference"]
    assert found["masterIdentifier"]["value"] == "D-1"
    assert len(found["content"]) == 1


def test_a_large_file_goes_out_whole() -> None:
    one = document(attachment(b"%PDF-" + b"x" * 90_000, "application/pdf"))
    (file,) = LANGUAGE.translate(out(one, PATIENT)).attached
    kept = back(out(one, PATIENT))["DocumentReference"]
    binary = {"resourceType": "Binary", "id": file.id, "data": base64.b64encode(file.body).decode()}
    assert out(document(*kept["content"]), PATIENT, binary).count(binary["data"].encode()) == 1
    with pytest.raises(BadRequest, match="A file of the document is not here"):
        out(document(*kept["content"]), PATIENT)


def test_a_logical_subject_is_enough() -> None:
    one = document(subject={"identifier": {"system": CPR_SYSTEM, "value": CPR}})
    assert back(out(one))["Patient"]["identifier"][0]["value"] == CPR


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ([document()], "Nobody says whom this is about"),
        ([document(), {**PATIENT, "identifier": []}], "The citizen has no identifier"),
        ([PATIENT], "Nothing here becomes an HL7 v2 message"),
        (
            [document({"attachment": {"contentType": "application/pdf", "data": "???"}}), PATIENT],
            "The content is no base64",
        ),
    ],
)
def test_what_cannot_be_written_is_told(resources: list[Json], text: str) -> None:
    with pytest.raises(BadRequest, match=text):
        messages(resources, NOW, ROOT / "mappings")
