"""The operations of one object (SagOperationer.xsd, DokumentIndeksOperationer.xsd), beside those of the whole index.

SF1470 itself has Importer, Opdater, Fremsoeg and Fjern; Laes, List and Kasser belong to its SagIndeks. The schemas
declare more. What they define is read: Slet and Fjern (case.py), what Laes and List answer, and Opret. Opret names its
object by no UUID and tells no time of registration, since the receiver gives both: the same object is the same UUID
whenever it is sent, and its newest effect is its time, as with LoRa's JSON. What the public facts leave open is
refused, and says so.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from gateway.errors import MissingField, UnknownMessage
from gateway.translate.oio.effect import moment_of
from gateway.translate.oio.party import cvr_number
from gateway.translate.oio.tree import Node

CREATES = "OpretInput"
ANSWERS = frozenset({"LaesOutput", "ListOutput"})
PICTURE = "FiltreretOejebliksbillede"
OPEN = {
    "RetInput": "It tells no time of registration; send OpdaterSagDokumentIndeksInput, which does.",
    "PassiverInput": "Nothing public says what it means for a case in the plan; send the case with the state "
    "Afsluttet, or take it out with FjernSagDokumentIndeksInput.",
    "KasserInput": "Nothing public says what of a case it deletes; end a relation by its effect (Virkning), or take "
    "the whole out with FjernSagDokumentIndeksInput.",
}
"""Operations that are declared and not read, and what to send instead."""

_SPACE = UUID("6e0b4b8e-6c3a-5d0b-9a53-5f2d5c8a7f10")  # as of LoRa's objects that come without one
_ZONE = ZoneInfo("Europe/Copenhagen")
_OLD_DOCUMENT = frozenset({"Ejer", "Parter", "Sager"})


def refuse(document: Node) -> None:
    """Raises UnknownMessage for an operation that is declared and not read."""
    if document.name in OPEN:
        raise UnknownMessage(f"{document.name} is not received.", where=document.place, hint=OPEN[document.name])


def refuse_old(document: Node, registration: Node) -> None:
    """Raises UnknownMessage for an OIO Dokument 2.0.0 or a case of that standard: their relations have names where
    those of the index have roles."""
    listed = [part.name for one in registration.each("RelationListe") for part in one.parts]
    if not _OLD_DOCUMENT.isdisjoint(listed):
        hint = "Send a SagIndeks or DokumentIndeks: the lists of OIO Sag and Dokument 2.0.0 are not published."
        raise UnknownMessage(
            "An OIO Dokument 2.0.0, or a Sag of its time, is not received.", where=document.place, hint=hint
        )


def created(document: Node, kind: str) -> Node:
    """The object of an OpretInput as a Sag or Dokument with one registration. Raises MissingField where nothing names
    it or nothing begins; UnknownMessage for an OIO Dokument 2.0.0, whose lists are not published."""
    refuse_old(document, document)
    place = document.place
    registration = Node("Registrering", place)
    registration.parts = [Node("Tidspunkt", place, _newest(document)), *document.parts]
    number = Node("UUIDIdentifikator", place, str(number_of(document, kind)))
    return Node(kind, place, parts=[number, registration])


def number_of(document: Node, kind: str) -> UUID:
    """The UUID of an object that comes without one: by its owner's CVR number and what that owner calls it."""
    actors = [one for name in ("Sagsaktoer", "Dokumentaktoer") for one in document.each("RelationListe", name)]
    owners = sorted(number.value for one in actors if (number := cvr_number(one)))
    called = [
        text
        for one in document.each("AttributListe", "Egenskaber")
        for name in ("BrugervendtNoegle", "Sagsnummer", "Dokumentnummer")
        if (text := one.said(name))
    ]
    if not called:
        raise MissingField(
            "The object names itself in no way.", where=f"{document.place}/AttributListe/Egenskaber/BrugervendtNoegle"
        )
    return uuid5(_SPACE, "\0".join((kind, *owners[:1], called[0])))


def _newest(document: Node) -> str:
    starts = [one.said("FraTidspunkt", "TidsstempelDatoTid") for one in document.walk() if one.name == "Virkning"]
    timed = [(at, text) for text in starts if text and (at := _at(text))]
    if not timed:
        raise MissingField("Nothing in it has begun.", where=f"{document.place}/AttributListe/Egenskaber/Virkning")
    return max(timed)[1]


def _at(text: str) -> datetime | None:
    try:
        return moment_of(text, _ZONE)
    except ValueError:
        return None  # whoever reads the effect says so, with its place
