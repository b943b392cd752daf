"""Cases of several citizens in one message: each citizen's are received by themselves.

An index is filled and emptied in bulk: ImporterSagDokumentIndeksInput, OpdaterSagDokumentIndeksInput and
FjernSagDokumentIndeksInput may hold cases of many citizens. One that is refused does not keep the others out, and the
answer has a line for each. Cases with the same primary party stay together, and a document with the first case on which
it lies; what names no party goes alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import etree

from gateway.errors import GatewayError
from gateway.translate import xml
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.tree import Node
from gateway.translate.oio.walk import of_element

_WRAPPER = re.compile(rb"<(?:[\w.-]+:)?(?:Importer|Opdater|Ret|Fjern)SagDokumentIndeksInput\b")
_THING = re.compile(rb"<(?:[\w.-]+:)?(?:Opdater|Ret)?(?:SagIndeks|DokumentIndeks|SagUuid)\b")
_WRAPPERS = tuple(f"{{*}}{verb}SagDokumentIndeksInput" for verb in ("Importer", "Opdater", "Ret", "Fjern"))
_CASES = frozenset({"SagIndeks", "OpdaterSagIndeks", "RetSagIndeks"})
_DOCUMENTS = frozenset({"DokumentIndeks", "OpdaterDokumentIndeks", "RetDokumentIndeks"})
_NAMES = _CASES | _DOCUMENTS | {"SagUuid"}


@dataclass(frozen=True, slots=True)
class Several:
    """The messages of one, one for each citizen."""

    messages: Sequence[bytes]

    def answer(self, answers: Sequence[bytes], now: datetime) -> bytes:
        """Their answers as one: a line for each case and document, in the order in which they were received."""
        roots = [etree.fromstring(one) for one in answers]
        wrapped = [root for root in roots if xml.local(root.tag).endswith("Output")]
        if not wrapped:
            return answers[0]
        first = wrapped[0]
        for root in wrapped[1:]:
            first.extend(list(root))
        return etree.tostring(first, xml_declaration=True, encoding="UTF-8")


def several(raw: bytes, roles: Roles) -> Several | None:
    """The messages in one that tells of several citizens; None for every other, and for what cannot be read: then it is
    refused as it is."""
    if not _WRAPPER.search(raw) or len(_THING.findall(raw)) < 2:
        return None
    try:
        wrapper = next(xml.parse(raw).iter(*_WRAPPERS), None)
    except GatewayError:
        return None
    things = [child for child in wrapper if xml.local(child.tag) in _NAMES] if wrapper is not None else []
    return apart(wrapper, things, _grouped(things, roles)) if wrapper is not None else None


def apart(wrapper: etree._Element, things: Sequence[etree._Element], keys: Sequence[str]) -> Several | None:
    """A message for each key, with the things that have it; None where all have the same."""
    groups: dict[str, list[etree._Element]] = {}
    for key, thing in zip(keys, things, strict=True):
        groups.setdefault(key, []).append(thing)
    if len(groups) < 2:
        return None
    every = {id(thing) for thing in things}
    return Several([_alone(wrapper, every - {id(thing) for thing in group}) for group in groups.values()])


def _grouped(things: Sequence[etree._Element], roles: Roles) -> list[str]:
    """With whom each thing goes: its primary party, the case on which it lies, or itself."""
    nodes = [of_element(thing) for thing in things]
    lies: dict[str, str] = {}
    keys = []
    for number, node in enumerate(nodes):
        key = _party(node, roles) or f"alone {number}"
        if node.name in _CASES:
            for post in node.each(*_relations(node), "Journalpost"):
                lies.setdefault(post.said("ReferenceID", "UUIDIdentifikator"), key)
        keys.append(key)
    return [
        lies.get(node.said("UUIDIdentifikator"), key) if node.name in _DOCUMENTS and not _party(node, roles) else key
        for node, key in zip(nodes, keys, strict=True)
    ]


def _party(node: Node, roles: Roles) -> str:
    """Who its primary party is, by the last that has not ended; "" where it names none."""
    name = "Dokumentpart" if node.name in _DOCUMENTS else "Sagspart"
    parties = [one for one in node.each(*_relations(node), name) if roles.of(one) == "PrimaerPart"]
    lasting = [one for one in parties if not one.said("Virkning", "TilTidspunkt", "TidsstempelDatoTid")] or parties
    return "".join(part.text for one in lasting[-1:] for to in one.each("ReferenceID") for part in to.parts).lower()


def _relations(node: Node) -> tuple[str, ...]:
    return ("RelationListe",) if node.first("RelationListe") else ("Registrering", "RelationListe")


def _alone(wrapper: etree._Element, others: Collection[int]) -> bytes:
    """A message of its own without the things of others; what else stands in the wrapper goes with every one."""
    names: Any = wrapper.nsmap
    made = etree.Element(wrapper.tag, nsmap=names)
    for child in wrapper:
        if id(child) not in others:
            made.append(deepcopy(child))
    return etree.tostring(made, xml_declaration=True, encoding="UTF-8")
