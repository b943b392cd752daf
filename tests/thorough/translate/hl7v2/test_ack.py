"""Acknowledgements: addressed, in the sender's characters, with place and code, and never with a value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import errors
from gateway.errors import GatewayError, MissingField, Unavailable, UnknownEvent
from gateway.translate.hl7v2 import ack
from gateway.translate.hl7v2.header import read
from tests.translate.hl7v2.ward import adt, language, msh, pid, pv1, raw

NOW = datetime(2025, 3, 14, 9, 30, 16, tzinfo=UTC)
GOOD = adt()


def lines(answer: bytes) -> list[list[str]]:
    assert answer.endswith(b"\r")
    return [line.split("|") for line in answer.decode("latin-1")[:-1].split("\r")]


def test_a_positive_answer_is_addressed_to_the_sender() -> None:
    (msh, msa) = lines(language().accept(GOOD, NOW))
    assert msh[2:6] == ["GW", "KK", "SP", "REGH"]
    assert msh[6] == "20250314093016+0000"
    assert msh[8] == "ACK^A01^ACK"
    assert msh[10:12] == ["P", "2.5"]
    assert msh[17] == "UNICODE UTF-8"
    assert msa == ["MSA", "AA", "A01-"]


def test_it_has_a_control_id_of_its_own_that_is_the_same_for_the_same_message() -> None:
    one = lines(language().accept(GOOD, NOW))[0][9]
    assert one == lines(language().accept(GOOD, NOW))[0][9]
    assert one != lines(language().accept(adt("A08"), NOW))[0][9]
    assert len(one) == 20
    assert one != "A01-"


def test_a_note_is_told_as_information() -> None:
    answer = lines(language().accept(GOOD, NOW, note="received before"))
    assert answer[2] == ["ERR", "", "", "0^Message accepted^HL70357", "I", "", "", "received before"]


def test_a_negative_answer_tells_place_and_code() -> None:
    error = MissingField("The visit has no number", where="PV1^1^19")
    answer = lines(language().refuse(GOOD, error, NOW))
    assert answer[1] == ["MSA", "AE", "A01-"]
    assert answer[2][:6] == ["ERR", "", "PV1^1^19", "101^Required field missing^HL70357", "E", ""]
    assert answer[2][7] == answer[2][8]
    assert answer[2][7].startswith("The visit has no number at PV1")


def kinds() -> list[type[GatewayError]]:
    found: list[type[GatewayError]] = []
    todo: list[type[GatewayError]] = [GatewayError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo += kind.__subclasses__()
    return [kind for kind in found if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_failure_has_its_answer(kind: type[GatewayError]) -> None:
    answer = lines(language().refuse(GOOD, kind(), NOW))
    assert answer[1][1] == kind.ack
    assert answer[2][3] == f"{kind.condition}^{ack.CONDITIONS[kind.condition]}^HL70357"


def test_a_transient_failure_may_be_sent_again() -> None:
    assert lines(language().refuse(GOOD, Unavailable(), NOW))[1][1] == "AR"


def test_before_2_5_the_place_stands_in_err_1_and_the_text_in_msa_3() -> None:
    old = adt().replace(b"|2.5|", b"|2.3|")
    answer = lines(language().refuse(old, MissingField(where="PID^1^3"), NOW))
    assert answer[1][:3] == ["MSA", "AE", "A01-"]
    assert "required field" in answer[1][3]
    assert answer[2] == ["ERR", "PID^1^3^101&Required field missing&HL70357"]
    assert lines(language().accept(old, NOW, note="received before"))[1] == ["MSA", "AA", "A01-", "received before"]


@pytest.mark.parametrize(
    ("version", "recent"), [("2.5", True), ("2.5.1", True), ("2.8", True), ("2.4", False), ("", True)]
)
def test_the_form_follows_the_version(version: str, recent: bool) -> None:
    message = adt().replace(b"|2.5|", f"|{version}|".encode())
    answer = lines(language().refuse(message, MissingField(where="PID^1^3"), NOW))
    assert (answer[2][1] == "") == recent
    assert answer[0][11] == (version or "2.5")


def test_what_has_no_place_in_the_message_has_no_location() -> None:
    error = UnknownEvent(where="mappings/hl7v2/lifecycle.csv:3")
    assert lines(language().refuse(GOOD, error, NOW))[2][2] == ""


def test_the_answer_is_in_the_sender_s_characters_and_delimiters() -> None:
    message = "MSH$:;!%$SØ:1.2:ISO$RÅ$GW$KK$2025$$ADT:A03$Æ1$P$2.5$$$$$$8859/1\rPID$1".encode("latin-1")
    answer = language().refuse(message, MissingField(where="PID^1^3"), NOW)
    parts = [line.split("$") for line in answer.decode("latin-1")[:-1].split("\r")]
    assert parts[0][1] == ":;!%"
    assert parts[0][4:6] == ["SØ:1.2:ISO", "RÅ"]
    assert parts[0][8] == "ACK:A03:ACK"
    assert parts[1][2] == "Æ1"
    assert parts[2][2:4] == ["PID:1:3", "101:Required field missing:HL70357"]


def test_our_own_text_is_escaped() -> None:
    answer = lines(language().refuse(GOOD, MissingField("Usual: |^~\\& in æ", where="MSH^1^2"), NOW))
    assert answer[2][7].startswith(r"Usual: \F\\S\\R\\E\\T\ in ae")


@pytest.mark.parametrize("garbage", [b"", b"\x00", b"\xff" * 40, b"PID|1", b"MSH", b"MSH|", b"{}", b"\x0b\x1c\r"])
def test_garbage_gets_a_minimal_answer(garbage: bytes) -> None:
    try:
        read(garbage)
    except GatewayError as error:
        answer = lines(language().refuse(garbage, error, NOW))
    assert answer[0][:2] == ["MSH", "^~\\&"]
    assert answer[0][8] == "ACK"
    assert answer[1] == ["MSA", "AE"]
    assert answer[2][3].endswith("^HL70357")


def test_header_fields_cannot_break_the_frame_of_the_answer() -> None:
    message = b"MSH|^~\\&|S\x0bP|RE\x1cGH|||||ADT^A01|M\x001|P|2.5\rPID|1"
    answer = language().accept(message, NOW)
    assert not {0x0B, 0x1C, 0x00} & set(answer)
    assert lines(answer)[1][2] == "M1"


def test_a_control_id_of_a_megabyte_is_not_sent_back() -> None:
    message = b"MSH|^~\\&|SP|REGH|||||ADT^A01|" + b"x" * 60_000 + b"|P|2.5\r"
    assert len(language().accept(message, NOW)) < 400


def test_no_value_of_the_message_is_told() -> None:
    for message in (
        raw(msh(), pid({3: "UKENDT^^^CPR&1.2.208.176.1.2&ISO"}), pv1()),
        raw(msh(), pid({7: "secret-date"}), pv1()),
        raw(msh("Q99"), pid(), pv1()),
        raw(msh(), pid(), pv1({19: "", 44: "secret-date"})),
        raw(msh(), pid({5: "Secret^Name"}), pv1(), "SECRETLINE"),
    ):
        with pytest.raises(GatewayError) as caught:
            language().translate(message)
        told = language().refuse(message, caught.value, NOW).decode().lower()
        assert "secret" not in told
        assert "ukendt" not in told
        assert "q99" not in told.split("\r")[2]


@given(st.binary(max_size=300), st.text(max_size=60), st.text(max_size=30))
def test_any_bytes_get_an_answer_that_can_be_read(message: bytes, text: str, where: str) -> None:
    for answer in (
        language().accept(message, NOW, note=text),
        language().refuse(message, MissingField(text, where=where), NOW),
    ):
        header = read(answer)
        assert header.part(9) == "ACK"
        assert answer.split(b"\r")[1].startswith(b"MSA")
        assert not {0x0B, 0x1C} & set(answer)
