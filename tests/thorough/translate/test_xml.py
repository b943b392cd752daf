"""XML from outside: nothing reaches out, nothing blows up, nothing is quoted back."""

from __future__ import annotations

import pytest

from gateway.errors import GatewayError, TooLarge, Unreadable, WrongCharset
from gateway.translate import xml

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><l>&c;</l>"""


@pytest.mark.parametrize(
    "hostile",
    [
        LAUGHS,
        b'<!DOCTYPE a SYSTEM "http://attacker.invalid/x.dtd"><a/>',
        b'<!DOCTYPE a PUBLIC "-//x" "file:///etc/hostname"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]><a/>',
        b'<!DOCTYPE a [<!ENTITY x "small">]><a>&x;</a>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ATTLIST a b CDATA "given">]><a/>',
        b"<a>&undefined;</a>",
        b"<a>" * 300 + b"</a>" * 300,
        b"<a><b></a>",
        b"<a/><b/>",
        b"",
        b"   ",
        b"{}",
        b"<a",
        b"\x00",
        b'<a b="1" b="2"/>',
    ],
)
def test_hostile_documents_are_refused(hostile: bytes) -> None:
    with pytest.raises(Unreadable):
        xml.parse(hostile)


@pytest.mark.parametrize("raw", [b"<a>\xe6</a>", b'<?xml version="1.0" encoding="klingon"?><a/>', b"<a>\xff\xfe</a>"])
def test_bytes_outside_the_declared_charset_are_an_error(raw: bytes) -> None:
    with pytest.raises(WrongCharset):
        xml.parse(raw)


def test_declared_charsets_are_read() -> None:
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><a>Sørensen</a>'.encode("latin-1")
    assert xml.parse(latin).text == "Sørensen"
    assert xml.parse("<a>Sørensen</a>".encode("utf-16")).text == "Sørensen"
    assert xml.parse(b"\xef\xbb\xbf<a>x</a>").text == "x"


def test_comments_and_instructions_do_not_split_text() -> None:
    root = xml.parse(b"<a>one<!-- x -->two<?php boom ?>three</a>")
    assert root.text == "onetwothree"
    assert len(root) == 0


def test_size_is_limited_before_reading() -> None:
    with pytest.raises(TooLarge):
        xml.parse(b"<a>" + b" " * 100 + b"</a>", limit=50)


def test_faults_name_the_line_and_no_value() -> None:
    with pytest.raises(GatewayError) as caught:
        xml.parse(b"<sag>\n<cpr>2512489996</titel></sag>")
    assert caught.value.where == "line 2"
    assert "2512489996" not in caught.value.told()
    assert "titel" not in caught.value.told()


LARGE = b"x" * (xml.MAX_BYTES + 1)


def test_a_large_document_is_read_only_by_who_takes_large_ones() -> None:
    raw = b"<a>" + LARGE + b"</a>"
    with pytest.raises(TooLarge):
        xml.parse(raw)
    assert len(xml.parse(raw, limit=xml.LARGE_BYTES).text or "") == len(LARGE)


@pytest.mark.parametrize(
    "hostile",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>' + LARGE + b"</a>",
        b"<a>" + LARGE + b"<b>" * 300 + b"</b>" * 300 + b"</a>",
        b"<a>" + LARGE + b"<b/>" * 300_000 + b"</a>",
        ("<a>" + "x" * 6_000_000 + "</a>").encode("utf-16"),
        b"<a>" + LARGE + b"</b>",
    ],
)
def test_what_libxml2_does_not_limit_in_a_large_one_is_limited_here(hostile: bytes) -> None:
    with pytest.raises((Unreadable, TooLarge)):
        xml.parse(hostile, limit=xml.LARGE_BYTES)
