"""MSH-18 decides; undecodable bytes are an error with their place, and nothing is ever replaced."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import WrongCharset
from gateway.translate.hl7v2 import charset
from gateway.translate.hl7v2.header import read
from tests.translate.hl7v2.ward import LATIN, body, language, msh, pid, pv1, raw

NAME = "Sørensen^Åse^Æbleøje"


def decoded(message: bytes, default: str = "") -> tuple[str, str]:
    return charset.decode(message, read(message), default)


def with_name(declared: str, name: bytes) -> bytes:
    return f"MSH|^~\\&|A|B||||||||||||||{declared}\rPID|1||2\rPID|||3||".encode() + name + b"|\r"


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("unicode  utf-8", "utf-8"),
        ("UTF-8", "utf-8"),
        ("UNICODE", "utf-8"),
        ("8859/1", "iso8859-1"),
        ("8859/15", "iso8859-15"),
        ("8859/10", "iso8859-10"),
        ("UNICODE UTF-8~ISO IR87", "utf-8"),
    ],
)
def test_msh_18_decides(declared: str, encoding: str) -> None:
    text, codec = decoded(with_name(declared, NAME.encode(encoding)))
    assert NAME in text
    assert codec == encoding


def test_every_part_of_8859_is_known() -> None:
    for part in (*range(1, 12), 13, 14, 15):
        assert charset.codec(f"8859/{part}") == f"iso8859-{part}"


def test_an_empty_msh_18_is_ascii() -> None:
    assert decoded(with_name("", b"Jensen"))[1] == "ascii"
    with pytest.raises(WrongCharset) as caught:
        decoded(with_name("", "Sørensen".encode()))
    assert caught.value.where == "MSH^1^18"
    assert "MSH-18" in caught.value.hint


def test_an_empty_msh_18_is_what_the_source_is_registered_with() -> None:
    assert NAME in decoded(with_name("", NAME.encode("latin-1")), "8859/1")[0]
    with pytest.raises(WrongCharset) as caught:
        decoded(with_name("", NAME.encode("latin-1")), "UNICODE UTF-8")
    assert caught.value.where == "PID^2^5"


def test_a_byte_order_mark_says_utf_8() -> None:
    text, codec = decoded(b"\xef\xbb\xbf" + with_name("", NAME.encode()))
    assert codec == "utf-8"
    assert text.startswith("MSH")


def test_msh_18_is_stronger_than_a_byte_order_mark() -> None:
    assert decoded(b"\xef\xbb\xbf" + with_name("ASCII", b"Jensen"))[1] == "ascii"


@pytest.mark.parametrize("declared", ["8859/12", "8859/99", "JIS X 0202", "UNICODE UTF-16", "KOI8-R"])
def test_an_unknown_character_set_is_told(declared: str) -> None:
    with pytest.raises(WrongCharset) as caught:
        decoded(with_name(declared, b"x"))
    assert caught.value.where == "MSH^1^18"


def test_undecodable_bytes_are_told_with_segment_and_field() -> None:
    with pytest.raises(WrongCharset) as caught:
        decoded(with_name("UNICODE UTF-8", b"S\xf8rensen"))
    assert caught.value.where == "PID^2^5"
    assert "rensen" not in str(caught.value)


def test_the_place_in_the_header_counts_as_the_standard_does() -> None:
    message = b"MSH|^~\\&|A|\xf8||||||||||||||UNICODE UTF-8\r"
    with pytest.raises(WrongCharset) as caught:
        decoded(message)
    assert caught.value.where == "MSH^1^4"


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_the_place_is_found_behind_any_line_end(end: bytes) -> None:
    with pytest.raises(WrongCharset) as caught:
        decoded(with_name("ASCII", b"\xe6").replace(b"\r", end))
    assert caught.value.where == "PID^2^5"


def test_a_control_character_of_8859_is_windows_1252_in_disguise() -> None:
    quoted = with_name("8859/1", "Bo “Bob” Lund".encode("cp1252"))
    with pytest.raises(WrongCharset) as caught:
        decoded(quoted)
    assert caught.value.where == "PID^2^5"
    assert "windows-1252" in caught.value.hint
    assert "“Bob”" in decoded(quoted, "windows-1252")[0]
    with pytest.raises(WrongCharset, match="is the message in UNICODE UTF-8"):
        decoded(with_name("8859/1", "Åse".encode()))


def test_the_source_cannot_overrule_another_declaration() -> None:
    assert decoded(with_name("UNICODE UTF-8", NAME.encode()), "windows-1252")[1] == "utf-8"


def test_control_characters_become_spaces() -> None:
    text, _ = decoded(with_name("UNICODE UTF-8", b"A\x00B\x0bC\x1cD\tE"))
    assert "A B C D\tE" in text


def test_danish_letters_in_latin_1_come_through_whole() -> None:
    header = msh("A01", {3: "OLD", 18: "8859/1"})
    found = language().translate(raw(header, pid({5: NAME}), pv1(), encoding="latin-1"))
    assert found.source == LATIN
    assert body(found, "Patient")["name"] == [{"family": "Sørensen", "given": ["Åse", "Æbleøje"]}]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_any_name_comes_back_in_utf_8(name: str) -> None:
    assert f"||{name}|" in decoded(with_name("UNICODE UTF-8", name.encode()))[0]


@given(st.binary(max_size=300), st.sampled_from(["", "ASCII", "8859/1", "8859/7", "UNICODE UTF-8"]))
def test_any_bytes_are_text_or_a_wrong_charset(content: bytes, declared: str) -> None:
    message = with_name(declared, content)
    with contextlib.suppress(WrongCharset):
        text, _ = decoded(message)
        assert "\ufffd" not in text or "\ufffd".encode() in content
