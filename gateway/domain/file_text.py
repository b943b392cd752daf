"""The words of a file, as far as they can be read: plain text, RTF, HTML, XML and JSON, in the character set they are
really in. A picture, a PDF or an office document has none that anybody here can read."""

from __future__ import annotations

import re

_TEXTUAL = frozenset({"rtf", "x-rtf", "xml", "xhtml+xml", "json", "fhir+json", "fhir+xml", "x-ndjson", "csv", "html"})
_CHARSETS = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", "utf-16": "utf-16",
    "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "iso-8859-1": "cp1252", "iso-8859-15": "iso-8859-15",
    "latin1": "cp1252",
    "windows-1252": "cp1252", "cp1252": "cp1252", "cp850": "cp850", "ibm850": "cp850", "cp865": "cp865",
}  # fmt: skip
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SEALED = (
    b"%PDF",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"II*\x00",
    b"MM\x00*",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b",
)
_RTF = b"{\\rtf"
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE | re.ASCII)

_CONTROL_END = re.compile(r"(\\[a-zA-Z]{1,32}-?\d{0,10})[\r\n]+")
_BYTE = re.compile(r"\\'([0-9a-fA-F]{2})")
_CHARACTER = re.compile(r"\\u(-?\d{1,6})[ ?]?")
_BREAK = re.compile(r"\\(?:par|line|tab|cell|row|page|sect)(?![a-zA-Z])-?\d{0,10} ?|\\~")
_CONTROL = re.compile(r"\\[a-zA-Z]{1,32}-?\d{0,10} ?|\\-|[{}]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_LAST = 0x10FFFF


def text_of(content_type: str, body: bytes) -> str | None:
    """The words of a file; None where it is closed to us. `content_type` is what its sender calls it, with or without
    its parameters; what it is, its first bytes tell better.

    >>> text_of("text/rtf", rb"{\\rtf1 hjeml\\'f8s\\par }")
    ' hjemløs\\n'
    >>> text_of("application/pdf", b"%PDF-1.4") is None
    True
    """
    if is_closed(content_type, body):
        return None
    if body.startswith(_RTF):
        return _of_rtf(body.decode("latin-1"))
    found = _CHARSET.search(content_type)
    text = _decoded(body, found[1].lower() if found else "", sure=_is_text(content_type))
    if text is None:
        return None
    if "\\u" in text:
        text = _ESCAPED.sub(lambda one: chr(int(one[1], 16)), text)
    if "<" in text:  # attributes tell too: displayName="Skizofreni"
        text = f"{text}\n{text.replace('<', ' ').replace('>', ' ')}"
    return text


def is_closed(content_type: str, beginning: bytes) -> bool:
    """Whether its type, or how it begins, already tells that nobody can read it here."""
    if beginning.startswith(_RTF):
        return False
    readable = _is_text(content_type) or _named(content_type) in ("", "application/octet-stream")
    return beginning.startswith(_SEALED) or not readable


def _is_text(content_type: str) -> bool:
    kind, _, sub = _named(content_type).partition("/")
    return kind == "text" or sub in _TEXTUAL or sub.endswith(("+xml", "+json"))


def _named(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _decoded(body: bytes, charset: str, *, sure: bool) -> str | None:
    for mark, meant in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(meant, errors="replace")
    encoding = _CHARSETS.get(charset, "utf-8")
    if b"\0" in body and not encoding.startswith("utf-16"):
        if not sure or body.count(b"\0") * 3 < len(body):
            return None
        encoding = "utf-16-le" if body[1:2] == b"\0" else "utf-16-be"
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace") if sure else None


def _of_rtf(text: str) -> str:
    """Line ends of the file are none of the text."""
    text = _CONTROL_END.sub(r"\1 ", text).replace("\r", "").replace("\n", "")
    text = _BYTE.sub(lambda one: bytes([int(one[1], 16)]).decode("cp1252", errors="replace"), text)
    text = _CHARACTER.sub(lambda one: _character(int(one[1])), text)
    return _CONTROL.sub("", _BREAK.sub("\n", text))


def _character(number: int) -> str:
    number += 0x10000 if number < 0 else 0
    return chr(number) if 0 < number <= _LAST else " "
