"""Letter trees written as segments: escaped, counted, and the same when they are read again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.errors import GatewayError, UnknownCode, UnknownMessage
from gateway.translate.edifact import resources
from gateway.translate.edifact.interchange import interchange
from gateway.translate.edifact.language import Edifact
from gateway.translate.edifact.words import LINE, in_latin, lines_of
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.writing import NS_2006, add, formatted, started
from tests.translate.edifact.conftest import MAPPINGS
from tests.translate.edifact.interchanges import admission, email, enclosed, receipt

NOW = datetime(2025, 3, 14, 9, 15, tzinfo=UTC)
TEXTS = st.text(
    st.sampled_from(list("ab æøåÆØÅ?+:'\\.\"\n-0")) | st.characters(min_codepoint=32, max_codepoint=126), max_size=400
)


def letter(
    text: str, *, subject: str = "Emne", organisation: str = "Københavns Kommune", number: str = "101"
) -> etree._Element:
    root, body = started(NS_2006, "ClinicalEmail", "ENV7", NOW, receipt=True)
    head = add(body, "Letter")
    for name, value in (("Identifier", "BREV7"), ("VersionCode", "XD9134L"), ("StatisticalCode", "XDIS91")):
        add(head, name, value)
    written = add(head, "Authorisation")
    add(written, "Date", "2025-03-14")
    add(written, "Time", "10:15")
    add(head, "TypeCode", "XDIS91")
    add(head, "StatusCode", "nytbrev")
    for party, ean in (("Sender", "5790002508226"), ("Receiver", "5790000209354")):
        node = add(body, party)
        for name, value in (
            ("EANIdentifier", ean),
            ("Identifier", number),
            ("IdentifierCode", "kommunenummer"),
            ("OrganisationName", organisation),
        ):
            add(node, name, value)
    patient = add(body, "Patient")
    for name, value in (
        ("CivilRegistrationNumber", "2512489996"),
        ("PersonSurnameName", "Berggren"),
        ("PersonGivenName", "Nancy Ann"),
        ("EpisodeOfCareStatusCode", "inaktiv"),
    ):
        add(patient, name, value)
    add(add(body, "AdditionalInformation"), "Subject", subject)
    formatted(add(body, "ClinicalInformation"), "Text01", text)
    return root


def read_again(edifact: Edifact, root: etree._Element) -> dict[str, str]:
    """Every text of the letter after it was written and read."""
    made = edifact.tree(edifact.write(root))
    return {tree.place(one): tree.worded(one) for one in made.iter() if not len(one) or tree.name(one) == "Text01"}


def test_a_letter_comes_back_as_it_went(edifact: Edifact) -> None:
    root = letter("Kære kollega\n\nBorgeren er hjemme: ring venligst.\nHilsen")
    found = read_again(edifact, root)
    wanted = {
        tree.place(one): tree.worded(one)
        for one in root.iter()
        if tree.worded(one) and (not len(one) or tree.name(one) == "Text01")
    }
    assert wanted.items() <= {place: text for place, text in found.items() if not place.endswith("Break")}.items()


def test_letters_and_receipts_that_came_go_out_the_same(edifact: Edifact) -> None:
    for message in (email(), receipt(), receipt("C0230Q", "CTL02", "4", "FTX+VER+P00++Nej:tak")):
        came = edifact.tree(enclosed(message, asked="0"))
        again = edifact.tree(edifact.write(came))
        assert _told(came) == _told(again)


def _told(root: etree._Element) -> list[tuple[str, str]]:
    return [(tree.name(one), (one.text or "") + "|" + (one.tail or "")) for one in root.iter()]


@given(text=TEXTS, subject=TEXTS, organisation=TEXTS)
def test_no_text_breaks_out_of_its_element(text: str, subject: str, organisation: str, edifact: Edifact) -> None:
    written = edifact.write(letter(text, subject=subject or "x", organisation=organisation or "x"))
    plain = interchange(edifact.write(letter("x", subject="x", organisation="x")))
    found = interchange(written)
    assert found.messages[0].fault is None
    assert [s.tag for s in found.messages[0].segments if s.tag != "FTX"] == [
        s.tag for s in plain.messages[0].segments if s.tag != "FTX"
    ]
    told = tree.said(edifact.tree(written), "ClinicalEmail", "ClinicalInformation", "Text01")
    lines = [line.strip() for line in text.split("\n")]
    wanted = "\n".join("" if line == "." else line for line in lines).strip()
    assert [" ".join(line.split()) for line in told.split("\n")] == [
        " ".join(line.split()) for line in wanted.split("\n")
    ]


@given(TEXTS)
def test_lines_are_never_too_long(text: str) -> None:
    assert all(len(line) <= LINE + 1 for line in lines_of(text))


def test_what_latin_1_does_not_have_is_written_plainly() -> None:
    assert in_latin("“Žižek” – 日本…\r\n\x00€") == '"Zizek" - ??...   EUR'


def test_a_question_mark_for_a_foreign_letter_releases_nothing(edifact: Edifact) -> None:
    found = read_again(edifact, letter("x", organisation="日'本+"))
    assert found["Emessage/ClinicalEmail/Sender/OrganisationName"] == "?'?+"


def test_a_letter_that_no_table_writes_is_told(edifact: Edifact) -> None:
    with pytest.raises(UnknownMessage):
        edifact.write(edifact.tree(enclosed(admission())))


def test_a_word_without_a_code_is_told(edifact: Edifact) -> None:
    root = edifact.tree(enclosed(email()))
    node = tree.part(root, "ClinicalEmail", "Patient", "EpisodeOfCareStatusCode")
    assert node is not None
    node.text = "ambulant_roentgen"
    with pytest.raises(UnknownCode):
        edifact.write(root)


def test_what_is_written_is_understood(edifact: Edifact) -> None:
    found = edifact.translate(edifact.write(letter("Hej")))
    assert [one.kind for one in found.statements] == ["Patient", "Communication"]
    with pytest.raises(GatewayError):
        edifact.translate(edifact.write(letter("Hej")).replace(b"UNT", b"UNS"))


def test_what_edifact_has_no_place_for_is_told_and_never_lost(edifact: Edifact) -> None:
    root = letter("Hej")
    node = tree.part(root, "ClinicalEmail")
    assert node is not None
    add(add(add(node, "Reference"), "BIN"), "ObjectIdentifier", "c39ea6b2605245e4a207415e0205ab6f")
    with pytest.raises(UnknownMessage) as told:
        edifact.write(root)
    assert told.value.where == "Emessage/ClinicalEmail/Reference/BIN/ObjectIdentifier"


def test_what_stands_twice_and_is_written_once_is_told(edifact: Edifact) -> None:
    root = letter("Hej")
    node = tree.part(root, "ClinicalEmail", "Receiver")
    assert node is not None
    add(node, "OrganisationName", "Et andet navn")
    with pytest.raises(UnknownMessage) as told:
        edifact.write(root)
    assert told.value.where == "Emessage/ClinicalEmail/Receiver/OrganisationName[2]"


def test_qualifiers_of_nothing_are_left_out(edifact: Edifact) -> None:
    written = edifact.write(letter("Hej")).decode("latin-1")
    assert "SPR+ORG++DIS91:SKS:SST'" in written
    assert "CON" not in written
    assert "NAD+SOR+101:KOM:IM++Københavns Kommune:::::US'" in written
    assert "NAD+ROR+101:KOM:IM++Københavns Kommune:::::US'" in written


def test_resources_become_letters_in_edifact(edifact: Edifact) -> None:
    found = edifact.translate(enclosed(email()))
    patient, communication = (one.body | {"resourceType": one.kind, "id": "1"} for one in found.statements)
    (made,) = resources.messages([patient, communication], NOW, MAPPINGS)
    again = edifact.translate(made)
    assert again.citizen == found.citizen
    before, after = (
        next(one.body for one in each.statements if one.kind == "Communication") for each in (found, again)
    )
    for name in ("payload", "topic", "priority", "sent", "sender", "recipient", "category"):
        assert after[name] == before[name], name


def test_a_file_that_edifact_cannot_carry_is_told(edifact: Edifact) -> None:
    found = edifact.translate(enclosed(email()))
    patient, communication = (one.body | {"resourceType": one.kind, "id": "1"} for one in found.statements)
    communication["payload"] = [
        *communication["payload"],
        {"contentAttachment": {"contentType": "application/pdf", "url": "Binary/b1", "title": "Epikrise"}},
    ]
    with pytest.raises(UnknownMessage):
        resources.messages([patient, communication], NOW, MAPPINGS)
