"""Several letters in one Emessage: each is received by itself, so that one that is refused keeps no other out. Their
receipts come back together, as MedCom's schema has it (EMessage.xsd: an envelope, then letters)."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from gateway.errors import GatewayError
from gateway.translate import vans
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.letter import ROOT
from gateway.translate.oioxml.writing import written

_LETTER = re.compile(rb"<(?:[\w.-]+:)?Letter[\s>]")


@dataclass(frozen=True, slots=True)
class Several:
    """The letters of one Emessage, each as an Emessage of its own. `envelope` is the network's, where there was one."""

    messages: Sequence[bytes]
    envelope: vans.Envelope | None

    def answer(self, answers: Sequence[bytes], now: datetime) -> bytes:
        """The receipts among the answers in one Emessage; b"" where there are none."""
        told = [tree.read(one) for one in answers if one]
        receipts = [root for root in told if tree.name(root) == ROOT]
        if not receipts:
            return next((one for one in answers if one), b"")
        for root in receipts[1:]:
            receipts[0].extend(node for node in root if tree.name(node) != "Envelope")
        return vans.answer(self.envelope, written(receipts[0]), "XML", "XCTL", now)


def several(raw: bytes) -> Several | None:
    """The letters in these bytes, when they are more than one; None for everything else, whatever it is."""
    found = vans.safely_opened(raw)
    if len(_LETTER.findall(found.content)) < 2:
        return None
    try:
        root = tree.read(found.content)
    except GatewayError:
        return None
    letters = [node for node in root if tree.name(node) not in ("Envelope", "Local_Elements")]
    if tree.name(root) != ROOT or len(letters) < 2:
        return None
    return Several([_alone(root, letter) for letter in letters], found.envelope)


def _alone(root: etree._Element, letter: etree._Element) -> bytes:
    names: Any = root.nsmap
    made = etree.Element(root.tag, nsmap=names)
    made.extend(copy.deepcopy(node) for node in root if node is letter or tree.name(node) == "Envelope")
    return written(made)
