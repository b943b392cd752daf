"""The MSH line before its character set is known."""

from __future__ import annotations

import pytest

from gateway.errors import Unreadable
from gateway.translate.hl7v2.header import read


def test_fields_are_numbered_as_in_the_standard() -> None:
    header = read(b"MSH|^~\\&|SP^1.2^ISO|REGH|GW|KK|20250314||ADT^A01^ADT_A01|M1|P|2.5\rPID|1")
    assert header.field(1) == "|"
    assert header.field(2) == "^~\\&"
    assert (header.part(3), header.part(3, 2), header.part(4)) == ("SP", "1.2", "REGH")
    assert (header.part(9, 1), header.part(9, 2), header.part(9, 3), header.part(9, 4)) == ("ADT", "A01", "ADT_A01", "")
    assert (header.field(12), header.field(18), header.part(18)) == ("2.5", "", "")


def test_the_truncation_mark_of_later_versions_is_a_delimiter() -> None:
    assert read(b"MSH|^~\\&#|A").delimiters.truncation == "#"


def test_delimiters_come_from_the_message() -> None:
    header = read(b"MSH*:;!%*SP:X;Y*REGH")
    marks = header.delimiters
    assert (marks.field, marks.component, marks.repetition) == ("*", ":", ";")
    assert (marks.escape, marks.subcomponent) == ("!", "%")
    assert header.part(3) == "SP"


def test_a_sender_may_leave_delimiters_out() -> None:
    header = read(b"MSH|^|SP~X^Y|REGH")
    assert header.part(3) == "SP~X"
    assert header.delimiters.repetition == ""


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\r\n", b" \t\n", b"\xef\xbb\xbf\r\n", b"\x0b", b"\r\n\x0b"])
def test_a_byte_order_mark_blank_lines_and_the_mark_of_mllp_may_come_first(start: bytes) -> None:
    assert read(start + b"MSH|^~\\&|SP\rPID|").part(3) == "SP"


def test_a_header_in_small_letters_is_a_header() -> None:
    assert read(b"msh|^~\\&|SP").part(3) == "SP"


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_the_line_ends_at_any_line_end(end: bytes) -> None:
    assert read(b"MSH|^~\\&|SP|REGH" + end + b"PID|1").part(4) == "REGH"


def test_every_byte_comes_back_as_it_was() -> None:
    name = bytes(code for code in range(128, 256))
    assert read(b"MSH|^~\\&|" + name).field(3).encode("latin-1") == name


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"", "MSH^1"),
        (b"PID|1", "MSH^1"),
        (b"FHS|^~\\&|SP\rBHS|^~\\&|SP\rMSH|^~\\&|SP", "MSH^1"),
        (b"M", "MSH^1"),
        (b"MSH", "MSH^1^1"),
        (b"MSH|", "MSH^1^1"),
        (b"MSH||", "MSH^1^2"),
        (b"MSH|||SP", "MSH^1^2"),
        (b"MSH|^^~\\|SP", "MSH^1^2"),
        (b"MSH|abcd|SP", "MSH^1^2"),
        (b"MSHA^~\\&A", "MSH^1^2"),
        (b"MSH|^~\\&#!|SP", "MSH^1^2"),
        (b"MSH|^~ &|SP", "MSH^1^2"),
        (b"MSH|" + b"x" * 70_000, "MSH^1"),
    ],
)
def test_what_is_no_header_is_unreadable(raw: bytes, where: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(raw)
    assert caught.value.where == where
    assert (caught.value.ack, caught.value.condition) == ("AE", "102")


def test_hl7_in_xml_is_refused_with_what_to_send_instead() -> None:
    with pytest.raises(Unreadable) as refused:
        read(b'<?xml version="1.0"?><ADT_A01 xmlns="urn:hl7-org:v2xml"/>')
    assert (refused.value.where, "with delimiters" in refused.value.hint) == ("MSH^1", True)
