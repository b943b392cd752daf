"""Correspondence that goes out: MedCom's conversion rules, and the same facts when it comes back."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from gateway.domain.correspondence import without_bare_files
from gateway.domain.resource import Ids
from gateway.domain.statement import Body
from gateway.errors import MissingField, NoCitizen
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.language import OioXml
from gateway.translate.oioxml.out.correspondence import Tables, letters
from gateway.translate.oioxml.out.resources import messages
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from tests.translate.oioxml.letters import CPR, folded, the

NOW = datetime(2025, 3, 16, 13, 20, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[3] / "mappings"
CODES = Codes.read(MAPPINGS / "codes", Problems())
TABLES = Tables(CODES.tables["locations"], CODES.tables["oioxml-file-type"])
EXTENSION = "http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core-"
PATIENT: Body = {
    "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": CPR}],
    "name": [{"family": "Eksempelsen", "given": ["Vibeke"]}],
}
MESSAGE: Body = {
    "id": "m1",
    "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:5b0e3c0c-0000-4000-8000-000000000001"}],
    "sent": "2025-03-16T14:18:00+01:00",
    "sender": {
        "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "953741000016009"}, "display": "Et plejehjem",
    },
    "recipient": [{"identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "265161000016000"}}],
    "category": [{"coding": [{"code": "carecoordination", "display": "Koordinering af pleje"}]}],
    "payload": [{"contentString": "Hej"}],
}  # fmt: skip


def said(raw: bytes, name: str) -> list[str]:
    return [tree.worded(node) for node in etree.fromstring(raw).iter() if tree.name(node) == name]


def one(message: Body, patient: Body = PATIENT) -> bytes:
    return letters(MESSAGE | message, patient, TABLES, NOW)[0].body


def test_what_came_in_goes_out_with_the_same_facts(oioxml: OioXml, identify: Ids) -> None:
    raw = (MAPPINGS / "oioxml" / "examples" / "correspondence.xml").read_bytes()
    first = folded([oioxml.translate(raw)], identify)
    (letter,) = letters(the("Communication", first), the("Patient", first), TABLES, NOW)
    again = folded([oioxml.translate(letter.body)], identify)
    left_out = {"id", "subject"}
    was, became = (
        {name: value for name, value in the("Communication", bodies).items() if name not in left_out}
        for bodies in (first, again)
    )
    assert became == was
    assert the("Patient", again) == the("Patient", first)
    assert letter.id == "KOR0316142000"


def test_the_envelope_carries_the_letters_number_and_asks_for_a_receipt() -> None:
    (letter,) = letters(MESSAGE, PATIENT, TABLES, NOW)
    assert said(letter.body, "Identifier")[:2] == [letter.id, letter.id]
    assert said(letter.body, "AcknowledgementCode") == ["pluspositivkvitt"]
    assert letters(MESSAGE, PATIENT, TABLES, NOW) == [letter]


def test_location_and_name_of_a_unit_are_looked_up_and_an_unknown_telephone_is_zeros() -> None:
    raw = one({})
    assert said(raw, "EANIdentifier") == ["5790001348120", "5790000209354"]
    assert said(raw, "IdentifierCode") == ["sorkode", "sorkode"]
    assert said(raw, "OrganisationName")[1] == "Herlev og Gentofte Hospital"
    assert said(raw, "TelephoneSubscriberIdentifier") == ["0000 0000"]


@pytest.mark.parametrize(
    ("system", "number", "code"),
    [
        ("urn:faellesplan:medcom:sygehusafdelingsnummer", "2001060", "sygehusafdelingsnummer"),
        ("urn:oid:1.2.208.176.1.4", "291714", "ydernummer"),
        ("urn:oid:1.2.208.176.1.1", "265161000016000", "sorkode"),
        ("https://www.gs1.org/gln", "5790000120400", "lokationsnummer"),
    ],
)
def test_the_kind_of_a_number_is_told_in_its_whole_word(system: str, number: str, code: str) -> None:
    """`sygehusafdelingsn` is no word of MedCom's schemas."""
    location = {"system": "https://www.gs1.org/gln", "value": "5790000120400"}
    numbers = [{"system": system, "value": number}, location]
    told: Body = {
        "contained": [{"resourceType": "Organization", "id": "sender", "identifier": numbers}],
        "sender": {"reference": "#sender", "display": "Hillerød Sygehus"},
    }
    raw = one(told)
    assert (said(raw, "IdentifierCode")[0], said(raw, "Identifier")[2]) == (code, number)


def test_without_a_location_there_is_no_letter() -> None:
    with pytest.raises(MissingField) as error:
        one({"sender": {"identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "1"}}})
    assert error.value.where == "Communication.sender"


@pytest.mark.parametrize(
    ("kind", "status", "deceased", "code"),
    [
        ("IMP", "in-progress", None, "indlagt"),
        ("AMB", "in-progress", None, "ambulant"),
        ("other", "finished", True, "doed"),
        ("other", "finished", None, "inaktiv"),
        ("IMP", "finished", True, "inaktiv"),
        ("EMER", "in-progress", None, "inaktiv"),
        ("", "", None, "inaktiv"),
    ],
)
def test_the_status_of_the_stay_goes_back_by_medcoms_table(
    kind: str, status: str, deceased: bool | None, code: str
) -> None:
    stay = {"resourceType": "Encounter", "id": "encounter", "class": {"code": kind}, "status": status}
    raw = one({"contained": [stay] if kind else []}, PATIENT | ({"deceasedBoolean": True} if deceased else {}))
    assert said(raw, "EpisodeOfCareStatusCode") == [code]


def test_of_several_episode_numbers_the_local_one_goes_without_hyphens() -> None:
    national = {"system": "https://www.esundhed.dk/Registre/Landspatientregisteret", "value": "urn:uuid:" + "1" * 32}
    local = {"system": "https://sor2.sum.dsdn.dk/#id=1", "value": "9f1c2b3a-4d5e-6f70-8192-a3b4c5d6e7f8"}
    episodes = [{"identifier": national}, {"identifier": local}]
    stay = {"resourceType": "Encounter", "id": "encounter", "episodeOfCare": episodes}
    assert said(one({"contained": [stay]}), "EpisodeOfCareIdentifier") == ["9f1c2b3a4d5e6f708192a3b4c5d6e7f8"]


@pytest.mark.parametrize(("code", "word"), [("reply-message", "svar"), ("forward-message", "videresendt")])
def test_an_answer_says_in_its_text_that_it_is_one(code: str, word: str) -> None:
    assert word in said(one({"reasonCode": [{"coding": [{"code": code}]}]}), "Text01")[0]


def test_the_best_number_stands_for_the_citizen_and_the_others_stand_in_the_text() -> None:
    regional, national = (
        {"system": f"urn:oid:1.2.208.176.1.6.1.{number}", "value": value}
        for number, value in (("3", "1206550VK9"), ("1", "0703921VJ5"))
    )
    raw = one({}, PATIENT | {"identifier": [regional, national]})
    assert said(raw, "AlternativeIdentifier") == ["0703921VJ5"]
    assert "1206550VK9" in said(raw, "Text01")[-1]
    with pytest.raises(NoCitizen):
        one({}, PATIENT | {"identifier": []})


def test_more_texts_than_ten_are_ten_and_nothing_is_lost() -> None:
    texts = [{"contentString": f"Tekst {number}."} for number in range(15)]
    found = said(one({"payload": texts}), "Text01")
    assert len(found) == 10
    assert all(f"Tekst {number}." in "\n".join(found) for number in range(15))


def test_who_wrote_and_the_telephone_stand_below_the_text() -> None:
    extension = [
        {"url": f"{EXTENSION}practitioner-extension", "valueReference": {"display": "Lise Prøveberg, sygeplejerske"}},
        {"url": f"{EXTENSION}contact-extension", "valueContactPoint": {"system": "phone", "value": "38640000"}},
    ]
    raw = one({"payload": [{"contentString": "Hej", "extension": extension}]})
    assert said(raw, "Text01") == ["Hej\nLise Prøveberg, sygeplejerske, tlf. 38640000"]


def test_a_file_at_hand_goes_in_a_letter_of_its_own(oioxml: OioXml) -> None:
    attachment = {"contentType": "application/pdf", "title": "Attest", "url": "Binary/" + "a" * 32}
    number = {"url": f"{EXTENSION}identifier-extension", "valueIdentifier": {"value": "urn:uuid:" + "a" * 32}}
    payload = [{"contentString": "Se vedhæftet"}, {"contentAttachment": attachment, "extension": [number]}]
    text, file = letters(MESSAGE | {"payload": payload}, PATIENT, TABLES, NOW, {attachment["url"]: b"%PDF"})
    assert said(text.body, "ObjectIdentifier") == said(file.body, "ObjectIdentifier") == ["a" * 32]
    assert said(file.body, "Object_Base64Encoded") == ["JVBERg=="]
    assert text.id != file.id
    (alone,) = letters(MESSAGE | {"payload": payload}, PATIENT, TABLES, NOW)
    assert said(alone.body, "ObjectIdentifier") == ["a" * 32]


def test_protected_addresses_stay_here() -> None:
    known = PATIENT | {"address": [{"line": ["Prøvevej 1"], "city": "København", "postalCode": "2400"}]}
    assert said(one({}, known), "StreetName") == ["Prøvevej 1"]
    hidden = known | {"meta": {"security": [{"code": "R"}]}}
    assert said(one({}, hidden), "StreetName") == []


@pytest.mark.parametrize("hostile", ["a\rb", "a\x00\x01\x1b\x7fb", "a\u202eb\u2028c", "<b>&amp;]]></b>", "a\ud800b"])
def test_control_characters_and_markup_are_only_text(oioxml: OioXml, identify: Ids, hostile: str) -> None:
    raw = one(
        {"payload": [{"contentString": hostile}], "topic": {"text": hostile}},
        PATIENT | {"name": [{"family": hostile, "given": [hostile]}]},
    )
    for text in etree.fromstring(raw).itertext():
        assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\r" for c in text)
    back = oioxml.translate(raw.replace(b"5790001348120", b"5790000120400"))
    told = back.statements[1].body["payload"][0]["contentString"]
    assert told.replace("\n", "") == "".join(c for c in hostile if c.isprintable() or c in "<>")


def test_long_values_are_cut_to_what_the_schema_allows() -> None:
    raw = one(
        {"sender": MESSAGE["sender"] | {"display": "Æ" * 50 + ", " + "B" * 50}, "topic": {"text": "C" * 90}},
        PATIENT | {"name": [{"family": "D" * 90}]},
    )
    assert said(raw, "OrganisationName")[0] == "Æ" * 35
    assert said(raw, "DepartmentName") == ["B" * 35]
    assert said(raw, "Subject") == ["C" * 70]
    assert said(raw, "PersonSurnameName") == ["D" * 70]


def test_a_letter_of_a_thousand_words_goes_and_comes(oioxml: OioXml) -> None:
    text = "\n".join(f"Linje {number} æøå – “€”" for number in range(1000))
    raw = one({"payload": [{"contentString": text}]}).replace(b"5790001348120", b"5790000120400")
    assert oioxml.translate(raw).statements[1].body["payload"][0]["contentString"] == text


def test_a_letter_and_its_file_come_out_as_they_came_in(oioxml: OioXml, identify: Ids) -> None:
    folder = MAPPINGS / "oioxml" / "examples"
    came = [oioxml.translate((folder / f"{name}.xml").read_bytes()) for name in ("correspondence", "file")]
    (kept,) = came[1].attached
    binary = {"resourceType": "Binary", "id": kept.id, "data": b64encode(kept.body).decode()}
    letter, file = messages([*folded(came, identify), binary], NOW, MAPPINGS)
    assert said(letter, "ObjectIdentifier") == said(file, "ObjectIdentifier") == ["0b0b0b0b1c1c2d2d3e3e4f4f4f4f4f4f"]
    assert said(file, "Object_Base64Encoded") == [binary["data"]]
    again = [oioxml.translate(raw) for raw in (letter, file)]
    assert again[1].attached[0].body == kept.body
    assert again[1].attached[0].id == kept.id
    assert again[0].statements[1].body == came[0].statements[1].body


def test_only_files_that_another_message_names_are_left_to_it() -> None:
    def of(*payload: Body) -> Body:
        return {"resourceType": "Communication", "payload": list(payload)}

    text: Body = {"contentString": "Hej"}
    file, other = ({"contentAttachment": {"url": f"Binary/{number}"}} for number in (1, 2))
    letter, bare, lone, empty = of(text, file), of(file), of(file, other), of({"contentAttachment": {}})
    assert without_bare_files([bare, letter, lone, empty, of()]) == [letter, lone, empty, of()]
    assert without_bare_files([bare]) == [bare]
