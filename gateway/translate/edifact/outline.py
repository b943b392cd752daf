"""What a receipt needs to know of an interchange, from any bytes: also from those that are none.

Nothing is checked and nothing is raised: the receipt of a broken interchange names what of it could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from gateway.errors import GatewayError
from gateway.translate.edifact.service import STANDARD, Service, service_of
from gateway.translate.oioxml.writing import NS_2005, add, cut, element

UNKNOWN = "ukendt"
_VERSION = re.compile(r"[DHRBPQC]\d{4}[A-Z]", re.ASCII)
_MOST = 99
_LOOKED_AT = 20_000  # segments
_LONGEST = 2_000  # characters of one that is looked into


def outline(raw: bytes) -> etree._Element:
    """A letter tree with envelope, sender, receiver and the letters' numbers and versions, nothing else.

    A letter that is a receipt stands in it as one: those are never answered.
    """
    segments = list(islice(_segments(raw), _LOOKED_AT))
    header = next((one for one in segments if one[0][0] == "UNB"), [["UNB"]])
    root = element(NS_2005, "Emessage")
    envelope = add(root, "Envelope")
    add(envelope, "Identifier", cut(_said(header, 5), 14) or UNKNOWN)
    add(envelope, "AcknowledgementCode", "pluspositivkvitt" if _said(header, 9) == "1" else "minuspositivkvitt")
    letters = [one for one in segments if one[0][0] == "UNH"][:_MOST]
    for letter in letters or [[["UNH"]]]:
        version = _said(letter, 2, 5)
        receipt = _said(letter, 2) == "CONTRL"
        node = add(root, ("PositiveReceipt" if receipt else "ClinicalEmail"))
        about = add(node, "Letter")
        add(about, "Identifier", cut(_said(letter, 1), 14))
        add(about, "VersionCode", version if _VERSION.fullmatch(version) else UNKNOWN)
        add(add(node, "Sender"), "EANIdentifier", cut(_said(header, 2), 35) or UNKNOWN)
        add(add(node, "Receiver"), "EANIdentifier", cut(_said(header, 3), 35) or UNKNOWN)
    return root


def _segments(raw: bytes) -> Iterator[list[list[str]]]:
    """UNB and UNH segments as lists of components, as far as the bytes can be parted."""
    try:
        service, at = service_of(raw)
    except GatewayError:
        service, at = STANDARD, max(raw.find(b"UNB"), 0)
    text = raw.decode("ascii", "replace").replace("\ufffd", "-")  # no number is written with anything else
    while at < len(text):
        found = service.segment.match(text, at)
        end = found.end() if found else len(text)
        written = text[at : min(end, at + _LONGEST)].strip()
        if written[:3] in ("UNB", "UNH"):
            yield _parted(service, written)
        at = end + 1


def _parted(service: Service, written: str) -> list[list[str]]:
    return [
        [service.plain(part) for part in service.split(element, service.component)]
        for element in service.split(written, service.element)
    ]


def _said(segment: list[list[str]], number: int, component: int = 1) -> str:
    parts = segment[number] if number < len(segment) else []
    return parts[component - 1].strip() if component <= len(parts) else ""
