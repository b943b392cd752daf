"""XDIS91 and XBIN01 become a Communication and its files."""

from __future__ import annotations

import base64

import pytest

from gateway.domain.resource import Ids
from gateway.errors import GatewayError, MissingField, UnknownCode, WrongType
from gateway.translate.oioxml.language import OioXml
from tests.translate.oioxml.letters import (
    CPR,
    EPISODE,
    NS_2006,
    correspondence,
    enveloped,
    folded,
    the,
    written,
)

OBJECT = "0b0b0b0b1c1c2d2d3e3e4f4f4f4f4f4f"
PDF = b"%PDF-1.4\n"
REFERENCE = f"""<Reference><RefDescription>Statusattest</RefDescription><BIN>
<ObjectIdentifier>{OBJECT}</ObjectIdentifier><ObjectCode>billede</ObjectCode><ObjectExtensionCode>pdf</ObjectExtensionCode><OriginalObjectSize>9</OriginalObjectSize>
</BIN></Reference>"""


def email(oioxml: OioXml, letter: str, encoding: str = "ISO-8859-1") -> bytes:
    return written(enveloped(letter, namespace=NS_2006), encoding)


def binary(content: str = base64.b64encode(PDF).decode(), extension: str = "pdf", number: str = OBJECT) -> bytes:
    letter = correspondence(number="BIN1")
    head = letter.partition("<AdditionalInformation>")[0]
    file = f"""<BinaryObject><ObjectIdentifier>{number}</ObjectIdentifier><ObjectCode>billede</ObjectCode>
<ObjectExtensionCode>{extension}</ObjectExtensionCode><OriginalObjectSize>9</OriginalObjectSize>
<Object_Base64Encoded>{content}</Object_Base64Encoded></BinaryObject>"""
    return written(enveloped(f"{head}{file}</ClinicalEmail>".replace("ClinicalEmail", "BinaryLetter")))


def test_a_letter_is_one_communication(oioxml: OioXml, identify: Ids) -> None:
    text = "Hej<Break/>Kan <Bold>I</Bold> hjælpe?<Space/>Tak<Center>NB</Center>Slut"
    letter = correspondence(text, letter=f"<EpisodeOfCareIdentifier>{EPISODE}</EpisodeOfCareIdentifier>")
    said = the("Communication", folded([oioxml.translate(email(oioxml, letter))], identify))
    assert said["payload"][0]["contentString"] == "Hej\nKan I hjælpe? TakNB\nSlut"
    assert (said["topic"]["text"], said["priority"]) == ("Udskrivelse", "asap")
    assert said["sent"] == "2025-03-12T21:30:00+01:00"
    assert said["recipient"][0]["identifier"]["value"] == "0101"
    (stay,) = [one for one in said["contained"] if one["resourceType"] == "Encounter"]
    assert (stay["status"], stay["class"]) == ("unknown", {"code": "other"})
    assert said["status"] == "completed"


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-8"])
def test_letters_of_the_alphabet_survive_every_character_set(oioxml: OioXml, encoding: str) -> None:
    found = oioxml.translate(email(oioxml, correspondence("æøå ÆØÅ é ½"), encoding))
    assert found.statements[1].body["payload"][0]["contentString"] == "æøå ÆØÅ é ½"


def test_windows_1252_that_calls_itself_iso_8859_1_is_read_as_what_it_is(oioxml: OioXml) -> None:
    raw = email(oioxml, correspondence("“Ring” – €"), "windows-1252").replace(b"windows-1252", b"ISO-8859-1")
    assert oioxml.translate(raw).statements[1].body["payload"][0]["contentString"] == "“Ring” – €"


def test_bytes_that_do_not_fit_the_declaration_are_an_error(oioxml: OioXml) -> None:
    raw = email(oioxml, correspondence("æøå"), "ISO-8859-1").replace(b"ISO-8859-1", b"UTF-8")
    with pytest.raises(GatewayError) as error:
        oioxml.translate(raw)
    assert CPR not in error.value.told()


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("0703921VJ5", "urn:oid:1.2.208.176.1.6.1.1|0703921VJ5"),
        ("1206550VK9", "urn:oid:1.2.208.176.1.6.1.3|1206550VK9"),
        ("12065X0VK9", "urn:faellesplan:source:hospital:citizen|12065X0VK9"),
    ],
)
def test_a_citizen_without_cpr_has_a_number_of_another_kind(oioxml: OioXml, number: str, key: str) -> None:
    letter = correspondence(patient=f"<AlternativeIdentifier>{number}</AlternativeIdentifier>")
    assert oioxml.translate(email(oioxml, letter)).citizen[0].key == key


def test_a_replacement_number_in_the_place_of_the_cpr_number_is_one(oioxml: OioXml) -> None:
    letter = correspondence(patient="<CivilRegistrationNumber>0703921vj5</CivilRegistrationNumber>")
    (found,) = oioxml.translate(email(oioxml, letter)).citizen
    assert found.key == "urn:oid:1.2.208.176.1.6.1.1|0703921VJ5"


def test_blanks_before_the_declaration_and_a_zone_behind_a_date_change_nothing(oioxml: OioXml) -> None:
    raw = email(oioxml, correspondence())
    odd = b"\r\n " + raw.replace(b"<Date>2025-03-12</Date>", b"<Date>2025-03-12+01:00</Date>")
    assert oioxml.translate(odd).statements[1].body == oioxml.translate(raw).statements[1].body


@pytest.mark.parametrize("number", ["0000000000", "1111111111"])
def test_no_number_is_no_citizen(oioxml: OioXml, number: str) -> None:
    letter = correspondence(patient=f"<CivilRegistrationNumber>{number}</CivilRegistrationNumber>")
    with pytest.raises(MissingField) as error:
        oioxml.translate(email(oioxml, letter))
    assert error.value.where == "Emessage/ClinicalEmail/Patient"


def test_a_file_and_the_letter_that_names_it_meet_by_its_number(oioxml: OioXml, identify: Ids) -> None:
    letter = oioxml.translate(email(oioxml, correspondence(extra=REFERENCE)))
    spelled = "0B0B0B0B-1C1C-2D2D-3E3E-4F4F4F4F4F4F"
    for number in (OBJECT, spelled):
        file = oioxml.translate(binary(number=number))
        (kept,) = file.attached
        payload = letter.statements[1].body["payload"][1]
        assert payload["extension"][1]["valueIdentifier"]["value"] == "urn:uuid:0b0b0b0b-1c1c-2d2d-3e3e-4f4f4f4f4f4f"
        assert payload["contentAttachment"] == {
            "contentType": "application/pdf", "title": "Statusattest", "size": 9, "url": f"Binary/{kept.id}",
            "creation": "2025-03-12T21:30:00+01:00",
        }  # fmt: skip
        assert (kept.body, kept.content_type) == (PDF, "application/pdf")
        (own,) = [one for one in file.statements if one.kind == "Communication"]
        assert kept.owner == identify("Communication", own.key)


def test_the_files_content_is_kept_once(oioxml: OioXml) -> None:
    found = oioxml.translate(binary())
    assert base64.b64encode(PDF) not in found.without_files
    assert b"BIN1" in found.without_files
    assert oioxml.translate(email(oioxml, correspondence())).without_files == b""


def test_another_citizens_file_of_the_same_number_is_another(oioxml: OioXml) -> None:
    one = oioxml.translate(binary())
    two = oioxml.translate(binary().replace(CPR.encode(), b"2509479989"))
    assert one.attached[0].id != two.attached[0].id


@pytest.mark.parametrize(
    ("raw", "kind", "place"),
    [
        (binary(extension="exe"), UnknownCode, "BinaryObject/ObjectExtensionCode"),
        (binary("!!!"), WrongType, "BinaryObject/Object_Base64Encoded"),
        (binary(""), MissingField, "BinaryObject/Object_Base64Encoded"),
    ],
)
def test_a_file_that_may_not_be_attached_refuses_its_letter(
    oioxml: OioXml, raw: bytes, kind: type[GatewayError], place: str
) -> None:
    with pytest.raises(kind) as error:
        oioxml.translate(raw)
    assert error.value.where == f"Emessage/BinaryLetter/{place}"


def test_a_size_that_is_not_the_files_is_noted(oioxml: OioXml) -> None:
    found = oioxml.translate(binary(base64.b64encode(PDF + b"more").decode()))
    assert [one.where for one in found.findings] == ["Emessage/BinaryLetter/BinaryObject/OriginalObjectSize"]
