"""UNB's syntax identifier as a character set (ISO 9735, annex A).

UNOC is ISO 8859-1 by the standard and windows-1252 in practice: Danish senders write its quotation marks and dashes,
which ISO 8859-1 has no characters for. An interchange that is UTF-8 from end to end although something else is declared
is an error: read as declared, every æ, ø and å would become two wrong letters.
"""

from __future__ import annotations

from gateway.errors import UnknownVersion, WrongCharset

UTF_8 = "utf-8"
_CODECS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "cp1252",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOY": UTF_8,
    "UNOW": UTF_8,
}


def codec(syntax: str) -> str:
    """The codec of a syntax identifier. Raises UnknownVersion."""
    if syntax not in _CODECS:
        raise UnknownVersion(
            "This character set is not read.", where="UNB-1.1", hint=f"Write one of {', '.join(_CODECS)}."
        )
    return _CODECS[syntax]


def is_utf8(raw: bytes) -> bool:
    """Whether bytes that are not all ASCII are UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decoded(text: str, name: str, where: str) -> str:
    """A text, told as one character per byte, in its character set. Raises WrongCharset with its place."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode(name)
    except UnicodeDecodeError:
        raise WrongCharset(where=where) from None
