"""Long base64 values are lifted out of a FHIR message before it is parsed, and put where nothing copies them.

A file of 100 MB inside a message would be copied by every step (decoding, parsing, fingerprint, answer). So what stands
in `Attachment.data` or `Binary.data` is taken out of the bytes first, a short mark stands in its place, and the message
is parsed, checked and answered as if it were small. What is lifted holds base64 characters only: no quote, bracket or
name can be lost with it.
"""

from __future__ import annotations

import binascii
import json
import re
from dataclasses import dataclass

from gateway.translate.fhir.reading import written_in

LONG = 65_536
"""Characters; shorter values stay where they are."""

_OPENING = {"json": re.compile(rb'"data"\s*:\s*(")'), "xml": re.compile(rb"<data\s+value\s*=\s*([\"'])")}
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_BLANK = b" \t\r\n"
_CHUNK = 4 * 1024 * 1024
_MARK = re.compile(r"#(\d{1,6})")


@dataclass(frozen=True, slots=True)
class Lifted:
    """`light` is the message with marks; `values` are what they stand for, as parts of the original bytes."""

    light: bytes
    values: tuple[memoryview, ...]

    def value(self, written: str) -> memoryview:
        """The base64 text behind what the parsed message holds: a mark or the text itself."""
        mark = _MARK.fullmatch(written)
        if mark and int(mark[1]) < len(self.values):
            return self.values[int(mark[1])]
        return memoryview(written.encode())


def lift(raw: bytes) -> Lifted:
    """Take the long values out. Never raises; what looks strange stays, and the parser tells of it."""
    opening = _OPENING.get(written_in(raw)) if len(raw) > LONG else None
    if opening is None:
        return Lifted(raw, ())
    view, values, parts = memoryview(raw), list[memoryview](), list[bytes | memoryview]()
    done = at = 0
    while match := opening.search(raw, at):
        start = match.end()
        end = raw.find(match[1], start)
        at = start
        if end - start >= LONG and _is_base64(view[start:end]):
            parts += [view[done:start], b"#%d" % len(values)]
            values.append(view[start:end])
            done = at = end
    return Lifted(b"".join((*parts, view[done:])), tuple(values)) if values else Lifted(raw, ())


def _is_base64(text: memoryview) -> bool:
    """JSON may write a slash and a line break with a backslash."""
    letters = _ALPHABET + _BLANK + b"\\"
    return not any(bytes(text[at : at + _CHUNK]).translate(None, letters) for at in range(0, len(text), _CHUNK))


def decoded(text: memoryview) -> bytes:
    """The bytes of a base64 text; blanks are allowed (R4 base64Binary). Raises ValueError."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)  # of the usual form: nothing is copied
    except binascii.Error:
        plain = bytes(text)
    if b"\\" in plain:
        plain = json.loads(b'"' + plain + b'"').encode()
    return binascii.a2b_base64(plain.translate(None, _BLANK), strict_mode=True)
