"""What a receipt needs to know of an interchange, from any bytes: also from those that are none.

Nothing is checked and nothing is raised: the receipt of a broken interchange names what of it could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from gateway.errors import GatewayError
from gateway.translate.edifact.delimiters import STANDARD, delimiters_of
from gateway.translate.edifact.interchange import interchange
from gateway.translate.oioxml.writing import NS_2005, add, cut, element

Elements = tuple[tuple[str, ...], ...]
UNKNOWN = "ukendt"
_VERSION = re.compile(r"[DHRBPQC]\d{4}[A-Z]", re.ASCII)
_MOST = 99
_LOOKED_AT = 20_000  # segments
_LONGEST = 2_000  # characters of one that is looked into


def outline(raw: bytes) -> etree._Element:
    """A letter tree with envelope, sender, receiver and the letters' numbers and versions, nothing else.

    A letter that is a receipt stands in it as one: those are never answered.
    """
    segments = _frames(raw)
    header = next((one for one in segments if one[0][0] == "UNB"), (("UNB",),))
    root = element(NS_2005, "Emessage")
    envelope = add(root, "Envelope")
    add(envelope, "Identifier", cut(_said(header, 5), 14) or UNKNOWN)
    add(envelope, "AcknowledgementCode", "pluspositivkvitt" if _said(header, 9) == "1" else "minuspositivkvitt")
    letters = [one for one in segments if one[0][0] == "UNH"][:_MOST]
    for letter in letters or [(("UNH",),)]:
        version = _said(letter, 2, 5)
        receipt = _said(letter, 2) == "CONTRL"
        node = add(root, ("PositiveReceipt" if receipt else "ClinicalEmail"))
        about = add(node, "Letter")
        add(about, "Identifier", cut(_said(letter, 1), 14))
        add(about, "VersionCode", version if _VERSION.fullmatch(version) else UNKNOWN)
        add(add(node, "Sender"), "EANIdentifier", cut(_said(header, 2), 35) or UNKNOWN)
        add(add(node, "Receiver"), "EANIdentifier", cut(_said(header, 3), 35) or UNKNOWN)
    return root


def _frames(raw: bytes) -> list[Elements]:
    """UNB and every UNH: those of a whole interchange, else what looks like one."""
    try:
        whole = interchange(raw)
    except GatewayError:
        return list(islice(_segments(raw), _LOOKED_AT))
    return [whole.header.elements, *(message.header.elements for message in whole.messages)]


def _segments(raw: bytes) -> Iterator[Elements]:
    """UNB and UNH segments as lists of components, as far as the bytes can be parted."""
    try:
        delimiters, at = delimiters_of(raw)
    except GatewayError:
        delimiters, at = STANDARD, max(raw.find(b"UNB"), 0)
    text = raw.decode("latin-1")
    while at < len(text):
        found = delimiters.segment.match(text, at)
        end = found.end() if found else len(text)
        written = text[at : min(end, at + _LONGEST)].strip()
        if written[:3] in ("UNB", "UNH"):
            yield delimiters.elements(written)
        at = end + 1


def _said(segment: Elements, number: int, component: int = 1) -> str:
    parts = segment[number] if number < len(segment) else ()
    text = parts[component - 1].strip() if component <= len(parts) else ""
    return "".join(one if one.isascii() else "-" for one in text)  # no number is written with anything else
