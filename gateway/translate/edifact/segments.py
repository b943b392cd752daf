"""Bytes to segments: one pass, in time linear in the bytes, with limits on everything that a sender chooses.

Bytes are told as one character each until a segment is decoded, so offsets are those of the bytes. A package (UNO,
bytes, UNP; ISO 9735-8) holds anything at all and is taken by its length, never parted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gateway.errors import SegmentOrder, TooLarge, Unreadable, WrongCharset
from gateway.translate.edifact import charset
from gateway.translate.edifact.delimiters import Delimiters, delimiters_of

MAX_BYTES = 100_000_000
MAX_SEGMENT = 64_000
MAX_SEGMENTS = 20_000
_MAX_PARTS = 1_000
_TAG = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LINE_ENDS = "\r\n\t "


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. `elements[0]` is the `tag`; each element is a list of components, text without release characters.

    `number` counts from the first segment of the interchange (UNB is 1), `start` and `end` are byte offsets with the
    terminator; `package` holds the bytes between UNO and UNP.
    """

    elements: tuple[tuple[str, ...], ...]
    number: int
    start: int
    end: int
    line: int = 1
    package: bytes = field(default=b"", repr=False)
    tag: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tag", self.elements[0][0])

    @property
    def where(self) -> str:
        """The place as an error names it when nothing is known of the message around it."""
        return f"segment {self.number} ({self.tag}) of the interchange"

    def said(self, element: int, component: int = 1) -> str:
        """A component's text without blanks around it, both counted from 1 as the standard does; "" when absent."""
        if element >= len(self.elements) or component > len(self.elements[element]):
            return ""
        return self.elements[element][component - 1].strip()


def read(raw: bytes) -> tuple[Delimiters, list[Segment]]:
    """The service string and every segment, decoded as the first of them (UNB) declares.

    Raises Unreadable, WrongCharset, UnknownVersion, SegmentOrder, TooLarge with the segment's number.
    """
    if len(raw) > MAX_BYTES:
        raise TooLarge(hint=f"At most {MAX_BYTES} bytes are read.")
    delimiters, start = delimiters_of(raw)
    found: list[Segment] = []
    codec = "ascii"
    for segment in _Scan(raw, delimiters, start).segments():
        if not found:
            if segment.tag != "UNB":
                raise SegmentOrder("An interchange begins with UNB.", where=segment.where)
            codec = charset.codec(segment.said(1))
        if len(found) >= MAX_SEGMENTS:
            raise TooLarge("The interchange has too many segments.", hint=f"At most {MAX_SEGMENTS} are read.")
        found.append(segment)
    if not found:
        raise Unreadable("There is no segment.", where="UNB")
    return delimiters, _decoded(found, codec)


class _Scan:
    """One walk over the bytes."""

    def __init__(self, raw: bytes, delimiters: Delimiters, start: int) -> None:
        self.raw = raw
        self.text = raw.decode("latin-1")
        self.delimiters = delimiters
        self.at = start
        self.line = 1 + self.text.count("\n", 0, start)

    def segments(self) -> Iterator[Segment]:
        """Each segment, not decoded yet."""
        number = 0
        while self._skip_line_ends() < len(self.text):
            number += 1
            segment = self._next(number)
            if segment.tag == "UNO":
                yield self._packaged(segment)
            else:
                yield segment

    def _skip_line_ends(self) -> int:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in _LINE_ENDS:
            self.at += 1
        self.line += self.text.count("\n", start, self.at)
        return self.at

    def _next(self, number: int) -> Segment:
        start, line, where = self.at, self.line, f"segment {number} of the interchange"
        found = self.delimiters.segment.match(self.text, start)
        end = found.end() if found else start
        if end >= len(self.text) or self.text[end] != self.delimiters.terminator:
            raise Unreadable("The last segment has no end.", where=where, hint="It must end with the terminator.")
        if end - start > MAX_SEGMENT:
            raise TooLarge("The segment is too long.", where=where, hint=f"At most {MAX_SEGMENT} bytes are read.")
        written = self.text[start:end]
        self.at = end + 1
        self.line += written.count("\n")
        # Some systems break lines at a fixed length; no character set of EDIFACT has line ends.
        if "\n" in written or "\r" in written:
            written = written.replace("\r", "").replace("\n", "")
        if _CONTROL.search(written):
            raise Unreadable("A control character stands in the segment.", where=where)
        return Segment(self._elements(written, where), number, start, self.at, line)

    def _elements(self, written: str, where: str) -> tuple[tuple[str, ...], ...]:
        elements = self.delimiters.elements(written)
        if sum(map(len, elements)) > _MAX_PARTS:
            raise TooLarge("The segment has too many elements.", where=where, hint=f"At most {_MAX_PARTS} are read.")
        if not _TAG.fullmatch(elements[0][0]):
            raise Unreadable("The segment has no tag.", where=where, hint="A segment begins with three capitals.")
        return elements

    def _packaged(self, segment: Segment) -> Segment:
        """UNO with the bytes after it; the next segment must then be UNP."""
        at = length_at(segment)
        length = segment.elements[at][0] if at else ""
        end = self.at + int(length or 0) if len(length) <= len(str(MAX_BYTES)) else -1
        tail = self.raw[end : end + 5].lstrip(b"\r\n") if self.at <= end <= len(self.raw) else b""
        if not length or not tail.startswith(b"UNP"):
            raise Unreadable("The package is not as long as UNO says.", where=segment.where)
        package = self.raw[self.at : end]
        self.at = end
        return replace(segment, end=end, package=package)


def length_at(segment: Segment) -> int:
    """Which element of UNO tells how many bytes follow: the last that is a number; 0 when there is none."""
    return max((at for at, element in enumerate(segment.elements) if element[0].isdecimal()), default=0)


def _decoded(segments: list[Segment], codec: str) -> list[Segment]:
    foreign = [one for one in segments if not all(part.isascii() for element in one.elements for part in element)]
    if foreign and codec != charset.UTF_8 and all(charset.is_utf8(_bytes(one)) for one in foreign):
        raise WrongCharset("The bytes are UTF-8, which UNB does not declare.", where=foreign[0].where)
    for one in foreign:
        parts = ((charset.decoded(part, codec, one.where) for part in element) for element in one.elements)
        segments[one.number - 1] = replace(one, elements=tuple(tuple(element) for element in parts))
    return segments


def _bytes(segment: Segment) -> bytes:
    return "\n".join(part for element in segment.elements for part in element).encode("latin-1")
