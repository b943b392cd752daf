"""What a registration is made of: each property, state and relation is a part with a slot and a time of its own
(gateway/domain/registered.py folds them)."""

from __future__ import annotations

from datetime import tzinfo

from gateway.domain.registered import Part
from gateway.domain.statement import Body
from gateway.translate.oio.case import DOKUMENT, SAG
from gateway.translate.oio.effect import effect_of
from gateway.translate.oio.notes import number
from gateway.translate.oio.roles import Roles, reference_of
from gateway.translate.oio.tree import Node

# The states in the order of a life: those of a case in 1.2.STS-4, of which v6 has four, of a document, of an effort.
LIFE = ("Opstaaet", "Oplyst", "Afgjort", "Bestilt", "Udfoert", "Afsluttet")
_DOCUMENT_LIFE = (
    "Modtaget", "Fordelt", "Underudarbejdelse", "Underreview", "Publiceret", "Endeligt", "Afleveret",
)  # fmt: skip
_EFFORT_LIFE = ("Uoplyst", "Visiteret", "Disponeret", "Leveret", "Vurderet")
_RANKS = {code: rank for life in (LIFE, _DOCUMENT_LIFE, _EFFORT_LIFE) for rank, code in enumerate(life)}
_LAST = LIFE[-1]

_OBJECTS = frozenset({SAG, DOKUMENT, "Indsats"})
# What there is one of at a time, and the case cannot be understood without: where none is in force the last one counts.
_NEEDED = frozenset({"Egenskaber", "SagIndeksEgenskaber", "Ejer", "PrimaerKlasse", "Handlingsklasse"})
# There is at most one of each, whatever type of thing it leads to: a new one takes the old one's place.
_ALONE = _NEEDED | {
    "Ansvarlig", "PrimaerBehandler", "UdlaantTil", "Bopaelskommune", "Ydelsesmodtager", "Oversag", "Praecedens",
    "Master",
}  # fmt: skip
_HISTORY = frozenset({"Sagsaktoer", "Sagspart"})
# Who narrows from tomorrow on narrows now; a note that was registered before its time is there.
_AHEAD = frozenset({"Sikkerhedsprofil", "Journalpost"})


def part_of(node: Node, body: Body, roles: Roles, timezone: tzinfo) -> Part:
    """The part that a rule made of an element."""
    if node.name in _OBJECTS:
        return {"slot": "", "keep": "all", "body": body}
    if node.part is None:
        node.part = _told_of(node, roles, timezone)
    part = node.part.copy()
    part["body"] = body
    return part


def _told_of(node: Node, roles: Roles, timezone: tzinfo) -> Part:
    name, role, reference = node.name, roles.of(node), reference_of(node)
    code = node.said("FremdriftStatusKode")
    made: Part = {
        "slot": _slot(node, role, reference), "keep": _keep(name, role), "what": code or reference, "body": {},
    }  # fmt: skip
    if name == "Fremdrift":
        made["state"] = [_RANKS.get(code, len(LIFE)), code == _LAST]
    made.update(effect_of(node, timezone).part)
    return made


def _slot(node: Node, role: str, reference: str) -> str:
    if role in _ALONE:
        return f"{node.name}|{role}"
    if not (reference or node.has("Rolle") or node.has("ReferenceID")):
        return node.name
    index = node.said("Indeks") or (number(node, "") if node.name == "Journalpost" else reference)
    return f"{node.name}|{reference_of(node, 'Rolle')}|{reference_of(node, 'Type')}|{index}"


def _keep(name: str, role: str) -> str:
    if name in _NEEDED or role in _NEEDED:
        return "one"
    if name in _AHEAD:
        return "ahead"
    return "all" if name in _HISTORY else "now"
