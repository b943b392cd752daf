"""The letters that no public example shows in EDIFACT: what is read of them, by analogy with those that are public."""

from __future__ import annotations

import base64
import re

import pytest

from gateway.errors import GatewayError
from gateway.translate.edifact.interchange import interchange
from gateway.translate.edifact.language import Edifact
from gateway.translate.oioxml import tree
from tests.translate.edifact.interchanges import EPISODE, email, enclosed

STAY = ["RFF+AHI:1", "SEQ++1", "PAS+POT"]


def plan(version: str, kind: str) -> list[str]:
    """A correspondence turned into a letter of a stay: admitted on the 12th, to be discharged on the 20th."""
    segments = [one.replace("D9134L+DIS91", f"{version}+{kind}").replace("DIS91:SKS", f"{kind}:SKS") for one in email()]
    at = segments.index("RFF+AHI:1")
    stay = [f"RFF+REI:{EPISODE}", "SEQ++1", "DTM+90:202503122115:203", "PAS+HS"]
    leave = ["S11+11", "GIS+N", "SEQ++2", "DTM+90:202503201200:203", "PAS+DH"]
    return [*segments[:at], *stay, *leave, *segments[at + len(STAY) :]]


@pytest.mark.parametrize(
    ("version", "kind", "element", "end", "words"),
    [
        ("D1831C", "DIS18", "ReportOfDischarge", "Discharge", "CourseOfAdmission"),
        ("D1930C", "DIS19", "WarningOfDischarge", "PlannedDischarge", "CareDescription/CommentsText"),
        ("D2134C", "DIS21", "ProgressOfCarePlan", "ExpectedEndOfTreatment", "ExpectedCourseOfAdmission"),
        ("D1631C", "DIS16", "ReportOfAdmission", "", "FutureAgreements"),
    ],
)
def test_letters_of_a_stay(version: str, kind: str, element: str, end: str, words: str, edifact: Edifact) -> None:
    content = enclosed(plan(version, kind))
    root = edifact.tree(content)
    assert tree.said(root, element, "Letter", "TypeCode") == f"X{kind}"
    assert tree.said(root, element, "Letter", "EpisodeOfCareIdentifier") == EPISODE
    assert tree.said(root, element, "Admission", "Date") == "2025-03-12"
    assert tree.said(root, element, "Admission", "Time") == "21:15"
    assert not end or tree.said(root, element, end, "Date") == "2025-03-20"
    assert tree.said(root, element, *words.split("/")).startswith("Borgeren ønsker")
    found = edifact.translate(content)
    made = next(one for one in found.statements if one.kind == "CarePlan")
    assert not end or made.body["period"]["end"].startswith("2025-03-20")
    assert not [one for one in found.statements if one.kind == "Encounter" and one.act.value == "end"]


def answer() -> list[str]:
    """A DIS14: the sender is the municipality."""
    segments = [one.replace("D9134L+DIS91", "D1431C+DIS14").replace("DIS91:SKS", "DIS14:SKS") for one in email()]
    text = "\n".join(segments).replace("NAD+SOR+265161000016000:SOR:SST", "NAD+SOR+101:KOM:IM")
    text = text.replace("CON++38683868:TE", "CON+Visitationen:Team Nord+33663366:TE\nCON+Aften+33663367:TE")
    text = text.replace("RFF+AHI:1", f"RFF+REI:{EPISODE}").replace("PAS+POT\n", "").replace("203\nS07", "203\nS07")
    text = re.sub(r"\nS14\+14[\s\S]*", "", text)
    return text.split("\n")


def test_an_answer_to_an_admission_says_whom_to_call(edifact: Edifact) -> None:
    root = edifact.tree(enclosed(answer()))
    contacts = tree.parts(root, "AnswerOfAdmission", "Sender", "ContactInformation")
    assert [[tree.worded(part) for part in one] for one in contacts] == [
        ["Visitationen", "Team Nord", "33663366"],
        ["Aften", "33663367"],
    ]
    assert tree.said(root, "AnswerOfAdmission", "Letter", "NotificationIdentifier") == EPISODE


FILE = b"%PDF-1.4 'with' + every: mark? \x00\xff UNT+1+1'"


def binary(length: int = len(FILE), kind: str = "pdf") -> bytes:
    segments = [one.replace("D9134L+DIS91", "B0131X+BIN01").replace("MEDDIS", "MEDBIN") for one in email()]
    head = segments[: segments.index("S11+11")]
    message = [*head, f"UNO+1+OBJ:c39ea6b2605245e4a207415e0205ab6f+billede:{kind}++{length}", "UNP+44+1"]
    return enclosed(message).replace(f"++{length}'\r\n".encode(), f"++{length}'".encode() + FILE)


def test_a_file_is_taken_as_it_is(edifact: Edifact) -> None:
    root = edifact.tree(binary())
    file = tree.part(root, "BinaryLetter", "BinaryObject")
    assert file is not None
    assert {tree.name(part): part.text for part in file} == {
        "ObjectIdentifier": "c39ea6b2605245e4a207415e0205ab6f",
        "ObjectCode": "billede",
        "ObjectExtensionCode": "pdf",
        "OriginalObjectSize": str(len(FILE)),
        "Object_Base64Encoded": base64.b64encode(FILE).decode(),
    }
    found = edifact.translate(binary())
    assert [one.body for one in found.attached] == [FILE]
    assert FILE not in found.without_files
    assert interchange(found.without_files).messages[0].segments[-2].tag == "UNP"


@pytest.mark.parametrize("length", [0, 5, len(FILE) - 1, len(FILE) + 1, 10**12])
def test_a_file_of_another_length_is_refused(length: int, edifact: Edifact) -> None:
    with pytest.raises(GatewayError) as told:
        edifact.translate(binary(length))
    assert told.value.where == "segment 21 (UNO) of the interchange"


def test_a_file_of_another_type_is_refused(edifact: Edifact) -> None:
    with pytest.raises(GatewayError) as told:
        edifact.translate(binary(kind="exe"))
    assert told.value.where.startswith("segment 20 (UNO), ")


def test_words_that_nothing_reads_are_noted(edifact: Edifact) -> None:
    message = [*email(), "FTX+AB+P00++Ord til en anden rubrik"]
    found = edifact.translate(enclosed(message))
    assert [(one.where, one.text) for one in found.findings] == [("segment 29 (FTX)", "nothing of FTX is read")]


def test_a_group_that_nothing_reads_is_noted(edifact: Edifact) -> None:
    message = [*email(), "S18+18", "RFF+XX:noget"]
    found = edifact.translate(enclosed(message))
    assert [(one.where, one.text) for one in found.findings] == [("segment 29 (S18)", "nothing of S18 is read")]
