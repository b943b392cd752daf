"""Nothing that a value holds can end a segment, a field or a frame; what hl7apy's tables do not have is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.translate.hl7v2 import charset, header
from gateway.translate.hl7v2.parse import Message, parse
from gateway.translate.hl7v2.write.message import Envelope, Field, Formatted, message_id, spelled, written

ENVELOPE = Envelope("M1", datetime(2025, 3, 14, 9, tzinfo=UTC), receiver=("SP", "REGH"))
HOSTILE = ["\r", "\n", "\x0b", "\x1c\r", "|", "^", "~", "&", "\\", "\x85", "\u2028", "\x00", '""', "\\X0D\\", "\\.br\\"]
VALUES = st.text(max_size=30) | st.lists(st.sampled_from([*HOSTILE, "PID|", "æ", " "]), max_size=8).map("".join)


def message(name: Field, text: str = "Brev") -> bytes:
    return written(
        ("MDM", "T02", "MDM_T02"),
        ENVELOPE,
        [
            ("EVN", {2: "20250314"}),
            ("PID", {3: [("2512489996", "", "", ("", "1.2.208.176.1.2", "ISO"), "NNDNK")], 5: [name]}),
            ("PV1", {2: "N"}),
            ("TXA", {1: "1", 2: "DS", 3: "TX", 12: ("D-1", "HGH"), 17: "AU"}),
            ("OBX", {1: "1", 2: "FT", 3: ("DOC", "Brev"), 4: "1", 5: Formatted(text), 11: "F"}),
        ],
        "2.7",
    )


def read(raw: bytes) -> Message:
    head = header.read(raw)
    return parse(*charset.decode(raw, head, "")[:1], head, "utf-8")


def test_the_header_says_who_what_and_when() -> None:
    first = message(("Eksempelsen", "Åse")).split(b"\r")[0].decode()
    assert (
        first
        == "MSH|^~\\&|FAELLESPLAN|GATEWAY|SP|REGH|20250314090000+0000||MDM^T02^MDM_T02|M1|P|2.7||||||UNICODE UTF-8"
    )


@given(VALUES)
def test_any_name_stays_in_its_field(value: str) -> None:
    raw = message((value, "Åse"))
    found = read(raw)
    assert [segment.name for segment in found.segments] == ["MSH", "EVN", "PID", "PV1", "TXA", "OBX"]
    assert found.value("PID", 5, 2) == "Åse"
    assert raw.count(b"\r") == 6
    assert not {0x0B, 0x1C, 0x0A} & set(raw)


@given(VALUES)
def test_any_text_reads_as_it_was_without_its_control_characters(value: str) -> None:
    found = read(message(("A", "B"), f"x{value}x"))
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    said = "".join(
        " " if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029") else c for c in lines
    )
    assert found.value("OBX", 5) == f"x{said}x"
    assert len(found.segments) == 6


@pytest.mark.parametrize(
    ("part", "spelling"),
    [
        ("a|b^c&d~e\\f", r"a\F\b\S\c\T\d\R\e\E\f"),
        (("a", ("b", "c&d"), ""), r"a^b&c\T\d"),
        ("en\r\nto", "en to"),
        (Formatted("en\r\nto\nre"), r"en\.br\to\.br\re"),
        ('""', ""),
        ("\x0bMSH|\x1c\r", "MSH\\F\\"),
    ],
)
def test_spelling(part: object, spelling: str) -> None:
    assert spelled(part) == spelling  # type: ignore[arg-type]


def test_what_the_tables_do_not_have_is_refused_without_its_values() -> None:
    with pytest.raises(BadRequest) as refused:
        written(("MDM", "T02", "MDM_T02"), ENVELOPE, [("PID", {5: "Hemmelig"})], "2.7")
    assert "Hemmelig" not in refused.value.told()
    with pytest.raises(BadRequest):
        written(("MDM", "T02", "MDM_T02"), ENVELOPE, [("ZZZ", {1: "x"})], "2.7")


def test_the_same_content_has_the_same_number() -> None:
    assert message_id("a", "b") == message_id("a", "b") != message_id("ab")
    assert len(message_id("a")) == 20
