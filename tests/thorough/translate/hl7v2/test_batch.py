"""Batches: every message by itself, answered as a batch; what is wrong with the batch itself is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.hl7v2.batch import Batch, batch
from gateway.translate.hl7v2.header import read

NOW = datetime(2025, 3, 14, 9, 30, 16, tzinfo=UTC)
FHS = "FHS|^~\\&|SP|REGH|GW|KK|20250314||||F-1|"
BHS = "BHS|^~\\&|SP|REGH|GW|KK|20250314||||B-1|"
ONE = "MSH|^~\\&|SP|REGH|GW|KK|2025||ADT^A01|1|P|2.5\rPID|1"
TWO = "MSH$:;!%$SP$REGH$GW$KK$2025$$ADT:A01$2$P$2.5\rPID$1"


def made(*lines: str, end: str = "\r") -> Batch:
    found = batch(end.join(lines).replace("\r", end).encode("latin-1"))
    assert found is not None
    return found


def answered(found: Batch, *answers: bytes) -> list[str]:
    return found.answer(answers, NOW).decode("latin-1").split("\r")[:-1]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize(
    "lines",
    [
        (FHS, BHS, ONE, TWO, "BTS|2", "FTS|1"),
        (BHS, ONE, TWO, "BTS|2"),
        (BHS, ONE, TWO, "BTS"),
        (FHS, ONE, TWO, "FTS|2"),
        (FHS, BHS, ONE, "BTS|1", BHS, TWO, "BTS|1", "FTS|2"),
        ("\ufeff"[:0] + BHS, ONE, TWO, "BTS$2"),
        (BHS.lower(), ONE, TWO, "bts|2"),
    ],
)
def test_messages_are_the_bytes_that_came(lines: tuple[str, ...], end: str) -> None:
    found = made(*lines, end=end)
    assert [one.strip() for one in found.messages] == [m.replace("\r", end).encode() for m in (ONE, TWO)]
    assert found.problems == []
    assert read(found.messages[1]).field(10) == "2"


def test_single_messages_are_no_batch() -> None:
    for raw in (ONE.encode(), b"", b"BTS|1", b"\xff\xff", b"{}", b"PID|BHS"):
        assert batch(raw) is None


def test_a_batch_after_a_byte_order_mark_is_one() -> None:
    found = batch(b"\xef\xbb\xbf\r\n" + f"{BHS}\r{ONE}\rBTS|1".encode())
    assert found is not None
    assert len(found.messages) == 1


def test_the_marks_of_mllp_around_a_batch_are_no_part_of_it() -> None:
    found = batch(b"\x0b" + f"{BHS}\r{ONE}\rBTS|1".encode() + b"\r\x1c\r")
    assert found is not None
    assert found.problems == []
    assert [read(one).field(10) for one in found.messages] == ["1"]


def test_the_answer_is_a_batch_of_its_own_that_refers_to_the_first() -> None:
    answer = answered(made(FHS, BHS, ONE, TWO, "BTS|2", "FTS|1"), b"MSH|1\rMSA|AA|1\r", b"MSH|2\rMSA|AE|2")
    assert [line[:3] for line in answer] == ["FHS", "BHS", "MSH", "MSA", "MSH", "MSA", "BTS", "FTS"]
    for line, identity in ((answer[0], "F-1"), (answer[1], "B-1")):
        fields = line.split("|")
        assert fields[2:6] == ["GW", "KK", "SP", "REGH"]
        assert fields[11] == identity, "reference to the batch that is answered"
        assert fields[10] not in ("", identity)
    assert answer[-2:] == ["BTS|2", "FTS|1"]


@pytest.mark.parametrize("lines", [(FHS, ONE, TWO, "FTS|2"), (FHS, "FTS|0"), (FHS, BHS, ONE, TWO, "BTS|2", "FTS|1")])
def test_the_counts_of_an_answer_hold_for_whoever_reads_it_as_it_reads_others(lines: tuple[str, ...]) -> None:
    asked = made(*lines)
    assert asked.problems == []
    assert made(*answered(asked, *(b"MSH|^~\\&|GW\rMSA|AA|1\r" for _ in asked.messages))).problems == []


def test_the_envelope_is_answered_in_its_own_delimiters() -> None:
    answer = answered(made("BHS$:;!%$SP$REGH$GW$KK$2025$$$$B-1", ONE, "BTS$3"), b"MSH|1\r")
    assert answer[0].startswith("BHS$:;!%$GW$KK$SP$REGH$")
    assert answer[-1].startswith("BTS$2$BTS-1 is not the number")


def test_who_wants_no_acknowledgements_gets_no_batch() -> None:
    assert made(BHS, ONE, TWO, "BTS|2").answer([b"", b""], NOW) == b""
    assert answered(made(BHS, ONE, TWO, "BTS|2"), b"", b"MSH|2\r")[-1] == "BTS|1"


def test_an_empty_batch_is_answered_by_an_empty_one() -> None:
    assert [line[:5] for line in answered(made(BHS, "BTS|0"))] == ["BHS|^", "BTS|0"]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ((BHS, ONE, "BTS|2"), "BTS^1^1"),
        ((BHS, ONE, "BTS|many"), "BTS^1^1"),
        ((BHS, ONE, "BTS|99999999999999999999"), "BTS^1^1"),
        ((FHS, BHS, ONE, "BTS|1", "FTS|2"), "FTS^1^1"),
        ((BHS, ONE), "BTS^1"),
        ((FHS, BHS, ONE, "BTS|1"), "FTS^1"),
        ((BHS, "PID|1", ONE, "BTS|1"), "BHS^1"),
        ((BHS, ONE, "BTS|1", "FTS|1"), "FTS^1"),
        ((FHS, ONE, "BTS|1", "FTS|1"), "BTS^1"),
        ((BHS, ONE, "BTS|1", "BHS", ONE, "BTS|1"), "BHS^1^2"),
    ],
)
def test_what_is_wrong_with_the_batch_is_told_and_sinks_no_message(lines: tuple[str, ...], place: str) -> None:
    found = made(*lines)
    assert ONE.encode() in [one.strip() for one in found.messages]
    assert [where for where, _ in found.problems] == [place]
    answer = answered(found, *[b"MSH|1\rMSA|AA|1\r" for _ in found.messages])
    about = next(line for line in answer if line.startswith("MSA|AE"))
    assert about.split("|")[2] in ("B-1", "F-1")
    error = next(line for line in answer if line.startswith("ERR")).split("|")
    assert error[2] == place
    assert error[3] == "100^Segment sequence error^HL70357"
    assert sum(line.startswith("MSA|AA") for line in answer) == len(found.messages)


def test_header_values_cannot_break_the_answer() -> None:
    answer = answered(made("BHS|^~\\&|S\x0bP|RE\x1cGH|||||||" + "x" * 9000 + "|", ONE, "BTS|7"), b"MSH|1\r")
    assert not {"\x0b", "\x1c"} & set("".join(answer))
    assert len("".join(answer)) < 1000


@given(st.lists(st.sampled_from([FHS, BHS, ONE, TWO, "BTS|1", "FTS|1", "PID|1", "", "BHS", "FTS", "\x00", "MSH"])))
def test_any_lines_give_an_answer_and_lose_no_message(lines: list[str]) -> None:
    raw = "\r".join([BHS, *lines]).encode()
    found = batch(raw)
    assert found is not None
    assert len(found.messages) == sum(line.startswith("MSH") for line in lines)
    answer = found.answer([b"MSH|a\r" for _ in found.messages], NOW)
    assert answer.startswith((b"BHS", b"FHS"))


@given(st.binary(max_size=300))
def test_any_bytes_after_a_header_are_answered(noise: bytes) -> None:
    found = batch(b"BHS|" + noise)
    assert found is not None
    assert found.answer([b"" for _ in found.messages], NOW) is not None
