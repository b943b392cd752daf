"""LoRa JSON: bytes to statements, and LoRa's own answers back. Made once at start, pure afterwards.

Sag and Dokument become the tree that OIO XML becomes and go through the same rules (mappings/oio), so that one case
that came as XML and as JSON is one. Indsats has rules of its own (efforts.py, mappings/oio-json).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.domain.identifier import CVR, Identifier, bare
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.errors import GatewayError, RuleBroken
from gateway.translate import r4
from gateway.translate.languages import Known, Recalled
from gateway.translate.oio import roles
from gateway.translate.oio.language import Oio
from gateway.translate.oio.lora import answer, names, placed
from gateway.translate.oio.lora.efforts import Efforts
from gateway.translate.oio.lora.shape import INDSATS
from gateway.translate.oio.lora.tree import Object, read
from gateway.translate.oio.party import cvr_number, extension, organisation, read_urn
from gateway.translate.oio.tree import Node
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.rules.sources import ANYBODY
from gateway.translate.rules.trace import Explanation
from gateway.translate.translation import Finding, Translation

_NAME = "oio-json"
_NOBODY = "it names no owner or no citizen; it can be looked at and never kept"
_GUESSED = "it does not say when it was registered; the beginning of its newest effect stands for it"


class OioJson:
    """The language of `POST /cases/oio-json`. Its senders are those of OIO: one system may speak both."""

    def __init__(
        self,
        mappings: Path,
        sources: Iterable[Source],
        ids: Ids,
        codes: Codes | None = None,
        facts: r4.Facts | None = None,
    ) -> None:
        """Reads the rules in `mappings`; raises MappingError with everything that is wrong."""
        problems = Problems()
        codes = codes or Codes.read(mappings / "codes", problems)
        sources = tuple(sources)
        self._roles = roles.read(mappings / "oio" / "roles.csv", problems)
        self._names = names.read(mappings / _NAME / "names.csv", problems)
        self._efforts = Efforts(mappings, sources, ids, codes, facts or r4.facts(), self._roles, problems)
        problems.check()
        self._oio = Oio(mappings, sources, ids, codes, facts, _NAME)
        self._sources = [one for one in sources if one.language == "oio"]
        self._guest = next((one for one in self._sources if ANYBODY in one.senders), None)

    def translate(self, raw: bytes) -> Translation:
        """Bytes to statements. Raises GatewayError with its place (`relationer.primaerpart[0].urn`)."""
        return self.translate_known(raw, {})

    def translate_known(self, raw: bytes, known: Recalled) -> Translation:
        """As `translate`, for a message that names by number alone what was told before."""
        objects, known, nobody = self._read(raw, known)
        with placed.in_json(self._names, objects):
            if _of_one_kind(objects) == INDSATS:
                made = self._efforts.translate(objects, known)
            else:
                made = self._oio.of_tree(_document(objects), known)
        guessed = tuple(Finding(place, _GUESSED, severity="information") for one in objects for place in one.when)
        kind = objects[0].kind
        told = (replace(one, where=placed.place(one.where, self._names, kind)) for one in made.findings)
        return replace(made, language=_NAME, findings=(*nobody, *guessed, *told))

    def accept(self, raw: bytes, now: datetime, *, note: str = "") -> bytes:
        """`{"uuid": …}`. `now` is part of every language's answers; LoRa's has no place for it."""
        return answer.accepted([one.uuid for one in read(raw, self._names, self._roles)], note)

    def refuse(self, raw: bytes, error: GatewayError, now: datetime) -> bytes:
        """`{"message": …}`; safe on any bytes, since it repeats none of them."""
        return answer.refused(error)

    def explain(self, raw: bytes) -> Explanation:
        """Which rule made which element of what, for each registration. Raises as `translate` does."""
        objects, known, _ = self._read(raw, {})
        with placed.in_json(self._names, objects):
            if _of_one_kind(objects) == INDSATS:
                return self._efforts.explain(objects, known)
            return self._oio.explain_tree(_document(objects), known)

    def _read(self, raw: bytes, known: Recalled) -> tuple[list[Object], Recalled, tuple[Finding, ...]]:
        """The objects, and what is known of them. In a file on a command line, where strangers are understood, an
        object may leave out whose it is: LoRa itself demands neither owner nor party."""
        objects = read(raw, self._names, self._roles)
        self._number_owners(objects)
        if self._guest is None:
            return objects, known, ()
        for one in objects:
            self._without_strangers(one)
        if all(map(self._names_somebody, objects)):
            return objects, known, ()
        guest = self._guest.id
        citizen = Identifier(f"urn:faellesplan:source:{guest}:case-party", objects[0].uuid)
        about = Known(citizen, datetime.min.replace(tzinfo=UTC))
        kinds = {one.uuid: "DocumentReference" if one.kind == "Dokument" else "CarePlan" for one in objects}
        known = {(guest, kind, f"{guest}|{kind}|{uuid}"): about for uuid, kind in kinds.items()} | dict(known)
        finding = Finding(objects[0].node.place, _NOBODY)
        return [replace(one, whole=False) for one in objects], known, (finding,)

    def _without_strangers(self, one: Object) -> None:
        """Parties that no number tells, as LoRa's own examples have them, are nobody."""
        for listed in one.node.each("Registrering", "RelationListe"):
            listed.parts = [part for part in listed.parts if not self._is_party(part) or _is_person(part)]

    def _is_party(self, relation: Node) -> bool:
        return relation.name == "Indsatsmodtager" or self._roles.of(relation) == "PrimaerPart"

    def _names_somebody(self, one: Object) -> bool:
        """Whether an object names whose it is and whom it is about."""
        listed = one.node.each("Registrering", "RelationListe")
        relations = [relation for found in listed for relation in found.parts]
        if one.kind == INDSATS:
            return {"Indsatsmodtager", "Indsatsaktoer"} <= {relation.name for relation in relations}
        owners = [relation for relation in relations if self._roles.of(relation) == "Ejer"]
        return any(map(self._is_party, relations)) and any(map(cvr_number, owners))

    def _number_owners(self, objects: list[Object]) -> None:
        """LoRa names an owner by the UUID of its organisation: a source that is registered with it tells the number."""
        owners = [
            actor
            for one in objects
            for name in ("Sagsaktoer", "Dokumentaktoer")
            for actor in one.node.each("Registrering", "RelationListe", name)
            if self._roles.of(actor) == "Ejer" and cvr_number(actor) is None
        ]
        for actor in owners:
            unit = organisation(actor.first("ReferenceID"))
            source = next((s for s in self._sources if unit and unit.value in map(bare, s.senders)), None)
            if source is not None and source.organisation.system == CVR:
                beside = extension(actor)
                beside.parts.append(Node("CVR-Nummer", actor.place, source.organisation.value, [], beside))
                if beside not in (part for listed in actor.each("LokalUdvidelseListe") for part in listed.parts):
                    actor.parts.append(Node("LokalUdvidelseListe", actor.place, "", [beside], actor))


def _is_person(relation: Node) -> bool:
    reference = relation.first("ReferenceID")
    try:
        return bool(reference and read_urn(reference.said("URNIdentifikator"), relation))
    except GatewayError:
        return False


def _of_one_kind(objects: list[Object]) -> str:
    """Indsats, or "" for cases and documents. Raises RuleBroken where both come together."""
    efforts = [one for one in objects if one.kind == INDSATS]
    if efforts and len(efforts) < len(objects):
        raise RuleBroken("Efforts come with cases or documents.", where=efforts[0].node.place, hint="Send them apart.")
    return INDSATS if efforts else ""


def _document(objects: list[Object]) -> Node:
    """What the XML would hold them in. Raises RuleBroken for whole and changed objects together."""
    how = {(one.whole, one.removed) for one in objects}
    if len(how) > 1:
        raise RuleBroken("What is told whole, in part and taken out cannot come together.", hint="Send it apart.")
    whole, removed = how.pop()
    if removed:
        return Node("FjernSagDokumentIndeksInput", parts=[one.node.renamed("SagUuid") for one in objects])
    name = "ImporterSagDokumentIndeksInput" if whole else "OpdaterSagDokumentIndeksInput"
    return Node(name, parts=[part for one in objects for part in _wrapped(one)])


def _wrapped(one: Object) -> list[Node]:
    if one.whole:
        return [one.node.renamed(f"{one.kind}Indeks")]
    uuid = one.node.each("UUIDIdentifikator")
    return [
        Node(f"Opdater{one.kind}Indeks", registration.place, parts=[*uuid, *registration.parts])
        for registration in one.node.each("Registrering")
    ]
