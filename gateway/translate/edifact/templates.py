"""`writes:` of a letter's table: the segments that a letter tree becomes, as an integrator would write them.

    writes:
      - UNH+{Letter/Identifier}+MEDDIS:D:93A:UN:D9134L+DIS91
      - ? CON++{Sender/TelephoneSubscriberIdentifier}:TE
      - {for: ClinicalInformation, writes: [S14+14, "FTX+NC+P00++{./Text01|lines}"]}

`+` and `:` part elements and components. `{…}` is an element of the letter (`Envelope/…` the one beside it, `./` inside
`for`), `|` what becomes of its text: `digits`, `short` (a date without its century), `initial`, `lines` (text as FTX
components, in as many segments as it takes), `back:table` and `map:table` (a table of mappings/codes, read backwards
and forwards). Where an element of the segment names elements of the letter and none of them is there, its qualifiers
are left out as well; a line that begins with `? ` is left out whole. UNT and UNZ follow of themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.translate.oioxml.names import NAMES
from gateway.translate.rules.codes import Codes, CodeTable
from gateway.translate.rules.loader import Items, Node, Table, Text
from gateway.translate.rules.problems import Mark, Problems

_BRACES = re.compile(r"\{([^{}]*)\}")
_TAG = re.compile(r"[A-Z][A-Z0-9]{2}")
_OF_RECEIPTS = """OriginalEmessage OriginalEnvelopeIdentifier OriginalSender OriginalReceiver OriginalLetter
OriginalLetterIdentifier OriginalVersionCode RefuseCode RefuseText"""
ELEMENTS = NAMES | set(_OF_RECEIPTS.split())
"""Every element's name that a table may use."""
FILTERS = ("digits", "short", "initial", "lines")
_TABLES = ("map", "back")


@dataclass(frozen=True, slots=True)
class Filter:
    """What becomes of a text; `table` for `map` and `back`."""

    name: str
    table: CodeTable | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A literal text, or an element's with its filters; `below` is relative to the `for` around it."""

    literal: str = ""
    path: tuple[str, ...] = ()
    below: bool = False
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One segment; components are lists of pieces."""

    mark: Mark
    elements: tuple[tuple[tuple[Piece, ...], ...], ...]
    optional: bool

    @property
    def tag(self) -> str:
        """The segment's tag."""
        return self.elements[0][0][0].literal


@dataclass(frozen=True, slots=True)
class Each:
    """Lines that are written for every element of a path."""

    path: tuple[str, ...]
    lines: tuple[Line | Each, ...]


def read(nodes: Iterable[Node], codes: Codes, problems: Problems) -> tuple[Line | Each, ...]:
    """The lines of a `writes:`; errors are noted with file and line."""
    found: list[Line | Each] = []
    for node in nodes:
        if isinstance(node, Text):
            found.append(_line(node, codes, problems))
        elif isinstance(node, Table) and set(node.entries) == {"for", "writes"}:
            inside, path = node.entries["writes"], node.entries["for"]
            items = inside.items if isinstance(inside, Items) else (inside,)
            names = _names(path.value if isinstance(path, Text) else "", node.marks["for"], problems)
            found.append(Each(names, read(items, codes, problems)))
        else:
            problems.add(node.mark, "writes holds segments, and mappings of for and writes")
    return tuple(found)


def _line(node: Text, codes: Codes, problems: Problems) -> Line:
    text = node.value.strip()
    optional = text.startswith("? ")
    written = text.removeprefix("? ").strip()
    kept: list[Piece] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(_piece(found[1], node.mark, codes, problems))
        return f"\0{len(kept) - 1}\0"

    def pieces(component: str) -> tuple[Piece, ...]:
        parts = component.split("\0")
        return tuple(
            kept[int(p)] if at % 2 else Piece(p) for at, p in enumerate(parts) if at % 2 or p or len(parts) == 1
        )

    if re.search(r"\|lines\}(?![+]|$)|(?<![+])\{[^{}]*\|lines\}", written):
        problems.add(node.mark, "lines are an element of their own")
    parted = _BRACES.sub(keep, written.replace("\0", "")).split("+")
    elements = tuple(tuple(pieces(part) for part in element.split(":")) for element in parted)
    if not _TAG.fullmatch(elements[0][0][0].literal):
        problems.add(node.mark, f"{text.split('+')[0]} is no segment's tag")
    return Line(node.mark, elements, optional)


def _piece(text: str, mark: Mark, codes: Codes, problems: Problems) -> Piece:
    path, *filters = (part.strip() for part in text.split("|"))
    names = _names(path.removeprefix("./"), mark, problems)
    return Piece("", names, path.startswith("./"), tuple(_filter(one, mark, codes, problems) for one in filters))


def _names(text: str, mark: Mark, problems: Problems) -> tuple[str, ...]:
    names = tuple(text.split("/"))
    for name in names:
        if name not in ELEMENTS:
            problems.unknown(mark, "element", name, ELEMENTS)
    return names


def _filter(text: str, mark: Mark, codes: Codes, problems: Problems) -> Filter:
    name, _, table = text.partition(":")
    if name in _TABLES:
        if table not in codes.tables:
            problems.unknown(mark, "code table", table, codes.tables)
        return Filter(name, codes.tables.get(table))
    if text not in FILTERS:
        problems.unknown(mark, "filter", text, (*FILTERS, *(f"{one}:" for one in _TABLES)))
    return Filter(text)
