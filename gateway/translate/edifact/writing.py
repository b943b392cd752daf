"""A letter tree to an interchange, by the `writes:` of its table: release characters, counts and references come right.

What is written is UNOC with the standard's own separators; a text can hold none of them unreleased, nor a control
character, whatever it held before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from gateway.errors import UnknownCode, UnknownMessage
from gateway.translate.edifact.delimiters import STANDARD, Delimiters
from gateway.translate.edifact.table import LetterTable
from gateway.translate.edifact.templates import Each, Filter, Line, Piece
from gateway.translate.edifact.words import LINES, in_latin, lines_of
from gateway.translate.oioxml import tree

Elements = list[list[str]]
_UNA = b"UNA:+.? '"
_TOLD_BY_UNH = frozenset({"VersionCode", "StatisticalCode", "TypeCode"})
_FRAME = 2  # UNH and UNT count as segments of their message


def written(root: etree._Element, tables: Mapping[str, LetterTable]) -> bytes:
    """The tree as an interchange.

    Raises UnknownMessage for a letter that no table writes and for an element that its table has no place for,
    UnknownCode for a word without a code.
    """
    by_kind = {one.becomes: one for one in tables.values() if one.writes}
    envelope = tree.part(root, "Envelope")
    letters = [node for node in root if node is not envelope]
    messages = []
    header: Elements = []
    for letter in letters:
        kind = tree.name(letter)
        if kind not in by_kind or envelope is None:
            raise UnknownMessage("This letter is not written in EDIFACT.", where=tree.place(letter))
        writer = _Writer(root, letter)
        first, *message = writer.segments(by_kind[kind].writes, letter)
        writer.check_whole()
        header = header or first
        messages.append(message)
    return composed(header, messages)


def composed(header: Elements, messages: Iterable[list[Elements]]) -> bytes:
    """UNB, the messages (each from UNH on, UNT not there yet) and UNZ, as bytes."""
    out = [header]
    count = 0
    for message in messages:
        count += 1
        out += message
        out.append([["UNT"], [str(len(message) + _FRAME - 1)], message[0][1]])
    out.append([["UNZ"], [str(count)], header[5]])
    return _UNA + b"\n" + b"\n".join(_segment(one) for one in out) + b"\n"


def _segment(elements: Elements, delimiters: Delimiters = STANDARD) -> bytes:
    """One segment: nothing empty at its end, everything with a meaning released."""
    parts = [
        delimiters.component.join(_trimmed([delimiters.released(in_latin(one)) for one in each])) for each in elements
    ]
    return (delimiters.element.join(_trimmed(parts)) + delimiters.terminator).encode("latin-1")


def _trimmed(parts: list[str]) -> list[str]:
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


class _Writer:
    """Writes the lines of one letter, and remembers which of its elements they read."""

    def __init__(self, root: etree._Element, letter: etree._Element) -> None:
        self.root = root
        self.letter = letter
        self.read: set[etree._Element] = set()

    def segments(self, lines: Iterable[Line | Each], scope: etree._Element) -> Iterator[Elements]:
        """The segments of these lines; `scope` is the element that `for` chose."""
        for line in lines:
            if isinstance(line, Each):
                for node in tree.parts(scope, *line.path):
                    yield from self.segments(line.lines, node)
            else:
                yield from self._of_line(line, scope)

    def check_whole(self) -> None:
        """Raises UnknownMessage for an element that holds something and was not written: nothing is lost unseen."""
        waiting = list(self.letter)
        while waiting:
            node = waiting.pop()
            if node in self.read or tree.name(node) in _TOLD_BY_UNH:
                continue
            if len(node) and not (node.text or "").strip():
                waiting += node
            elif tree.worded(node):
                raise UnknownMessage("EDIFACT has no place for this.", where=tree.place(node))

    def _of_line(self, line: Line, scope: etree._Element) -> Iterator[Elements]:
        """The segment of a line; one for every five lines of its text."""
        pieces = [piece for element in line.elements for part in element for piece in part if piece.path]
        if line.optional and not any(self._said(piece, scope) for piece in pieces):
            return
        whole = [self._element(element, scope) for element in line.elements]
        running = next((at for at, element in enumerate(line.elements) if _runs(element)), 0)
        if not running:
            yield whole
            return
        components = lines_of(self._said(line.elements[running][0][0], scope))
        for at in range(0, len(components), LINES):
            yield [*whole[:running], components[at : at + LINES], *whole[running + 1 :]]

    def _element(self, element: tuple[tuple[Piece, ...], ...], scope: etree._Element) -> list[str]:
        """The components; an element of which nothing is there has no qualifiers either."""
        texts = [[self._text(piece, scope) for piece in part] for part in element]
        told = [
            text
            for part, found in zip(element, texts, strict=True)
            for p, text in zip(part, found, strict=True)
            if p.path
        ]
        return ["".join(part) for part in texts] if not told or any(told) else [""]

    def _said(self, piece: Piece, scope: etree._Element) -> str:
        start = scope if piece.below else self.letter
        if piece.path[0] == "Envelope":
            start = self.root
        for node in tree.parts(start, *piece.path):
            if text := tree.worded(node):
                self.read.add(node)
                return text
        return ""

    def _text(self, piece: Piece, scope: etree._Element) -> str:
        if not piece.path:
            return piece.literal
        text = " ".join(self._said(piece, scope).split())
        for one in piece.filters:
            text = _filtered(one, text, piece)
        return text


def _runs(element: tuple[tuple[Piece, ...], ...]) -> bool:
    """Whether it is a text that may take several segments."""
    return len(element) == 1 and len(element[0]) == 1 and any(one.name == "lines" for one in element[0][0].filters)


def _filtered(one: Filter, text: str, piece: Piece) -> str:
    if one.name == "digits":
        return "".join(char for char in text if char.isdecimal())
    if one.name == "short":
        return "".join(char for char in text if char.isdecimal())[2:]
    if one.name == "initial":
        return text.removeprefix("X")[:1]
    if one.table is None or not text:
        return text
    if one.name == "map":
        row = one.table.find_code(text)
        found = row.target_code if row else ""
    else:
        found = next((row.source_code for row in one.table.rows if row.target_code == text), "")
    if not found:
        hint = f"See mappings/codes/{one.table.name}.csv."
        raise UnknownCode("This word has no code in EDIFACT.", where="/".join(piece.path), hint=hint)
    return found
