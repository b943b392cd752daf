"""Acknowledgements that come to us: what they say of what was sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, Unreadable
from gateway.translate.hl7v2.receipt import receipt
from tests.translate.hl7v2.ward import language, msh, raw

ACK = msh("A01", {9: "ACK^A01^ACK"})


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("AA", "ok"),
        ("CA", "taken"),
        ("AE", "fatal-error"),
        ("CE", "fatal-error"),
        ("AR", "transient-error"),
        ("CR", "transient-error"),
        ("aa", "ok"),
    ],
)
def test_the_codes_of_table_0008(code: str, outcome: str) -> None:
    found = receipt(raw(ACK, f"MSA|{code}|M-17"))
    assert (found.of, found.outcome, found.text) == ("M-17", outcome, "")


@pytest.mark.parametrize(
    "err", ["ERR||MSH^1^9|200^Unsupported message type^HL70357|E", "ERR|MSH^1^9^201&Unsupported event code&HL70357"]
)
def test_what_is_not_supported_will_not_be_so_the_next_time(err: str) -> None:
    assert receipt(raw(ACK, "MSA|AR|M1", err)).outcome == "fatal-error"


def test_the_text_stands_in_msa_or_err() -> None:
    assert receipt(raw(ACK, "MSA|AE|M1|no such ward")).text == "no such ward"
    assert receipt(raw(ACK, "MSA|AE|M1", "ERR||PID^1|103|E|||diagnosis|for the user")).text == "for the user"
    assert receipt(raw(ACK, "MSA|AE|M1", "ERR||PID^1|103|E|||diagnosis")).text == "diagnosis"
    assert len(receipt(raw(ACK, "MSA|AE|M1|" + "x" * 9000)).text) == 500


def test_delimiters_line_ends_and_characters_are_the_sender_s() -> None:
    message = "MSH$:;!%$A$B$C$D$2025$$ACK$1$P$2.5$$$$$$8859/1\nmsa$AE$M1$Må ikke".encode("latin-1")
    assert receipt(message).text == "Må ikke"
    undeclared = b"MSH|^~\\&|A|B|C|D|2025||ACK|1|P|2.5\rMSA|AE|M1|M\xe5 ikke"
    assert receipt(undeclared).of == "M1"


@pytest.mark.parametrize("message", [b"", b"MSA|AA|1", raw(ACK), raw(ACK, "MSA|ZZ|1"), raw(ACK, "MSA")])
def test_what_is_no_acknowledgement_says_nothing(message: bytes) -> None:
    with pytest.raises(Unreadable):
        receipt(message)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_receipt_or_a_clear_error(noise: bytes) -> None:
    for message in (noise, raw(ACK) + noise, raw(ACK, "MSA|AA|") + noise):
        try:
            found = receipt(message)
        except GatewayError:
            continue
        assert found.outcome in ("ok", "taken", "fatal-error", "transient-error")


def test_one_that_comes_by_itself_is_a_receipt_and_nothing_else() -> None:
    found = language().translate(raw(ACK, "MSA|AA|M-17"))
    assert found.receipt is not None
    assert (found.receipt.of, found.receipt.outcome) == ("M-17", "ok")
    assert (found.source.id, found.message_id, found.statements, found.citizen) == ("regh", "M1", (), ())
