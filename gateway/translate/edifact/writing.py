"""A letter tree to an interchange, by the `writes:` of its table: release characters, counts and references come right.

What is written is UNOC with the standard's own separators; a text can hold none of them unreleased, nor a control
character, whatever it held before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lxml import etree

from gateway.errors import UnknownCode, UnknownMessage
from gateway.translate.edifact.service import STANDARD, Service
from gateway.translate.edifact.table import LetterTable
from gateway.translate.edifact.templates import Each, Filter, Line, Piece
from gateway.translate.edifact.words import LINES, in_latin, lines_of
from gateway.translate.oioxml import tree

Elements = list[list[str]]
_UNA = b"UNA:+.? '"
_FRAME = 2  # UNH and UNT count as segments of their message


def written(root: etree._Element, tables: Mapping[str, LetterTable]) -> bytes:
    """The tree as an interchange. Raises UnknownMessage for a letter that no table writes, UnknownCode."""
    by_kind = {one.becomes: one for one in tables.values() if one.writes}
    envelope = tree.part(root, "Envelope")
    letters = [node for node in root if node is not envelope]
    messages = []
    header: Elements = []
    for letter in letters:
        kind = tree.name(letter)
        if kind not in by_kind or envelope is None:
            raise UnknownMessage("This letter is not written in EDIFACT.", where=tree.place(letter))
        first, *message = _segments(by_kind[kind].writes, letter, letter)
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


def _segment(elements: Elements, service: Service = STANDARD) -> bytes:
    """One segment: nothing empty at its end, everything with a meaning released."""
    parts = [service.component.join(_trimmed([service.released(in_latin(one)) for one in each])) for each in elements]
    return (service.element.join(_trimmed(parts)) + service.terminator).encode("latin-1")


def _trimmed(parts: list[str]) -> list[str]:
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _segments(lines: Iterable[Line | Each], letter: etree._Element, scope: etree._Element) -> Iterator[Elements]:
    for line in lines:
        if isinstance(line, Each):
            for node in tree.parts(scope, *line.path):
                yield from _segments(line.lines, letter, node)
        else:
            yield from _of_line(line, letter, scope)


def _of_line(line: Line, letter: etree._Element, scope: etree._Element) -> Iterator[Elements]:
    """The segment of a line; one for every five lines of its text."""
    variables = [piece for element in line.elements for part in element for piece in part if piece.path]
    if line.optional and not any(_said(piece, letter, scope) for piece in variables):
        return
    texts = [piece for piece in variables if any(one.name == "lines" for one in piece.filters)]
    if not texts:
        yield [["".join(_text(p, letter, scope) for p in part) for part in element] for element in line.elements]
        return
    components = lines_of(_said(texts[0], letter, scope))
    for at in range(0, len(components), LINES):
        whole: Elements = []
        for element in line.elements:
            if any(piece is texts[0] for part in element for piece in part):
                whole.append(components[at : at + LINES])
            else:
                whole.append(["".join(_text(piece, letter, scope) for piece in part) for part in element])
        yield whole


def _said(piece: Piece, letter: etree._Element, scope: etree._Element) -> str:
    if piece.path[0] == "Envelope":
        return tree.said(letter.getparent(), *piece.path)
    return tree.said(scope if piece.below else letter, *piece.path)


def _text(piece: Piece, letter: etree._Element, scope: etree._Element) -> str:
    if not piece.path:
        return piece.literal
    text = " ".join(_said(piece, letter, scope).split())
    for one in piece.filters:
        text = _filtered(one, text, piece)
    return text


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
