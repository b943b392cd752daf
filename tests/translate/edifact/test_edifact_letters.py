"""Letters: what their segments mean is what the OIOXML letter means; parties, numbers, times, texts, odd ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.statement import Act, Statement, Verb
from gateway.errors import GatewayError, UnknownCode
from gateway.translate.edifact.language import Edifact
from gateway.translate.oioxml import tree
from gateway.translate.translation import Translation
from tests.translate.edifact.interchanges import EPISODE, HOSPITAL, admission, discharge, email, enclosed


def stay(found: Translation) -> Statement:
    return next(one for one in found.statements if one.kind == "Encounter")


def said(edifact: Edifact, content: bytes, *path: str) -> str:
    return tree.said(edifact.tree(content), *path)


def test_an_admission_begins_a_stay(edifact: Edifact) -> None:
    found = edifact.translate(enclosed(admission()))
    assert found.language == "edifact"
    assert found.message_id == f"{HOSPITAL}#BREV1"
    assert [one.value for one in found.citizen] == ["2512489996"]
    assert (stay(found).act, stay(found).verb) == (Act.START, Verb.ASSERT)
    assert stay(found).happened == datetime(2025, 3, 14, 9, 0, tzinfo=UTC)
    assert EPISODE in stay(found).key


def test_a_discharge_ends_the_same_stay(edifact: Edifact) -> None:
    began, ended = edifact.translate(enclosed(admission())), edifact.translate(enclosed(discharge()))
    assert stay(ended).act == Act.END
    assert stay(ended).key == stay(began).key
    assert stay(ended).happened == datetime(2025, 3, 18, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", ["MW", "MH"])
def test_moved_to_another_hospital_is_never_a_discharge(state: str, edifact: Edifact) -> None:
    found = edifact.translate(enclosed(discharge(state=state)))
    assert not [one for one in found.statements if one.act is Act.END]


@pytest.mark.parametrize(("status", "verb"), [("N", Verb.ASSERT), ("M", Verb.CORRECT), ("C", Verb.WITHDRAW)])
def test_gis_tells_new_corrected_and_cancelled(status: str, verb: Verb, edifact: Edifact) -> None:
    assert stay(edifact.translate(enclosed(admission(status=status)))).verb == verb


def test_an_unknown_state_of_a_stay_is_refused(edifact: Edifact) -> None:
    with pytest.raises(UnknownCode):
        edifact.translate(enclosed(discharge(state="QQ")))


def test_the_receiver_is_a_municipality_by_its_number(edifact: Edifact) -> None:
    content = enclosed(email())
    assert said(edifact, content, "ClinicalEmail", "Receiver", "Identifier") == "101"
    assert said(edifact, content, "ClinicalEmail", "Receiver", "IdentifierCode") == "kommunenummer"
    found = next(one for one in edifact.translate(content).statements if one.kind == "Communication")
    assert "0101" in str(found.body["recipient"])


def test_a_summer_time_is_danish_time(edifact: Edifact) -> None:
    found = edifact.translate(enclosed(admission(at="202507010030")))
    assert stay(found).happened == datetime(2025, 6, 30, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["En linje"], "En linje"),
        (["En linje:og en til"], "En linje\nog en til"),
        (["Linjen er for \\:lang til en"], "Linjen er for lang til en"),
        (["Linjen går \\", "videre i næste segment"], "Linjen går videre i næste segment"),
        (["Over:.:under"], "Over\n\nunder"),
        (["Kl. 10?:30 ?+ 2 t?'er??"], "Kl. 10:30 + 2 t'er?"),
    ],
)
def test_lines_of_a_text_come_together(lines: list[str], text: str, edifact: Edifact) -> None:
    content = enclosed(email(text=lines))
    assert said(edifact, content, "ClinicalEmail", "ClinicalInformation", "Text01") == text
    found = next(one for one in edifact.translate(content).statements if one.kind == "Communication")
    assert found.body["payload"][0]["contentString"] == text


def test_how_a_text_is_set_never_hides_it(edifact: Edifact) -> None:
    content = enclosed(email()).replace(b"FTX+NC+P00++Med", b"FTX+NC+FFM++Med")
    root = edifact.tree(content)
    text = tree.part(root, "ClinicalEmail", "ClinicalInformation", "Text01")
    assert text is not None
    assert [tree.name(one) for one in text.iter()] == ["Text01", "Break", "FixedFont", "Center", "Bold", "Break"]
    assert said(edifact, content, "ClinicalEmail", "ClinicalInformation", "Text01").endswith("Med venlig hilsen")


@pytest.mark.parametrize("number", ["0703921VJ5", "1206550VK9"])
def test_a_replacement_number_names_a_citizen(number: str, edifact: Edifact) -> None:
    content = enclosed(email(citizen=number))
    assert said(edifact, content, "ClinicalEmail", "Patient", "AlternativeIdentifier") == number
    assert [one.value for one in edifact.translate(content).citizen] == [number]


def test_a_cpr_number_may_have_its_hyphen(edifact: Edifact) -> None:
    assert [one.value for one in edifact.translate(enclosed(email(citizen="251248-9996"))).citizen] == ["2512489996"]


@pytest.mark.parametrize("number", ["25124899", "25124899960", "*"])
def test_a_number_of_another_length_is_refused(number: str, edifact: Edifact) -> None:
    with pytest.raises(GatewayError) as told:
        edifact.translate(enclosed(email(citizen=number)))
    assert told.value.where == "segment 19 (PNA), PNA-2.1"


def test_what_stands_twice_is_one_word(edifact: Edifact) -> None:
    once, again = (
        edifact.translate(enclosed(email())),
        edifact.translate(enclosed(email(), reference="ENV2", between="")),
    )
    assert once.fingerprint == again.fingerprint
    assert once.statements == again.statements
    other = edifact.translate(enclosed(email(text=["Noget andet"])))
    assert other.fingerprint != once.fingerprint


def test_an_unknown_speciality_is_left_out_with_a_finding(edifact: Edifact) -> None:
    found = edifact.translate(enclosed(email()).replace(b"SPR+ORG+50:", b"SPR+ORG+QQ:"))
    assert [one.where for one in found.findings] == ["segment 9 (SPR), SPR-2"]


def test_explain_names_segments_lines_and_both_rules(edifact: Edifact) -> None:
    found = edifact.explain(enclosed(admission()))
    row = next(one for one in found.rows if one.target == "Patient.identifier[0]")
    assert row.fields == ("S07/PNA-2.1",)
    assert row.places == ("segment 18 (PNA), line 20",)
    assert "mappings/oioxml/patient.yaml" in row.rule
    assert "mappings/edifact/notice.yaml" in row.rule
    reasons = {one.field: one.reason for one in found.unread}
    assert reasons["UNH-2.5 as Letter/VersionCode"] == "the letter's element tells which one it is"
    assert reasons["BGM-1"] == "says only that this is a letter"
    assert "2512489996" not in str(found)


def test_explain_tells_what_no_table_reads(edifact: Edifact) -> None:
    content = enclosed(admission()).replace(b"GIS+P'", b"GIS+P'\r\nLOC+9:stue'").replace(b"UNT+26", b"UNT+27")
    fields = {one.field: one.reason for one in edifact.explain(content).unread}
    assert fields["S11/LOC-1.2"] == "unread"
