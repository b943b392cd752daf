"""What municipal receivers answer, read by tables; and what is no answer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.identifier import CVR, Identifier
from gateway.domain.source import Source
from gateway.errors import (
    GatewayError,
    MissingField,
    RuleBroken,
    UnknownCode,
    UnknownMessage,
    UnknownSource,
    Unreadable,
)
from gateway.translate.answers import soap
from gateway.translate.answers.language import Answers
from gateway.translate.answers.table import read as read_table
from gateway.translate.oio.walk import read
from gateway.translate.rules.problems import MappingError, Problems

MAPPINGS = Path(__file__).parents[3] / "mappings"
TOWN = Source("town", "Prøve Kommune", "municipality", Identifier(CVR, "64942212"), "sf2900", ("64942212",))
SF2900, FASIT = Answers("sf2900", MAPPINGS, [TOWN]), Answers("fasit", MAPPINGS, [TOWN])
OF = "0c6f4f7e-2c0d-4b51-9d35-0a3d6f1c2b11"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")


def xml(name: str, **parts: str) -> bytes:
    inner = "".join(f"<{part}>{text}</{part}>" for part, text in parts.items() if text)
    return f'<{name} xmlns="urn:any">{inner}</{name}>'.encode()


def business(code: str = "20", of: str = OF, cvr: str = "64942212", **more: str) -> bytes:
    return xml("Forretningskvittering", TransaktionsId=of, ModtagendeMyndighedCVR=cvr, StatusKode=code, **more)


TWO = b'<s:Envelope xmlns:s="%s"><s:Body>%s%s</s:Body></s:Envelope>' % (
    ENVELOPES[0].encode(), business(), business("40"),
)  # fmt: skip


@pytest.mark.parametrize("namespace", ENVELOPES)
@pytest.mark.parametrize(
    ("code", "outcome"), [("20", "taken"), ("40", "fatal-error"), ("44", "fatal-error"), ("50", "transient-error")]
)
def test_a_technical_receipt_in_an_envelope(namespace: str, code: str, outcome: str) -> None:
    body = xml("TekniskKvittering", TransaktionsId=OF.upper(), StatusKode=code)
    told = SF2900.answered(
        b'<s:Envelope xmlns:s="%s"><s:Header/><s:Body>%s</s:Body></s:Envelope>' % (namespace.encode(), body)
    )
    assert told is not None
    assert (told.of, told.outcome) == (OF, outcome)


@pytest.mark.parametrize(
    ("code", "outcome"), [("20", "ok"), ("40", "fatal-error"), ("49", "fatal-error"), ("50", "transient-error")]
)
def test_a_business_receipt(code: str, outcome: str) -> None:
    found = SF2900.translate(business(code, f"urn:uuid:{OF}", StatusTekst="Sagen  er\nlukket"))
    assert found.receipt is not None
    assert (found.receipt.of, found.receipt.outcome) == (OF, outcome)
    assert found.receipt.text.endswith("Sagen er lukket")
    assert (found.citizen, found.statements, found.source) == ((), (), TOWN)
    again = SF2900.translate(business(code, f"urn:uuid:{OF}", StatusTekst="Sagen  er\nlukket"))
    assert again.fingerprint == found.fingerprint


def test_a_cpr_in_a_receiver_s_text_is_masked_and_a_long_text_cut() -> None:
    found = SF2900.translate(business("40", StatusTekst="CPR 251248-9996 " + "x" * 5000))
    assert found.receipt is not None
    assert "251248" not in found.receipt.text
    assert len(found.receipt.text) <= 500


@pytest.mark.parametrize(
    ("fault", "code", "outcome"),
    [
        ("<faultcode>s:Client</faultcode><faultstring>Nej</faultstring>", "Client", "fatal-error"),
        ("<faultcode>s:Server</faultcode><faultstring>Nej</faultstring>", "Server", "transient-error"),
        ("<Code><Value>s:Sender</Value></Code><Reason><Text>Nej</Text></Reason>", "Sender", "fatal-error"),
        ("<Code><Value>s:Receiver</Value></Code><Reason><Text>Nej</Text></Reason>", "Receiver", "transient-error"),
        ("", "", "transient-error"),
    ],
)
def test_faults_of_both_versions(fault: str, code: str, outcome: str) -> None:
    raw = f'<s:Envelope xmlns:s="{ENVELOPES[0]}"><s:Body><s:Fault>{fault}</s:Fault></s:Body></s:Envelope>'.encode()
    told = SF2900.answered(raw)
    assert told is not None
    assert told.outcome == outcome
    assert told.text.startswith(f"SOAP fault {code}".strip())


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", Unreadable),
        (b"<a>", Unreadable),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', GatewayError),
        (b"<a>" * 20_000, GatewayError),
        (xml("Journalnotat"), UnknownMessage),
        (xml("TekniskKvittering", TransaktionsId=OF, StatusKode="20"), UnknownMessage),
        (business(""), MissingField),
        (business(of=""), MissingField),
        (business(cvr=""), MissingField),
        (business(cvr="11259979"), UnknownSource),
        (business("99"), UnknownCode),
        (TWO, RuleBroken),
    ],
)
def test_what_is_no_business_receipt_is_refused_with_its_place(raw: bytes, error: type[GatewayError]) -> None:
    with pytest.raises(error) as told:
        SF2900.translate(raw)
    answer = read(SF2900.refuse(raw, told.value, NOW))
    assert answer.first("Body", "Fault", "faultcode") is not None
    if error is MissingField:
        assert told.value.where.startswith("Forretningskvittering/")


def test_fasit_answers_as_oio_does() -> None:
    accepted = FASIT.answered(xml("StandardRetur", StatusKode="20"))
    assert accepted is not None
    assert accepted.outcome == "ok"
    refused = FASIT.answered(xml("StandardRetur", StatusKode="40", FejlbeskedTekst="Part mangler"))
    assert refused is not None
    assert FASIT.answered(xml("OpretSvar", Id="7")) is None, "the HTTP status says that it was taken"
    assert (refused.outcome, refused.text) == ("fatal-error", "FASIT afviste dokumentet. Part mangler")
    with pytest.raises(UnknownMessage):
        FASIT.translate(xml("StandardRetur", StatusKode="20"))


def test_explain_names_the_table_s_line() -> None:
    rows = {row.target: row for row in SF2900.explain(business(Andet="x")).rows}
    assert rows["receipt.of"].fields == ("TransaktionsId",)
    assert rows["receipt.of"].rule.startswith("mappings/sf2900/receipts.csv:")
    assert [one.field for one in SF2900.explain(business(Andet="x")).unread] == ["Forretningskvittering/Andet"]


def test_an_envelope_says_which_message_it_is() -> None:
    document = read(soap.enveloped(b'<?xml version="1.0"?><a xmlns="urn:x">\xc3\xa6</a>', OF, "urn:do"))
    assert document.said("Header", "MessageID") == f"urn:uuid:{OF}"
    assert document.said("Header", "Action") == "urn:do"
    assert document.said("Body", "a") == "æ"


def test_every_fault_of_the_tables_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "receipts.csv").write_text(
        "receipt,part,elements,why\nbusiness,root,A,\nbusiness,root,B,\nbusines,code,C,\nbusiness,text,,\n", "utf-8"
    )
    (tmp_path / "outcomes.csv").write_text("receipt,code,outcome,text\nbusiness,1,fine,\nbusiness,,ok,\n", "utf-8")
    problems = Problems()
    read_table(tmp_path, problems)
    with pytest.raises(MappingError):
        problems.check()
    told = "\n".join(problem.text for problem in problems.found)
    for fault in (
        "business root needs one line",
        "did you mean business",
        "did you mean",
        "business has no of",
        "a code needs",
    ):
        assert fault in told
