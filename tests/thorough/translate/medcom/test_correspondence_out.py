"""A Communication becomes a CareCommunication that tells the same when it comes back."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.identifier import CPR, SOR, X_ECPR
from gateway.errors import MissingField, NoCitizen
from gateway.translate.fhir import parse, write_json, write_xml
from gateway.translate.fhir.narrative import narrative_fault
from gateway.translate.fhir.structure import structure
from gateway.translate.medcom.carecommunication.write import letter as going_out
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from tests.translate.medcom.letters import CARE, CITIZEN, PDF, Json, file, letter, part, uuid, written
from tests.translate.medcom.notices import HOSPITAL, OTHER_HOSPITAL, PROJECT

NOW = datetime(2025, 3, 12, 8, tzinfo=UTC)
LOCATIONS = Codes.read(PROJECT / "mappings" / "codes", Problems()).tables["locations"]
PATIENT: Json = {
    "resourceType": "Patient",
    "identifier": [{"system": CPR, "value": CITIZEN}],
    "name": [{"use": "official", "family": "Berg", "given": ["Nina"]}],
}
ANSWER = {"header": uuid(8), "activity": "reply-message", "answers": (uuid(7), OTHER_HOSPITAL)}


def came(raw: bytes) -> tuple[Json, Mapping[str, bytes]]:
    """The Communication that a message becomes, and its files by their url."""
    translation = CARE.translate(raw)
    body = next(s.body for s in translation.statements if s.kind == "Communication")
    return body, {f"Binary/{one.id}": one.body for one in translation.attached}


def again(body: Json, files: Mapping[str, bytes] | None = None, **more: Any) -> Json:
    return going_out(body, PATIENT, LOCATIONS, NOW, files or {}, **more).bundle


@pytest.mark.parametrize(
    "bundle",
    [
        letter("Kort"),
        letter("Linje 1\n\nLinje 2 <b>&amp;</b>", topic="Emne", category="other", files=[file(), file(PDF * 3)]),
        letter("Svar", **ANSWER),
        letter("Videre", header=uuid(9), thread=2, activity="forward-message", answers=(uuid(7), OTHER_HOSPITAL)),
        letter("Uden fil", files=[{"contentAttachment": {"contentType": "image/png"}}]),
    ],
    ids=["plain", "files", "answer", "forwarded", "lost file"],
)
def test_out_and_in_again_tells_the_same(bundle: Json) -> None:
    body, files = came(written(bundle))
    made = again(body, files)
    for raw in (write_json(made), write_xml(made)):
        back, kept = came(raw)
        assert facts(back) == facts(body)
        assert kept == files


def facts(body: Json) -> Json:
    """Everything but what the contained resources are called."""
    names = {f"#{one['id']}": words(one, body) for one in body["contained"]}

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(one) for one in node]
        if not isinstance(node, dict):
            return node
        return {name: names.get(value, value) if name == "reference" else plain(value) for name, value in node.items()}

    told: Json = plain({name: value for name, value in body.items() if name != "contained"})
    return told | {"contained": sorted(map(str, names.values()))}


def words(one: Json, body: Json) -> Any:
    """A contained resource by what it tells, with what it points at."""
    inside = {f"#{other['id']}": other for other in body["contained"]}
    return [
        (name, words(inside[value["reference"]], body) if isinstance(value, dict) and value.get("reference") in inside
         else sorted(map(str, value)) if isinstance(value, list) else value)
        for name, value in sorted(one.items()) if name != "id"
    ]  # fmt: skip


def test_the_official_examples_go_out_and_come_back(examples: Path) -> None:
    for path in sorted((examples / "hospital" / "carecommunication").glob("*")):
        if "invalid" in path.name:
            continue
        tree = parse(path.read_bytes())
        for organisation in (e["resource"] for e in tree["entry"] if e["resource"]["resourceType"] == "Organization"):
            for number in organisation["identifier"]:
                if number["system"] == SOR:  # senders of the table in these tests
                    number["value"] = {"441211000016000": HOSPITAL}.get(number["value"], number["value"])
        raw = write_json(tree)
        translation = CARE.translate(raw)
        patient = next(s.body for s in translation.statements if s.kind == "Patient")
        body, files = came(raw)
        back, kept = came(write_xml(going_out(body, patient, LOCATIONS, NOW, files).bundle))
        assert facts(back) == facts(body)
        assert kept == files


def test_everything_that_medcom_requires_is_there() -> None:
    body, files = came(written(letter("Se bilag", topic="Hjemkomst", files=[file()])))
    made = again(body, files)
    assert structure(made) == []
    for one in (entry["resource"] for entry in made["entry"]):
        assert narrative_fault(one["text"]["div"]) == ""
        assert one["meta"]["profile"][0].startswith("http://medcomfhir.dk/ig/")
    header = part(made, "MessageHeader")
    assert header["definition"].endswith("MedComCareCommunicationMessageDefinition|5.0")
    assert header["destination"][0]["endpoint"] == f"https://sor2.sum.dsdn.dk/#id={OTHER_HOSPITAL}"
    for reference in (header["sender"], header["destination"][0]["receiver"]):
        one = part(made, "Organization", reference["reference"].partition("/")[2])
        assert {number["system"] for number in one["identifier"]} == {SOR, "https://www.gs1.org/gln"}
    entities = part(made, "Provenance")["entity"]
    assert len([one for one in entities if one["role"] == "source"]) == 2
    assert again(body, files) == made, "the same Communication is the same message"


def test_text_is_text_in_the_narrative_too() -> None:
    body, _ = came(written(letter("<script>alert(1)</script>")))
    shown = part(again(body), "Communication")["text"]["div"]
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_the_chain_is_told_as_far_as_it_is_known() -> None:
    question, _ = came(written(letter("?", header=uuid(7), sender=OTHER_HOSPITAL, receiver=HOSPITAL)))
    answer, _ = came(written(letter("!", **ANSWER)))
    made = again(answer, earlier=[question])
    chain = [e["resource"] for e in made["entry"] if e["resource"]["resourceType"] == "Provenance"]
    assert [one["target"][0]["reference"] for one in chain] == [f"MessageHeader/{uuid(n)}" for n in (7, 8)]
    assert chain[1]["entity"][-1] == {"role": "revision", "what": {"reference": f"MessageHeader/{uuid(7)}"}}
    assert came(write_json(made))[0]["inResponseTo"] == answer["inResponseTo"]


OF_A_LETTER: Json = {
    "resourceType": "Communication",
    "identifier": [{"system": "urn:faellesplan:ean:5790000209354:letter", "value": "Brevt23400929"}],
    "status": "completed",
    "category": [{"coding": [{"code": "other", "system": "urn:x"}]}],
    "priority": "asap",
    "topic": {"text": "Forundersøgelse"},
    "sent": "2023-11-20T17:45:00+01:00",
    "sender": {"type": "Organization", "identifier": {"system": SOR, "value": HOSPITAL}},
    "recipient": [{"type": "Organization", "identifier": {"system": SOR, "value": OTHER_HOSPITAL}}],
    "payload": [
        {"contentString": "Røntgen af hofte\x00 i to planer."},
        {"contentAttachment": {"contentType": "image/png", "data": b64encode(b"\x89PNG").decode(), "title": "Hofte"}},
    ],
}


def test_a_letter_of_the_old_kind_gets_what_it_lacks() -> None:
    """The conversion service's rules: numbers made, the telephone unknown, a high priority told in the text."""
    body, files = came(write_xml(again(OF_A_LETTER)))
    assert body["identifier"][0]["value"].endswith("Brevt23400929")
    text = body["payload"][0]
    assert text["contentString"] == "Denne meddelelse har høj prioritet. Røntgen af hofte  i to planer."
    phones = [e["valueContactPoint"]["value"] for e in text["extension"] if "valueContactPoint" in e]
    assert phones == ["0000 0000"]
    assert "priority" not in body
    assert list(files.values()) == [b"\x89PNG"]


@pytest.mark.parametrize(
    ("change", "kind", "where"),
    [
        ({"sender": {}}, MissingField, "Communication.sender"),
        ({"recipient": []}, MissingField, "Communication.recipient"),
        ({"payload": []}, MissingField, "Communication.payload"),
        ({"sender": {"identifier": {"system": SOR, "value": "999991000016001"}}}, MissingField, "Communication.sender"),
        ({"sender": {"identifier": {"system": "urn:x", "value": "1"}}}, MissingField, "Communication.sender"),
    ],
)
def test_what_cannot_be_written(change: Json, kind: type[Exception], where: str) -> None:
    with pytest.raises(kind) as caught:
        again(OF_A_LETTER | change)
    assert where in str(caught.value)


def test_a_sor_number_is_looked_up_by_the_ean() -> None:
    ean = {"sender": {"identifier": {"system": "http://www.gs1.org/gln", "value": "5790000209354"}}}
    assert part(again(OF_A_LETTER | ean), "MessageHeader")["source"]["endpoint"].endswith(HOSPITAL)


def test_nobody_is_written_to_about_nobody() -> None:
    with pytest.raises(NoCitizen):
        going_out(OF_A_LETTER, {"resourceType": "Patient"}, LOCATIONS, NOW, {})


def test_every_number_of_the_citizen_goes_out() -> None:
    patient = PATIENT | {"identifier": [*PATIENT["identifier"], {"system": X_ECPR, "value": "0703921VJ5"}]}
    made = going_out(OF_A_LETTER, patient, LOCATIONS, NOW, {}).bundle
    assert [one["value"] for one in part(made, "Patient")["identifier"]] == [CITIZEN, "0703921VJ5"]
