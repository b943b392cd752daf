"""Escapes are undone once, after the split; what is no escape stays as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.hl7v2.escape import escaped, unescaper
from gateway.translate.hl7v2.header import Delimiters
from tests.translate.hl7v2.ward import body, msh, pid, pv1, translated

PLAIN = Delimiters()
undo = unescaper(PLAIN, "utf-8")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"A\T\B", "A&B"),
        (r"\F\\S\\T\\R\\E\\P\ ", "|^&~\\# "),
        (r"5 \S\ 6 \F\ 7", "5 ^ 6 | 7"),
        (r"a\E\T\E\b", r"a\T\b"),
        (r"\.br\one\.br\two", "\none\ntwo"),
        (r"a\.sp\b", "a\nb"),
        (r"a\.sp3\b", "a\n\n\nb"),
        (r"a\.sp999\b", "a" + "\n" * 10 + "b"),
        (r"a\.sk2\b", "a  b"),
        (r"\.in+4\a\.ti-2\b\.fi\c\.nf\d\.ce\e", "abcd\ne"),
        (r"\H\warning\N\ end", "warning end"),
        (r"\X0D\ ", "\n "),
        (r"a\X0D0A\b", "a\nb"),
        (r"a\X0A\b\X09\c", "a\nb\tc"),
        (r"a\X00\b\X0B\c\X1C\d\X7F\e", "a b c d e"),
        (r"\XC3A6\ ", "æ "),
        (r"\XE6\ ", r"\XE6\ "),
        (r"\X4A656E73\ ", "Jens "),
        (r"\XABC\ ", r"\XABC\ "),
        (r"\X\ ", r"\X\ "),
        (r"\C1234\ \M123456\ \Z01\ ", r"\C1234\ \M123456\ \Z01\ "),
        (r"\Z01\F\ ", r"\Z01\F\ "),
        (r"C:\temp\new \T\ x", r"C:\temp\new & x"),
        (r"\Q\ ", r"\Q\ "),
        (r"\.zz\ ", r"\.zz\ "),
        ("\\", "\\"),
        (r"50\50", r"50\50"),
        ("", ""),
    ],
)
def test_what_is_written_and_what_is_meant(written: str, meant: str) -> None:
    assert undo(written) == meant


def test_hexadecimal_is_in_the_character_set_of_the_message() -> None:
    assert unescaper(PLAIN, "iso8859-1")(r"\XE6\ ") == "æ "


def test_escapes_follow_the_delimiters_of_the_message() -> None:
    marks = Delimiters("*", ":", ";", "!", "%")
    assert unescaper(marks, "ascii")("a!F!b!S!c!T!d!R!e!E!f\\F\\") == "a*b:c%d;e!f\\F\\"


def test_without_an_escape_character_nothing_is_undone() -> None:
    assert unescaper(Delimiters("|", "^", "~", "", ""), "ascii")(r"\F\ ") == r"\F\ "


def test_a_value_is_undone_once_and_after_the_split() -> None:
    found = translated(msh(), pid({5: r"Ø\T\E\T\Brie^A\S\B^\E\F\E\ "}), pv1())
    assert body(found, "Patient")["name"] == [{"family": r"Ø&E&Brie", "given": ["A^B", r"\F\ ".strip()]}]


def test_a_control_character_ends_no_segment() -> None:
    found = translated(msh(), pid({5: r"Jensen\X0D\PID\F\1^Bo"}), pv1())
    assert body(found, "Patient")["name"] == [{"family": "Jensen\nPID|1", "given": ["Bo"]}]


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_no_control_character_is_made(text: str) -> None:
    made = undo(text)
    assert {c for c in made if c < " "} <= {c for c in text if c < " "} | {"\n", "\t"}


@given(st.text(alphabet="AB\\|^~&# \n.XFSTRE", max_size=60))
def test_our_own_text_comes_back(text: str) -> None:
    assert undo(escaped(text, PLAIN)) == " ".join(text.split())
    assert not set(escaped(text, PLAIN)) & set("|^~&\n")


def test_our_own_text_without_an_escape_character_loses_only_delimiters() -> None:
    assert escaped("a|b^c", Delimiters("|", "^", "", "", "")) == "a b c"


@pytest.mark.parametrize("text", ["\\" * 300_000, r"\X" * 150_000, r"\F\ " * 100_000, "\\X" + "4A" * 200_000])
def test_long_texts_come_to_an_end(text: str) -> None:
    undo(text)
