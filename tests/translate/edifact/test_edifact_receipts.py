"""Receipts in and out: what they say, when there is none, that they name the place and can be read again."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from gateway.errors import GatewayError, RuleBroken, Unavailable, UnknownSource
from gateway.translate import vans
from gateway.translate.edifact.answers import joined
from gateway.translate.edifact.interchange import interchange, parts
from gateway.translate.edifact.language import Edifact
from gateway.translate.oioxml import tree
from tests.translate.edifact.interchanges import HOSPITAL, MUNICIPALITY, admission, discharge, email, enclosed, receipt

NOW = datetime(2025, 3, 14, 9, 20, tzinfo=UTC)


def segments(content: bytes) -> list[str]:
    return [line.rstrip("'") for line in content.decode("latin-1").splitlines()]


def test_a_receipt_of_what_was_sent(edifact: Edifact) -> None:
    found = edifact.translate(enclosed(receipt(), asked="0"))
    assert found.receipt is not None
    assert (found.receipt.of, found.receipt.outcome) == ("LETTER9", "ok")
    assert found.statements == ()


@pytest.mark.parametrize(("version", "kind"), [("C0230Q", "CTL02"), ("C0130Q", "CTL01")])
def test_a_refusal_of_what_was_sent(version: str, kind: str, edifact: Edifact) -> None:
    told = receipt(version, kind, "4", "FTX+VER+P00++Brevet kan ikke \\:modtages?: forkert version")
    found = edifact.translate(enclosed(told, asked="0"))
    assert found.receipt is not None
    assert (found.receipt.of, found.receipt.outcome) == ("LETTER9", "fatal-error")
    assert found.receipt.text == "problem_med_version\nBrevet kan ikke modtages: forkert version"


def test_a_refusal_of_the_whole_envelope(edifact: Edifact) -> None:
    told = receipt("C0130Q", "CTL01", "4")
    told[2:] = ["FTX+LOK+P00++Ukendt modtager"]
    found = edifact.translate(enclosed(told))
    assert found.receipt is not None
    assert found.receipt.of == "ENV9"
    assert found.receipt.outcome == "fatal-error"


@pytest.mark.parametrize("version", ["C0130Q", "C0230Q", "C0330Q"])
def test_a_receipt_is_never_answered(version: str, edifact: Edifact) -> None:
    content = enclosed(receipt(version), asked="1")
    assert edifact.accept(content, NOW) == b""
    assert edifact.refuse(content, RuleBroken(), NOW) == b""


def test_a_positive_receipt_where_one_is_asked_for(edifact: Edifact) -> None:
    answer = edifact.accept(enclosed(admission(), asked="1"), NOW)
    own = interchange(answer).header.said(5)
    assert segments(answer) == [
        "UNA:+.? ",
        f"UNB+UNOC:3+{MUNICIPALITY}:14+{HOSPITAL}:14+250314:1020+{own}",
        f"UNH+{own}+CONTRL:D:93A:ZZ:C0330Q+CTL03",
        f"UCI+ENV1+{HOSPITAL}:14+{MUNICIPALITY}:14+7",
        "UCM+BREV1+MEDDIS:D:93A:UN:D2030C+7",
        f"UNT+4+{own}",
        f"UNZ+1+{own}",
    ]
    again = edifact.translate(answer)
    assert again.receipt is not None
    assert (again.receipt.of, again.receipt.outcome) == ("BREV1", "ok")


@pytest.mark.parametrize("asked", ["0", ""])
def test_no_positive_receipt_where_none_is_asked_for(asked: str, edifact: Edifact) -> None:
    assert edifact.accept(enclosed(admission(), asked=asked), NOW) == b""


def test_a_refusal_names_letter_segment_and_reason(edifact: Edifact) -> None:
    content = enclosed(admission(citizen="12"), asked="0")
    with pytest.raises(GatewayError) as failed:
        edifact.translate(content)
    answer = edifact.refuse(content, failed.value, NOW)
    assert "UCM+BREV1+MEDDIS:D:93A:UN:D2030C+4" in segments(answer)
    found = edifact.translate(answer).receipt
    assert found is not None
    assert found.outcome == "fatal-error"
    assert "ten digits at segment 18 (PNA), PNA-2.1" in found.text.replace("\n", " ")


def test_what_may_pass_is_to_be_sent_again(edifact: Edifact) -> None:
    found = edifact.translate(edifact.refuse(enclosed(admission()), Unavailable(), NOW)).receipt
    assert found is not None
    assert "send again" in found.text


def test_an_unknown_sender_is_told_so(edifact: Edifact) -> None:
    answer = edifact.refuse(enclosed(admission()), UnknownSource(hint="Register: it + 'now'?"), NOW)
    root = edifact.tree(answer)
    assert (
        tree.said(root, "NegativeReceipt", "OriginalEmessage", "OriginalLetter", "RefuseCode")
        == "ukendt_lokationsnummer"
    )
    text = tree.said(root, "NegativeReceipt", "OriginalEmessage", "OriginalLetter", "RefuseText")
    assert "Register: it + 'now'?" in text.replace("\n", " ")


GARBAGE = [
    b"",
    b"UNA",
    b"UNB",
    b"\0" * 100,
    b"\xff\xfe\xfd",
    b"UNB+UNOC:3'",
    b"UNA''''''UNB+UNOC:3+1:14+2:14'",
    b"UNB+UNOC:3+" + b"9" * 5000 + b":14+2:14+250101:1200+R'UNH+" + b"x" * 300 + b"+MEDDIS:D:93A:UN:Z\x00\x01'",
    b"UNB+UNOC:3+a?'b:14+2:14+250101:1200+R?+1++++1'UNH+?:?+?'+MEDDIS:D:93A:UN:D9134L'",
    b"UNB+UNOC:3+1:14+2:14+250101:1200+R'" + b"UNH+1'" * 500,
    "UNB+UNOY:3+æ:14+ø:14+250101:1200+日本'UNH+日+MEDDIS:D:93A:UN:D2030C'".encode(),
]


@pytest.mark.parametrize("content", GARBAGE)
def test_whatever_came_gets_a_receipt_that_can_be_read(content: bytes, edifact: Edifact) -> None:
    answer = edifact.refuse(content, RuleBroken("Something: is + 'wrong'?", where="UNB-5"), NOW)
    assert interchange(answer).messages[0].fault is None
    found = edifact.translate(answer).receipt
    assert found is not None
    assert found.outcome == "fatal-error"


def test_what_looks_like_a_letter_in_a_file_is_none(edifact: Edifact) -> None:
    message = [one.replace("D9134L+DIS91", "B0131X+BIN01") for one in email()[:19]]
    inside = b"'UNH+FALSK+MEDDIS:D:93A:UN:D2030C+DIS20'"
    content = enclosed([*message, f"UNO+1+OBJ:c39e+billede:pdf++{len(inside)}", "UNP+1+1"])
    content = content.replace(f"++{len(inside)}'\r\n".encode(), f"++{len(inside)}'".encode() + inside)
    assert [one for one in segments(edifact.accept(content, NOW)) if one.startswith("UCM")] == [
        "UCM+BREV3+MEDBIN:D:93A:UN:B0131X+7"
    ]


def test_a_letter_in_an_envelope_is_answered_in_one(edifact: Edifact) -> None:
    content = enveloped(enclosed(admission()))
    assert edifact.translate(content).message_id == f"{HOSPITAL}#BREV1"
    opened = vans.opened(edifact.accept(content, NOW))
    assert opened.envelope is not None
    assert opened.envelope.sender.value == MUNICIPALITY
    assert edifact.translate(opened.content).receipt is not None


# --- several letters, several answers


def test_the_answers_of_all_letters_are_one_interchange(edifact: Edifact) -> None:
    whole = enclosed(admission(), discharge(), email())
    first, second, third = parts(whole)
    answers = [edifact.accept(first, NOW), edifact.refuse(second, RuleBroken(), NOW), edifact.accept(third, NOW)]
    found = interchange(joined(whole, answers, NOW))
    assert [one.version for one in found.messages] == ["C0330Q", "C0230Q", "C0330Q"]
    assert [one.fault for one in found.messages] == [None, None, None]
    assert len({one.reference for one in found.messages}) == 3
    told = [edifact.translate(one).receipt for one in parts(joined(whole, answers, NOW))]
    assert [one and (one.of, one.outcome) for one in told] == [
        ("BREV1", "ok"),
        ("BREV2", "fatal-error"),
        ("BREV3", "ok"),
    ]


def test_nothing_to_tell_is_nothing(edifact: Edifact) -> None:
    whole = enclosed(admission(), email(), asked="0")
    assert joined(whole, [edifact.accept(one, NOW) for one in parts(whole)], NOW) == b""


def test_the_same_letter_in_the_same_envelope_is_told_the_same(edifact: Edifact) -> None:
    whole = enclosed(admission())
    before = edifact.accept(whole, NOW)
    assert joined(whole, [before], datetime(2025, 3, 15, tzinfo=UTC)) == before


def test_the_same_letter_in_a_new_envelope_is_told_the_same_of_that_one(edifact: Edifact) -> None:
    before = edifact.accept(enclosed(admission()), NOW)
    answer = joined(enclosed(admission(), reference="ENV2"), [before], datetime(2025, 3, 15, 12, 0, tzinfo=UTC))
    assert f"UCI+ENV2+{HOSPITAL}:14+{MUNICIPALITY}:14+7" in segments(answer)
    assert "UCM+BREV1+MEDDIS:D:93A:UN:D2030C+7" in segments(answer)
    assert "250315:1300" in segments(answer)[1]


def test_letters_in_an_envelope_are_answered_in_one(edifact: Edifact) -> None:
    whole = enveloped(enclosed(admission(), email()))
    answer = joined(whole, [edifact.accept(one, NOW) for one in parts(whole)], NOW)
    opened = vans.opened(answer)
    assert opened.envelope is not None
    assert len(interchange(opened.content).messages) == 2


def enveloped(content: bytes) -> bytes:
    return f"""<VANSEnvelope xmlns="{vans.NAMESPACE}">
    <SenderID EndPointType="EAN">{HOSPITAL}</SenderID><ReceiverID EndPointType="EAN">{MUNICIPALITY}</ReceiverID>
    <EnvelopeIdentifier>6f1f2f4e-0000-4000-8000-000000000001</EnvelopeIdentifier>
    <SentDateTime>2025-03-14T10:15:00+01:00</SentDateTime>
    <Message><MetaInformation><Identifier>1</Identifier><Document><Format>EDIFACT</Format><Name>DIS20</Name>
    <SizeInBytes>{len(content)}</SizeInBytes></Document></MetaInformation>
    <Data>{base64.b64encode(content).decode()}</Data></Message></VANSEnvelope>""".encode()
