"""What the tables may do with a place besides taking its text: a closed list, each both ways where letters are written.

Formatted text (MedCom's FTX): a component is a line; one that ends in a backslash goes on in the next; a component of
one full stop is an empty line, since an empty component would be cut off.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime

from lxml import etree

from gateway.translate.edifact.paths import Spot
from gateway.translate.edifact.segments import Segment

LINE = 70
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_PLAIN = str.maketrans(
    {"–": "-", "—": "-", "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "…": "...", "•": "-", "€": "EUR"}
)
LINES = 5
EMPTY_LINE = "."
GOES_ON = "\\"
_LENGTHS = {"102": 8, "203": 12, "204": 14}
_PARTS = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
_SHORT = {"101": 6, "201": 10, "202": 12}
_CENTURY = 50  # two-digit years below it are of this century
_STYLES = {"F": "Bold", "K": "Italic", "U": "Underline"}
_SIDES = {"M": "Center", "H": "Right"}
_FIXED = "F"
_CPR = re.compile(r"\d{10}", re.ASCII)


class Unfit(ValueError):
    """The text is not what the function reads; the exception's own text says what was expected, never the value."""


def _moment(spot: Spot) -> tuple[datetime, str]:
    """The date and time of a DTM element (qualifier, value, format) or of UNB's (date, time), and the format."""
    element = spot.element
    if spot.segment.tag == "UNB":
        value, form = spot.segment.said(element, 1) + spot.segment.said(element, 2), ""
        form = {10: "201", 12: "203"}.get(len(value), "")
    else:
        value, form = spot.segment.said(element, 2), spot.segment.said(element, 3)
    if len(value) == _SHORT.get(form) and value.isdecimal():
        century = "20" if int(value[:2]) < _CENTURY else "19"
        value, form = century + value, {"101": "102", "201": "203", "202": "204"}[form]
    if len(value) != _LENGTHS.get(form) or not value.isdecimal() or not value.isascii():
        raise Unfit("is no date and time in format 102, 203 or 204")
    year, month, day_, hour, minute, second = (int(value[at:end] or 0) for at, end in _PARTS)
    try:
        return datetime(year, month, day_, hour, minute, second), form  # noqa: DTZ001 - Danish time, as in OIOXML
    except ValueError:
        raise Unfit("is no date and time there is") from None


def day(spot: Spot) -> str:
    """2025-03-14."""
    return _moment(spot)[0].isoformat()[:10]


def clock(spot: Spot) -> str:
    """14:30; nothing of a mere date."""
    at, form = _moment(spot)
    return "" if form == "102" else at.isoformat()[11:16]


def seconds(spot: Spot) -> str:
    """14:30:00; nothing of a mere date."""
    at, form = _moment(spot)
    return "" if form == "102" else at.isoformat()[11:19]


def with_x(spot: Spot) -> str:
    """The name of a letter or version as OIOXML writes it: DIS20 is XDIS20."""
    return f"X{spot.text}" if spot.text else ""


def joined(spot: Spot) -> str:
    """All components of an element as one text."""
    return "".join(part.removesuffix(GOES_ON) for part in spot.segment.elements[spot.element]).strip()


def cpr(spot: Spot) -> str:
    """A CPR number, without its hyphen."""
    text = spot.text.replace("-", "")
    if not _CPR.fullmatch(text):
        raise Unfit("is no CPR number of ten digits")
    return text


def ten_digits(spot: Spot) -> str:
    """As `cpr`, but nothing where it is built otherwise: then `replacement` takes it."""
    text = spot.text.replace("-", "")
    return text if _CPR.fullmatch(text) else ""


def replacement(spot: Spot) -> str:
    """A number of ten characters instead of a CPR number; nothing where it is one."""
    text = spot.text.replace("-", "")
    if _CPR.fullmatch(text):
        return ""
    if len(text) != 10:
        raise Unfit("is neither a CPR number nor a replacement of ten characters")
    return text


def encoded(spot: Spot) -> str:
    """A package's bytes in base64."""
    return base64.b64encode(spot.segment.package).decode()


FUNCTIONS: dict[str, Callable[[Spot], str]] = {
    "date": day,
    "time": clock,
    "seconds": seconds,
    "x": with_x,
    "joined": joined,
    "base64": encoded,
    "cpr": cpr,
    "ten-digits": ten_digits,
    "replacement": replacement,
}
FORMATTED = "formatted"
"""The function that fills an element with text and Break instead of giving a text."""


def fill(node: etree._Element, segments: Sequence[Segment], namespace: str) -> None:
    """Put the text of FTX segments into an element: every line ends in a Break, as MedCom converts it."""

    def tag(name: str) -> str:
        return f"{{{namespace}}}{name}"

    for segment in segments:
        inside = _styled(node, segment.said(2), tag)
        for part in segment.elements[4] if len(segment.elements) > 4 else ():
            _append(inside, "" if part.strip() == EMPTY_LINE else part.removesuffix(GOES_ON))
            if not part.endswith(GOES_ON):
                etree.SubElement(inside, tag("Break"))


def _append(node: etree._Element, text: str) -> None:
    last = next(node.iterchildren(reversed=True), None)  # len() and [-1] count all children
    if last is not None:
        last.tail = (last.tail or "") + text
    else:
        node.text = (node.text or "") + text


def _styled(node: etree._Element, code: str, tag: Callable[[str], str]) -> etree._Element:
    """The element that a segment's text stands in: FTX element 2 is font, style and side, `P00` for plain."""
    fixed = "FixedFont" if code[:1] == _FIXED else ""
    for name in filter(None, (fixed, _SIDES.get(code[2:3], ""), _STYLES.get(code[1:2], ""))):
        node = etree.SubElement(node, tag(name))
    return node


def lines_of(text: str) -> list[str]:
    """A text's lines as components: at most 70 characters each, those that go on marked, empty ones a full stop."""
    components: list[str] = []
    for line in text.rstrip("\n").split("\n"):
        rest = line.rstrip() or EMPTY_LINE
        while len(rest) > LINE:
            cut = rest.rfind(" ", 1, LINE - 1) + 1 or LINE - 1  # after a blank, where there is one
            components.append(rest[:cut] + GOES_ON)
            rest = rest[cut:]
        # A backslash of the text itself must not be the last character, or the line would go on.
        components.append(rest + " " if rest.endswith(GOES_ON) else rest)
    return components


def in_latin(text: str) -> str:
    """The text with nothing but ISO 8859-1 and no control characters: what UNOC can carry.

    Typographic signs become their plain ones, letters lose marks that Latin-1 does not have; the rest is a question
    mark. This comes before release characters are put in, so that none of those is made here.
    """
    plain = _CONTROLS.sub(" ", text.translate(_PLAIN))
    if plain.isascii():
        return plain
    letters = "".join(one if one <= "\xff" else unicodedata.normalize("NFKD", one) for one in plain)
    bare = "".join(one for one in letters if not unicodedata.combining(one))
    return bare.encode("latin-1", "replace").decode("latin-1")
