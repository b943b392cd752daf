"""What can be known of a message before its character set is: the MSH line, read as Latin-1.

Latin-1 gives every byte one character and gives it back unchanged, so a header read here can be copied into an
acknowledgement byte for byte, whatever the sender's character set is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from gateway.errors import Unreadable

BOM = b"\xef\xbb\xbf"
VERSION = re.compile(r"2\.([1-9])(?:\.[0-9]{1,2})?")
"""Table 0104 from 2.1 to 2.9, and corrections of those (2.5.2) that nobody here has heard of."""
_LINE_END = re.compile(rb"[\r\n]")
# Longer than any real header; a flood without a line end is not searched to its end more than once.
_LONGEST = 65_536


class Delimiters(Struct, frozen=True):
    """MSH-1 and MSH-2. A sender that leaves a delimiter out does not use it; it is then an empty string."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""


class Header(Struct, frozen=True):
    """The MSH segment as Latin-1 text; `fields[n]` is MSH-n, missing trailing fields are empty."""

    delimiters: Delimiters
    fields: tuple[str, ...]

    def field(self, number: int) -> str:
        """MSH-`number` as it stands, all repetitions."""
        return self.fields[number] if number < len(self.fields) else ""

    def part(self, number: int, component: int = 1) -> str:
        """One component of the first repetition of MSH-`number`."""
        marks, first = self.delimiters, self.fields[number] if number < len(self.fields) else ""
        if component == 1:
            code = first.partition(marks.component)[0]
            if code.isalnum():
                return code
        first = first.split(marks.repetition)[0] if marks.repetition else first
        parts = first.split(marks.component)
        return parts[component - 1].strip() if component <= len(parts) else ""


def read(raw: bytes) -> Header:
    """The header of a message, after an optional byte order mark and blank lines.

    Raises Unreadable at `MSH^1` or `MSH^1^2` when there is none that can be understood.
    """
    start = content_start(raw)
    if raw[start : start + 3].upper() != b"MSH":
        hint = "Send it with delimiters; as XML it is not read." if raw[start : start + 1] == b"<" else ""
        raise Unreadable("The message does not begin with MSH", where="MSH^1", hint=hint)
    end = _LINE_END.search(raw, start, start + _LONGEST)
    if end is None and len(raw) - start > _LONGEST:
        raise Unreadable("The MSH segment has no end", where="MSH^1")
    line = raw[start : end.start() if end else len(raw)].decode("latin-1")
    if len(line) < 5:
        raise Unreadable("MSH-1 and MSH-2 are missing", where="MSH^1^1")
    delimiters = _delimiters(line[3], line[4:].split(line[3], 1)[0])
    return Header(delimiters, ("MSH", line[3], *line[4:].split(line[3])))


def delimiters_of(line: str) -> Delimiters:
    """The delimiters of a header line: MSH, BHS or FHS. Raises Unreadable."""
    return _delimiters(line[3:4], line[4:].split(line[3:4] or None, 1)[0] if len(line) > 4 else "")


def content_start(raw: bytes) -> int:
    """Where the message begins: after a UTF-8 byte order mark, white space and the mark that MLLP sets before it, which
    recordings of a line keep and some senders write over HTTP too. (The two marks after a message read as blanks.)"""
    start = 3 if raw.startswith(BOM) else 0
    while start < len(raw) and raw[start] in b"\r\n \t\v":
        start += 1
    return start


@lru_cache(maxsize=256)
def _delimiters(field: str, others: str) -> Delimiters:
    """MSH-2 holds component, repetition, escape, sub-component and, from 2.7, truncation (`#`)."""
    marks = field + others
    usable = all("!" <= mark <= "~" and not mark.isalnum() for mark in marks)
    if not others or len(others) > 5 or len(set(marks)) != len(marks) or not usable:
        raise Unreadable("MSH-1 and MSH-2 do not name usable delimiters", where="MSH^1^2", hint="Usual: |^~\\&")
    component, repetition, escape, subcomponent, truncation = (*others, "", "", "", "")[:5]
    return Delimiters(field, component, repetition, escape, subcomponent, truncation)
