"""Text to segments, fields, repetitions, components and sub-components, by splitting only.

Nothing is decoded or copied that nobody reads: segments are split into fields at once (that is cheap), fields into
repetitions and components when a rule asks, and escapes are undone last, in `Marks.plain`.

Policy, where the standard leaves it or senders break it:
- Segments end with CR, LF or CRLF. A line feed inside a message that uses CR is part of a field's text, unless what
  follows it looks like a segment.
- Segment ids in small letters are read as capitals. Anything that is no segment id is Unreadable.
- Trailing empty fields, components and repetitions are as if they were not there; `^^^` is empty; `""` is *delete*.
- White space around a value is not part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from gateway.domain.identifier import Identifier
from gateway.errors import SegmentOrder, TooLarge, Unreadable
from gateway.translate.hl7v2.escape import unescaper
from gateway.translate.hl7v2.header import Delimiters, Header

NULL = '""'
ABSENT = "\0"  # stands for a delimiter that this sender does not use; charset.py leaves no NUL in the text
# Segments that the roles, notes and observations after them belong to.
ANCHORS = frozenset("PID PV1 PR1 IN1 MRG SCH AIS AIG AIL AIP RF1 PRD ORC OBR TXA".split())
CITIZEN = frozenset({"PID", "PV1"})  # those whose roles are about the citizen and not about a procedure or a payer
GROUPED = frozenset({"ROL", "PRT", "NTE", "OBX"})
OWNERS = frozenset({"PRB", "GOL", "PTH"})  # segments that open a group of a care plan message (groups.py)
HOLDERS = OWNERS | {"ORC"}  # and orders inside such groups

# Fields and components that are always there to be asked for, so that compiled paths need no test of the length.
FIELDS = 56
COMPONENTS = 24
# More than any real message has. Every segment and repetition costs a hundred times its bytes once it is split.
MOST_SEGMENTS = 10_000
MOST_REPETITIONS = 1_000

_NO_FIELDS = [""] * FIELDS
_SEVERAL: list[Any] = [object()] * FIELDS
_NO_TEXTS = [""] * COMPONENTS

_USUAL = frozenset("EVN PID PD1 ROL NK1 PV1 PV2 DB1 OBX AL1 DG1 PR1 GT1 IN1 IN2 IN3 MRG".split())
_BREAK = re.compile(r"\r\n?|\n(?=[A-Za-z][A-Za-z0-9]{2}(?:[^\w\s]|[\r\n]|$))")


class Marks:
    """The delimiters of one message, and what undoes its escapes."""

    __slots__ = ("component", "empty", "escape", "odd", "repetition", "subcomponent", "unescape")

    def __init__(self, delimiters: Delimiters, codec: str) -> None:
        self.component = delimiters.component or ABSENT
        self.repetition = delimiters.repetition or ABSENT
        self.subcomponent = delimiters.subcomponent or ABSENT
        self.escape = delimiters.escape or ABSENT
        self.empty = f"{self.component}{self.subcomponent} "
        self.unescape = unescaper(delimiters, codec)
        marks = re.escape(f"{self.component}{self.repetition}{self.subcomponent}{self.escape}")
        self.odd = re.compile(f'[{marks}"]').search  # anything that needs more than being read

    def plain(self, raw: str) -> str:
        """The text that a sub-component stands for: escapes undone, `""` as nothing."""
        if self.escape in raw:
            return self.unescape(raw).strip()
        return raw.strip() if raw != NULL else ""

    def head(self, part: str) -> str:
        """The text of a component; of a composite its first sub-component."""
        return self.plain(part.split(self.subcomponent, 1)[0] if self.subcomponent in part else part)


_marks = lru_cache(maxsize=64)(Marks)


class Fields(dict[str, list[str]]):
    """The fields of the first segment of each name; of a segment that is not there, empty ones."""

    def __missing__(self, name: str) -> list[str]:
        return _NO_FIELDS


class Message:
    """One message: `segments` in order, `named[name]` by name, `first[name]`. `at` are the fields of the first of a
    name, `sole` those of the only one: of several no text, but something. `citizen`, `former` (whom a merge ends) and
    `visit` are the keys that language.py finds before the rules run; keys of everything else are scoped by them.
    """

    __slots__ = (
        "at", "citizen", "first", "former", "groups", "keys", "named", "numbers", "odd", "segments", "several", "sole",
        "text", "visit",
    )  # fmt: skip

    def __init__(self, text: str, marks: Marks) -> None:
        self.text = text
        self.odd = marks.odd
        self.citizen = ""
        self.former = ""
        self.visit = ""
        self.keys: dict[tuple[str | None, ...], str] = {}  # of diagnoses, by how DG1 writes them
        self.groups: dict[tuple[str, int], Any] = {}  # the group that a segment opens or stands in (groups.py)
        self.numbers: dict[str, Identifier] = {}  # the citizen's, by how PID-3 writes them
        self.segments: list[Segment] = []
        self.named: dict[str, list[Segment]] = {}
        self.first: dict[str, Segment] = {}
        self.at = Fields()
        self.sole = Fields()
        self.several: set[str] = set()  # the names that occur more than once

    def all(self, name: str, anchors: Collection[str] = ()) -> Sequence[Segment]:
        """The segments of one name: all of them, or those that follow one of the segments `anchors`."""
        found = self.named.get(name)
        if found is None:
            return ()
        return [segment for segment in found if segment.anchor in anchors] if anchors else found

    def value(self, name: str, field: int, component: int = 1) -> str:
        """One value of the first segment of this name, `""` when it is not there. `field` is less than FIELDS."""
        text = self.at[name][field]
        if not text or (component == 1 and text.isalnum()):  # most
            return text
        segment = self.first[name]
        return segment.head(field, text) if component == 1 else segment.value(field, component)


class Segment(Struct, eq=False):  # a Struct is made in a third of the time that a class of Python's takes
    """One segment. `fields[n]` is field n as it stands, empty ones included up to FIELDS at least; `number` counts
    the segments of this name from 1. `cut` are the fields that were split. `inner` are the segments of the group that
    it opens, found by groups.py."""

    name: str
    fields: list[str]
    number: int
    anchor: str
    marks: Marks
    odd: Callable[[str], re.Match[str] | None]
    cut: dict[int, Sequence[Repetition]] = field(default_factory=dict)
    inner: list[Segment] = field(default_factory=list)

    def raw(self, field: int) -> str:
        """A field as it stands in the message."""
        return self.fields[field] if field < len(self.fields) else ""

    def repetitions(self, field: int) -> Sequence[Repetition]:
        """The repetitions that hold something: not `""`, not `^^^`. Split once, kept."""
        if field >= len(self.fields) or not self.fields[field]:
            return ()
        found = self.cut.get(field)
        return self.split(field) if found is None else found

    def split(self, field: int) -> Sequence[Repetition]:
        """As `repetitions`, for a field that is not empty."""
        marks, raw = self.marks, self.fields[field]
        found: Sequence[Repetition] = ()
        if marks.repetition in raw:
            repeated = raw.split(marks.repetition, MOST_REPETITIONS)
            if len(repeated) > MOST_REPETITIONS:
                raise TooLarge(f"A field repeats more than {MOST_REPETITIONS} times", where=self.place(field))
            found = [
                Repetition(text, marks, (self.name, self.number, field, index))
                for index, text in enumerate(repeated, 1)
                if text and (text[0].isalnum() or _says(text, marks))
            ]
        elif raw[0].isalnum() or _says(raw, marks):
            found = (Repetition(raw, marks, (self.name, self.number, field, 1)),)
        self.cut[field] = found
        return found

    def value(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """The first text there is in the repetitions of a field at this component and sub-component."""
        text = self.fields[field] if field < len(self.fields) else ""
        if component == subcomponent == 1:
            return text if text.isalnum() else self.head(field, text)
        return self._inner(field, text, component, subcomponent) if text else ""

    def head(self, field: int, text: str) -> str:
        """What field number `field`, whose `text` is more than letters and digits, says first."""
        if self.odd(text) is None:
            return text.strip()
        code = text.partition(self.marks.component)[0]
        return code if code.isalnum() else self._inner(field, text, 1, 1)  # mostly a code, with its name behind it

    def _inner(self, field: int, text: str, component: int, subcomponent: int) -> str:
        marks = self.marks
        if marks.repetition in text:
            found = (repetition.value(component, subcomponent) for repetition in self.repetitions(field))
            return next(filter(None, found), "")
        if marks.component in text:
            text = _nth(text, marks.component, component)
        elif component > 1:
            return ""
        if marks.subcomponent in text:
            text = _nth(text, marks.subcomponent, subcomponent)
        elif subcomponent > 1:
            return ""
        return marks.plain(text) if text else ""

    def place(self, field: int = 0, *rest: int) -> str:
        """`PID^1^3^2^4`: segment, its occurrence, field, repetition, component, sub-component."""
        places = (self.number, field, *rest) if field else (self.number,)
        return "^".join((self.name, *map(str, places)))


class Repetition(Struct, eq=False):
    """One repetition of a field; what `for: PID-3` gives to its rules.

    `raw` is the repetition as it stands. `texts` are what its components say (of a composite its first sub-component)
    and COMPONENTS empty texts more; None until the first `said()`: what is only looked up whole is never split. It
    knows its place (`spot`) but not its segment: a tree without cycles is freed at once.
    """

    raw: str
    marks: Marks
    spot: tuple[str, int, int, int]
    texts: list[str] | None = None

    def said(self) -> list[str]:
        """`texts`, split when that was not done yet."""
        if self.texts is None:
            marks, text = self.marks, self.raw
            inner, parts = marks.subcomponent, text.split(marks.component)
            if marks.escape in text or '"' in text:
                parts = [part and marks.head(part) for part in parts]
            elif inner in text:
                parts = [part.split(inner, 1)[0].strip() if inner in part else part.strip() for part in parts]
            elif " " in text:
                parts = [part.strip() for part in parts]
            self.texts = parts + _NO_TEXTS
        return self.texts

    def value(self, component: int, subcomponent: int = 1) -> str:
        """The text of a sub-component; of a plain component, sub-component 1 is the whole."""
        if subcomponent == 1:
            texts = self.said()
            return texts[component - 1] if component <= len(texts) else ""
        pieces = self.subcomponents(component)
        return pieces[subcomponent - 1] if subcomponent <= len(pieces) else ""

    def part(self, component: int) -> str:
        """A component as it stands."""
        return _nth(self.raw, self.marks.component, component)

    def subcomponents(self, component: int) -> list[str]:
        """The texts of a component's sub-components, empty ones included."""
        part, marks = self.part(component), self.marks
        return [marks.plain(piece) for piece in part.split(marks.subcomponent)] if part else []

    def holds(self, component: int) -> bool:
        """Whether anything is said in a component: more than delimiters and `""`."""
        return _says(self.part(component), self.marks)

    def place(self, *rest: int) -> str:
        """`PID^1^3^2` and, if given, component and sub-component."""
        return "^".join(map(str, (*self.spot, *rest)))


class Component:
    """One component, split into sub-components; what `for: .5` gives to its rules."""

    __slots__ = ("number", "repetition")

    def __init__(self, repetition: Repetition, number: int) -> None:
        self.repetition = repetition
        self.number = number

    def value(self, subcomponent: int = 1) -> str:
        """The text of a sub-component."""
        return self.repetition.value(self.number, subcomponent)


def parse(text: str, header: Header, codec: str) -> Message:
    """The message as a tree. Raises Unreadable and SegmentOrder with their place; time is linear in its length."""
    marks = _marks(header.delimiters, codec)
    message = Message(text, marks)
    mark = header.delimiters.field
    segments, named, first, at, sole = message.segments, message.named, message.first, message.at, message.sole
    anchor, odd = "", marks.odd
    lines = _lines(text)
    if len(lines) > MOST_SEGMENTS:
        raise TooLarge(f"A message has more than {MOST_SEGMENTS} lines", where="MSH^1")
    for line in lines:
        fields = line.split(mark)
        name = fields[0]
        if name not in _USUAL:
            name = _segment_id(name)
            if not name:
                if not line.strip():
                    continue
                text = f"Line {lines.index(line) + 1}, after the segment named here, does not begin with a segment id"
                raise Unreadable(text, where=f"{segments[-1].name}^{segments[-1].number}" if segments else "MSH^1")
            if name == "MSH":
                fields.insert(1, mark)
        if name in ANCHORS:
            anchor = name
        fields += _NO_FIELDS
        if name in named:
            same = named[name]
            segment = Segment(name, fields, len(same) + 1, anchor, marks, odd)
            same.append(segment)
            message.several.add(name)
            sole[name] = _SEVERAL
        else:
            segment = first[name] = Segment(name, fields, 1, anchor, marks, odd)
            named[name] = [segment]
            at[name] = sole[name] = fields
        segments.append(segment)
    if "MSH" in message.several:
        hint = "Send each message by itself, or all as a batch (FHS, BHS)."
        raise SegmentOrder("A second MSH stands inside the message", where="MSH^2", hint=hint)
    if "PRT" in named:
        _of_observations(segments)
    return message


def _of_observations(segments: list[Segment]) -> None:
    """A PRT right behind an observation tells who made that, not who is around the citizen."""
    before = ""
    for segment in segments:
        if segment.name != "PRT":
            before = segment.name
        elif before == "OBX":
            segment.anchor = before


def fields(message: Message) -> Iterator[tuple[Segment, int, int, int]]:
    """Every place that holds a value: segment, field, component, sub-component; 0 where nothing is split."""
    for segment in message.segments:
        first = 3 if segment.name == "MSH" else 1
        for number in range(first, len(segment.fields)):
            for repetition in segment.repetitions(number):
                parts = repetition.raw.split(segment.marks.component)
                if len(parts) == 1 and len(repetition.subcomponents(1)) == 1:
                    yield segment, number, 0, 0
                    continue
                for component in range(1, len(parts) + 1):
                    pieces = repetition.subcomponents(component)
                    if len(pieces) == 1 and pieces[0]:
                        yield segment, number, component, 0
                    elif len(pieces) > 1:
                        for piece, text in enumerate(pieces, 1):
                            if text:
                                yield segment, number, component, piece


def _says(text: str, marks: Marks) -> bool:
    """Whether there is more than delimiters, blanks and `""`."""
    if not text or text == NULL:
        return False
    if '"' not in text:
        return bool(text.strip(marks.empty))
    pieces = (piece for part in text.split(marks.component) for piece in part.split(marks.subcomponent))
    return any(piece.strip() not in ("", NULL) for piece in pieces)


def _nth(text: str, mark: str, number: int) -> str:
    parts = text.split(mark, number)
    return parts[number - 1] if number <= len(parts) else ""


def _lines(text: str) -> list[str]:
    if "\n" not in text:
        return text.split("\r")
    return _BREAK.split(text.replace("\r\n", "\r").rstrip("\r\n"))


def _segment_id(text: str) -> str:
    """The segment id in capitals, empty when it is none."""
    name = text.strip().upper() if len(text) <= 8 else ""
    return name if len(name) == 3 and name.isascii() and name.isalnum() and name[0].isalpha() else ""
