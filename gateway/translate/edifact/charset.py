"""UNB's syntax identifier as a character set (ISO 9735, annex A).

UNOC is ISO 8859-1 by the standard and windows-1252 in practice: Danish senders write its quotation marks and dashes,
which ISO 8859-1 has no characters for. Bytes that are UTF-8 although something else is declared are an error: read
as declared they would turn every æ, ø and å into two wrong letters.
"""

from __future__ import annotations

from gateway.errors import UnknownVersion, WrongCharset

_CODECS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "cp1252",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOY": "utf-8",
    "UNOW": "utf-8",
}
OURS = "cp1252"
"""What is written in: UNOC."""


def codec(syntax: str) -> str:
    """The codec of a syntax identifier. Raises UnknownVersion."""
    if syntax not in _CODECS:
        raise UnknownVersion(
            "This character set is not read.", where="UNB-1.1", hint=f"Write one of {', '.join(_CODECS)}."
        )
    return _CODECS[syntax]


def decoded(text: str, name: str, where: str) -> str:
    """A segment, told as one character per byte, in its character set. Raises WrongCharset with its place."""
    if text.isascii():
        return text
    raw = text.encode("latin-1")
    if name != "utf-8" and _is_utf8(raw):
        raise WrongCharset("The bytes are UTF-8, which UNB does not declare.", where=where)
    try:
        return raw.decode(name)
    except UnicodeDecodeError:
        raise WrongCharset(where=where) from None


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
