"""However a letter of a hospital writes a word (escapes, lines, encodings, RTF, HTML), it is read for its label."""

from __future__ import annotations

from base64 import b64encode

import pytest

from gateway.bootstrap import Rules, read_rules
from gateway.domain.file_text import text_of
from gateway.domain.security_label import ACT_CODE
from gateway.settings import Settings

MAPPINGS = Settings().mappings_folder
LETTER = (MAPPINGS / "hl7v2" / "examples" / "letter.hl7").read_bytes().replace(b"\n", b"\r").partition(b"OBX|1")[0]
STD = f"{ACT_CODE}|STD"
LATIN, UTF = "kønssygdom".encode("cp1252"), "kønssygdom".encode()
RTF = rb"{\rtf1 k\'f8nssygdom}"


@pytest.fixture(scope="module")
def rules() -> Rules:
    return read_rules(MAPPINGS, b"x" * 32)


def observed(kind: str, value: bytes) -> bytes:
    return b"OBX|1|" + kind.encode() + b"|28655-9^E^LN||" + value + b"||||||F\r"


def enclosed(kind: bytes, data: bytes, encoding: bytes = b"Base64") -> bytes:
    return observed("ED", b"^" + kind + b"^" + encoding + b"^" + (b64encode(data) if encoding == b"Base64" else data))


SAID = {
    "plain": observed("TX", UTF),
    "capitals": observed("TX", "KØNSSYGDOM".encode()),
    "hexadecimal": observed("TX", b"k\\XC3B8\\nssygdom"),
    "one-letter": observed("TX", b"k\xc3\xb8nss\\X79\\gdom"),
    "new-line": observed("FT", b"k\xc3\xb8nssyg\\.br\\dom"),
    "hyphen": observed("FT", b"k\xc3\xb8nssyg-\\.br\\dom"),
    "highlighted": observed("FT", b"k\xc3\xb8ns\\H\\syg\\N\\dom"),
    "two-lines": observed("TX", b"har k\xc3\xb8nssyg") + observed("TX", b"dom"),
    "diagnosis": observed("ST", b"Dg.: A51"),
    "coded": observed("CWE", b"DA510^^SKS"),
    "rtf-in-a-line": observed("TX", RTF.replace(b"\\", b"\\E\\")),
    "text": enclosed(b"text^plain", LATIN),
    "octets": enclosed(b"AP^octet-stream", UTF),
    "rtf": enclosed(b"TEXT^RTF", RTF),
    "rtf-as-word": enclosed(b"application^msword", RTF),
    "html": enclosed(b"TEXT^HTML", b"<p>k&oslash;ns<b>syg</b>dom</p>"),
    "html-in-latin": enclosed(b"TEXT^HTML", b"<p>" + LATIN),
    "xml": enclosed(b"application^xml", b"<a displayName='" + UTF + b"'/>"),
    "as-hex": enclosed(b"TEXT^PLAIN", UTF.hex().encode(), b"Hex"),
    "as-it-is": enclosed(b"TEXT^HTML", b"<p>k\\T\\#xf8;nssygdom</p>", b"A"),
    "large": enclosed(b"text^plain", b"x " * 60_000 + LATIN),
    "large-rtf": enclosed(b"TEXT^RTF", b"{\\rtf1 " + b"x " * 60_000 + RTF[7:]),
    "address": observed("RP", b"https://x.example/konssygdomme/brev.pdf^APP^application^pdf"),
}


@pytest.mark.parametrize("how", SAID)
def test_it_is_read(rules: Rules, how: str) -> None:
    assert STD in labels(rules, SAID[how])


def test_it_is_not_there_by_itself(rules: Rules) -> None:
    assert STD not in labels(rules, observed("TX", b"Alt vel"))


def labels(rules: Rules, observed: bytes) -> frozenset[str]:
    """Of the document, with what the files beside it tell."""
    told = rules.languages.of("hl7v2").translate(LETTER + observed)
    (one,) = [statement for statement in told.statements if statement.kind == "DocumentReference"]
    files = {}
    for file in told.attached:
        text = text_of(file.content_type, file.body)
        files[file.id] = None if text is None else rules.labeller.of_file(text)
    body = {"resourceType": one.kind, **one.body}
    return rules.labeller.label(body, "region", one.kind, told.source.id, files=files)[0]
