"""JournalEntry → OIO Dokument `urn:oio:sagdok:dokument:2.0.0`, OpretInput: the text that FASIT accepts.

Known are the namespace, the operation and mutual TLS. The element names are those that its successor still declares
(SagDokObjekt.xsd 3.0.0: TitelTekst, BeskrivelseTekst, BrevDato, IndholdTekst, MimetypeTekst …); their order and the
outer lists are assumed, and stand in this file alone.
"""

from __future__ import annotations

import base64

from lxml import etree

from gateway.domain.identifier import CVR
from gateway.domain.journal import JournalEntry
from gateway.domain.when import DANISH
from gateway.errors import MissingField
from gateway.translate.oio.write.elements import add, is_uuid, told
from gateway.translate.oio.write.elements import written as to_bytes
from gateway.translate.oio.write.party import party

DOCUMENT = "urn:oio:sagdok:dokument:2.0.0"
SAGDOK = "urn:oio:sagdok:2.0.0"


def written(entry: JournalEntry) -> bytes:
    """The document. `BrugervendtNoegleTekst` is the entry's id; the same entry is the same bytes.

    Raises MissingField for what the receiver cannot do without, NoCitizen when the citizen cannot be named by number:
    FASIT has no case of ours that could say who it is.
    """
    _check(entry)
    made = etree.Element(f"{{{DOCUMENT}}}OpretInput", nsmap={"dok": DOCUMENT, "sd": SAGDOK})
    told(made, SAGDOK, "NoteTekst", f"Rettelse til {entry.corrects}" if entry.corrects else "")
    attributes = add(made, DOCUMENT, "AttributListe")
    _properties(add(attributes, DOCUMENT, "Egenskaber"), entry)
    _content(add(attributes, DOCUMENT, "Variant"), entry)
    state = add(add(made, DOCUMENT, "TilstandListe"), DOCUMENT, "Fremdrift")
    _effect(state, entry)
    add(state, DOCUMENT, "FremdriftStatusKode", "Endeligt")
    _relations(add(made, DOCUMENT, "RelationListe"), entry)
    return to_bytes(made)


def _check(entry: JournalEntry) -> None:
    for name, wrong in (
        ("form", entry.form != "document"),
        ("id", not is_uuid(entry.id)),
        ("authority", entry.authority.system != CVR),
        ("title", not entry.title),
        ("text", not entry.text),
    ):
        if wrong:
            hint = "FASIT takes documents alone." if name == "form" else ""
            raise MissingField("The entry cannot be handed over.", where=f"entry.{name}", hint=hint)


def _properties(parent: etree._Element, entry: JournalEntry) -> None:
    _effect(parent, entry)
    add(parent, SAGDOK, "BrugervendtNoegleTekst", entry.id)
    told(parent, SAGDOK, "TitelTekst", entry.title)
    told(parent, SAGDOK, "BeskrivelseTekst", entry.author_name)
    add(parent, SAGDOK, "BrevDato", entry.written.astimezone(DANISH).date().isoformat())
    add(parent, DOCUMENT, "Foelsomhed", entry.sensitivity)


def _content(parent: etree._Element, entry: JournalEntry) -> None:
    part = add(parent, DOCUMENT, "Del")
    told(part, SAGDOK, "DelTekst", entry.title)
    add(part, SAGDOK, "IndholdTekst", base64.b64encode(entry.text.encode()).decode())
    add(part, SAGDOK, "MimetypeTekst", entry.format)


def _relations(parent: etree._Element, entry: JournalEntry) -> None:
    owner = add(parent, DOCUMENT, "Ejer")
    _effect(owner, entry)
    _urn(owner, f"urn:oio:cvr-nr:{entry.authority.value}")
    told(owner, SAGDOK, "FuldtNavn", entry.authority_name)
    citizen = party((entry.citizen,), entry.citizen_name, "entry.citizen", by_name=False)
    part = add(parent, DOCUMENT, "Parter")
    _effect(part, entry)
    _urn(part, citizen.urn)
    told(part, SAGDOK, "FuldtNavn", citizen.name)
    if entry.case:
        case = add(parent, DOCUMENT, "Sager")
        _effect(case, entry)
        add(add(case, SAGDOK, "ReferenceID"), SAGDOK, "UUIDIdentifikator", entry.case)


def _effect(parent: etree._Element, entry: JournalEntry) -> None:
    """From when it was written, with no end."""
    made = add(parent, SAGDOK, "Virkning")
    stamp = entry.written.astimezone(DANISH).isoformat(timespec="seconds")
    add(add(made, SAGDOK, "FraTidspunkt"), SAGDOK, "TidsstempelDatoTid", stamp)
    add(add(made, SAGDOK, "TilTidspunkt"), SAGDOK, "GraenseIndikator", "true")


def _urn(parent: etree._Element, urn: str) -> None:
    add(add(parent, SAGDOK, "ReferenceID"), SAGDOK, "URNIdentifikator", urn)
