"""From bytes to text by MSH-18 (HL7 table 0211).

Policy: MSH-18 decides. When it is empty, the source's `charset` decides; when that is empty too, the message must
be ASCII, as the standard says (a UTF-8 byte order mark counts as `UNICODE UTF-8`). Bytes that the character set
does not know are an error with their place; nothing is ever replaced. The one liberty: a source registered with
`windows-1252` may declare `8859/1`, of which it is the superset that such systems really write.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.errors import WrongCharset
from gateway.translate.hl7v2.header import BOM, Header, content_start

_CODECS = {
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE": "utf-8",  # deprecated in table 0211; a header readable as ASCII leaves only UTF-8
    "WINDOWS-1252": "cp1252",
} | {f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), 13, 14, 15)}

# The C0 controls but TAB, LF and CR become spaces: FHIR strings cannot hold them, and none of the character sets
# above uses these bytes inside a longer character.
_CONTROLS = bytes(32 if code < 32 and code not in b"\t\n\r" else code for code in range(256))
_C1 = re.compile("[\x80-\x9f]")


@lru_cache(maxsize=256)
def codec(declared: str, default: str = "") -> str:
    """The Python codec of an MSH-18 value. Raises WrongCharset at `MSH^1^18` for one that is not received."""
    name = " ".join(declared.upper().split())
    fallback = " ".join(default.upper().split())
    if name == "8859/1" and fallback == "WINDOWS-1252":
        name = fallback
    found = _CODECS.get(name or fallback or "ASCII")
    if found is None:
        hint = "Received: ASCII, 8859/1 to 8859/15, UNICODE UTF-8."
        raise WrongCharset("This character set is not received", where="MSH^1^18", hint=hint)
    return found


def decode(raw: bytes, header: Header, default: str = "") -> tuple[str, str]:
    """The message as text, and the codec it was written in.

    `default` is the source's `charset`. Raises WrongCharset with the segment and field of the first byte that
    cannot be read, or at `MSH^1^18` when no character set was declared and the bytes are not ASCII.
    """
    declared = header.part(18)
    if not declared and raw.startswith(BOM):
        declared = "UTF-8"
    name = codec(declared, default)
    content = raw[content_start(raw) :]
    try:
        text = content.translate(_CONTROLS).decode(name)
    except UnicodeDecodeError as error:
        if not declared and not default:
            hint = "MSH-18 is empty, so the message must be ASCII; declare the character set in MSH-18."
            raise WrongCharset(where="MSH^1^18", hint=hint) from None
        raise WrongCharset(where=place(content, error.start, header), hint="Compare MSH-18.") from None
    if name.startswith("iso") and not text.isascii():
        control = _C1.search(text)  # these codecs have one character per byte: the offset is the byte's
        if control:
            meant = "UNICODE UTF-8" if _is_utf8(content) else "windows-1252"
            hint = f"A control character of 8859 stands here; is the message in {meant}?"
            raise WrongCharset(where=place(content, control.start(), header), hint=hint)
    return text, name


def place(content: bytes, offset: int, header: Header) -> str:
    """`PID^1^5` for a byte offset: segment, occurrence, field."""
    before = content[:offset].decode("latin-1").replace("\r\n", "\r").replace("\n", "\r").split("\r")
    separator = header.delimiters.field
    names = [line.split(separator, 1)[0].upper() for line in before]
    name = names[-1]
    if not (len(name) == 3 and name.isascii() and name.isalnum()):
        return ""
    field = before[-1].count(separator) + (name == "MSH")
    return f"{name}^{names.count(name)}^{field}" if field else f"{name}^{names.count(name)}"


def _is_utf8(content: bytes) -> bool:
    """Whether these bytes could be UTF-8: what is neither that nor ASCII seldom looks like it."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
