"""Batches: `FHS { BHS { message } BTS } FTS` (HL7 v2.5 chapter 2.10.3), the file's header and trailer optional.

Every message is taken as the bytes that came, with its own delimiters and character set, and handled by itself. The
answer is a batch of the same form that holds their acknowledgements; it refers to the batch by BHS-12 and FHS-12.
What is wrong with the batch itself (a count, a line outside any message, a missing trailer) is told in the comments of
the trailers (BTS-2, FTS-2) and in an acknowledgement of its own that names the batch by its control id.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import Unreadable
from gateway.translate.hl7v2.escape import escaped
from gateway.translate.hl7v2.header import Delimiters, content_start, delimiters_of

_LINE = re.compile(rb"[^\r\n]+")
_BLANKS = b" \t\v\x1c"  # with the marks of MLLP, which recordings of a line keep
_HEADERS, _TRAILERS = (b"FHS", b"BHS"), (b"BTS", b"FTS")
_CONTROL = re.compile(r"[\x00-\x1f]")
_LONGEST = 500
_SEQUENCE_ERROR = ("100", "Segment sequence error", "HL70357")


@dataclass(slots=True)
class _Envelope:
    """FHS or BHS: its fields as Latin-1 text, `fields[n]` is FHS-n or BHS-n."""

    name: str
    marks: Delimiters
    fields: list[str]

    def field(self, number: int) -> str:
        found = _CONTROL.sub("", self.fields[number]) if number < len(self.fields) else ""
        return found if len(found) <= _LONGEST else ""


@dataclass(slots=True)
class Batch:
    """The messages of one batch or file, in order; what is wrong with the batch itself stands in `problems`."""

    file: _Envelope | None = None
    group: _Envelope | None = None
    messages: list[bytes] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)  # place as in ERR-2, text

    def answer(self, answers: Sequence[bytes], now: datetime) -> bytes:
        """The acknowledgements as a batch. b"" when no message asks for one and nothing is wrong."""
        given = [one if one.endswith(b"\r") else one + b"\r" for one in answers if one]
        given += [self._problem(place, text, now) for place, text in self.problems]
        if not given and self.messages:
            return b""
        comment = "; ".join(text for _, text in self.problems)
        parts = [_header(self.file, now), _header(self.group, now), *given]
        told = len(given) if self.group is None else 1  # a file without batches counts messages, as one that comes in
        parts += [_trailer(self.group, "BTS", len(given), comment), _trailer(self.file, "FTS", told, comment)]
        return b"".join(parts)

    def _problem(self, place: str, text: str, now: datetime) -> bytes:
        """AE for the batch: MSA-2 is the control id of its header."""
        about = self.group or self.file or _NAMELESS
        marks = about.marks
        identity = about.field(11)
        number = hashlib.sha256(f"{identity}\0{place}\0{now.isoformat()}".encode("latin-1")).hexdigest()[:20].upper()
        where = place.replace("^", marks.component)
        told = escaped(text, marks)
        return _lines(
            marks.field,
            ["MSH", _own(marks), *_swapped(about), _time(now), "", "ACK", number, "P", "2.5"],
            ["MSA", "AE", identity],
            ["ERR", "", where, marks.component.join(_SEQUENCE_ERROR), "E", "", "", told, told],
        )


def batch(raw: bytes) -> Batch | None:
    """The batch in these bytes; None when they begin with neither FHS nor BHS. Never raises: a line that belongs to
    nothing is a problem of the batch, and what stands inside a message is for whoever reads that message."""
    start = content_start(raw)
    if raw[start : start + 3].upper() not in _HEADERS:
        return None
    found = Batch()
    begin, counted, groups = -1, 0, 0
    for number, line in enumerate(_LINE.finditer(raw, start), 1):
        name = line[0][:3].upper()
        if begin >= 0 and (name == b"MSH" or name in _HEADERS or name in _TRAILERS):
            found.messages.append(raw[begin : line.start()])
            begin = -1
        if name == b"MSH":
            begin = line.start()
        elif name in _HEADERS:
            groups += name == b"BHS"
            counted = len(found.messages) if name == b"BHS" else counted
            _open(found, line[0], number)
        elif name == b"BTS":
            _check(found, line[0], len(found.messages) - counted, "BTS", found.group)
        elif name == b"FTS":
            _check(found, line[0], groups or len(found.messages), "FTS", found.file)
        elif begin < 0 and line[0].strip(_BLANKS):
            found.problems.append(("BHS^1", f"line {number} of the batch belongs to no message"))
    if begin >= 0:
        found.messages.append(raw[begin:])
    _check_end(found, raw)
    return found


def _open(found: Batch, line: bytes, number: int) -> None:
    """Headers are remembered for the answer; of several batches in a file the first."""
    text = line.decode("latin-1")
    name = text[:3].upper()
    try:
        marks = delimiters_of(text)
    except Unreadable:
        found.problems.append((f"{name}^1^2", f"line {number} of the batch does not name usable delimiters"))
        return
    fields = [name, marks.field, *text[4:].split(marks.field)]
    if name == "FHS":
        found.file = found.file or _Envelope(name, marks, fields)
    else:
        found.group = found.group or _Envelope(name, marks, fields)


def _check(found: Batch, line: bytes, there: int, name: str, envelope: _Envelope | None) -> None:
    """BTS-1 counts messages, FTS-1 batches; empty says nothing."""
    mark = line[3:4].decode("latin-1")
    told = line.decode("latin-1").split(mark)[1].strip() if mark and mark in line.decode("latin-1") else ""
    if envelope is None:
        found.problems.append((f"{name}^1", f"{name} ends what nothing has begun"))
    if told and not (told.isdecimal() and int(told[:9]) == there):
        found.problems.append((f"{name}^1^1", f"{name}-1 is not the number that came: {there}"))


def _check_end(found: Batch, raw: bytes) -> None:
    names = {line[0][:3].upper() for line in _LINE.finditer(raw)}
    for opened, closed in ((b"BHS", "BTS"), (b"FHS", "FTS")):
        if opened in names and closed.encode() not in names:
            found.problems.append((f"{closed}^1", f"{closed} is missing: the end of the batch may be lost"))


def _header(envelope: _Envelope | None, now: datetime) -> bytes:
    """FHS or BHS of the answer: sender and receiver swapped, -11 an id of its own, -12 the id that is answered."""
    if envelope is None:
        return b""
    identity = envelope.field(11)
    text = f"{envelope.name}\0{identity}\0{now.isoformat()}"
    number = hashlib.sha256(text.encode("latin-1")).hexdigest()[:20].upper()
    fields = [envelope.name, _own(envelope.marks), *_swapped(envelope), _time(now), "", "", "", number, identity]
    return _lines(envelope.marks.field, fields)


def _trailer(envelope: _Envelope | None, name: str, count: int, comment: str) -> bytes:
    if envelope is None:
        return b""
    return _lines(envelope.marks.field, [name, str(count), escaped(comment, envelope.marks)])


def _swapped(envelope: _Envelope) -> list[str]:
    return [envelope.field(number) for number in (5, 6, 3, 4)]


def _own(marks: Delimiters) -> str:
    return f"{marks.component}{marks.repetition}{marks.escape}{marks.subcomponent}{marks.truncation}"


def _time(now: datetime) -> str:
    return now.strftime("%Y%m%d%H%M%S%z")


def _lines(mark: str, *segments: list[str]) -> bytes:
    return "".join(mark.join(fields).rstrip(mark) + "\r" for fields in segments).encode("latin-1")


_NAMELESS = _Envelope("BHS", Delimiters(), ["BHS"])
