"""Documents of the index (DokumentIndeks): what is known of a document, never its content.

One is made of a DocumentReference (one that came as OIO Dokument, or a hospital's letter) or of a journal entry (a
hospital's goal): then its text stands in Beskrivelse, and as it is about health it is at least
FOELSOMME_PERSONOPLYSNINGER. It has an owner, a KLE subject and a sensitivity of its own (SF1470: they decide who may
read it), taken from its case where nobody said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from gateway.domain.journal import JournalEntry, sensitivity_of
from gateway.domain.limits import KLE
from gateway.domain.statement import Body
from gateway.domain.when import DANISH, instant
from gateway.errors import MissingField, UnknownCode
from gateway.translate.oio.write import sensitivity
from gateway.translate.oio.write.case import EXEMPT, numbers_of, uuid_of
from gateway.translate.oio.write.case_relations import PROFILE, class_uuid, classes_of
from gateway.translate.oio.write.elements import (
    DEFINITIONS,
    DOCUMENT_INDEX,
    INDEX,
    SAGDOK,
    add,
    effect,
    exempt,
    is_uuid,
    told,
)
from gateway.translate.oio.write.party import Citizen, of_patient
from gateway.translate.oio.write.relations import Relation, Writer, actor, owner
from gateway.translate.oio.write.states import STATE
from gateway.translate.oio.write.tables import Tables

TYPES = (
    "Faktura", "Brev, indgaaende", "Brev, udgaaende", "Brev", "Internt Notat", "Eksternt Notat", "Rapport", "Dagsorden",
    "Plan", "Andet",
)  # fmt: skip
"""DokumentIndeks.xsd, Type."""

_STATES = (
    "Modtaget", "Fordelt", "Underudarbejdelse", "Underreview", "Publiceret", "Endeligt", "Afleveret",
)  # fmt: skip
_BY_STATUS = {"preliminary": "Underudarbejdelse", "final": "Endeligt", "amended": "Endeligt"}


@dataclass(frozen=True, slots=True)
class Document:
    """What is written of a document. `begin` is a FHIR dateTime, `kind` one of `TYPES`, `states` are (code, Period)."""

    uuid: str
    title: str
    text: str
    kind: str
    begin: str
    sensitivity: str
    states: Sequence[tuple[str, Body]]
    owner: Body
    subject: Body
    key: str = ""
    number: str = ""
    day: str = ""
    law: str = ""
    readers: Sequence[Body] = ()
    authors: Sequence[Body] = ()
    related: Sequence[str] = ()


def of_reference(document: Body, plan: Body, uuid: str, tables: Tables) -> Document:
    """A DocumentReference on the case `plan` ({} for none). `uuid` names one that has no UUID of its own, which is then
    a hospital's. Raises MissingField, UnknownCode."""
    begin = document.get("date") or next((one["start"] for _, one in _told(document) if "start" in one), "")
    if not begin:
        raise MissingField("Nothing says when the document was written.", where="DocumentReference.date")
    attachments = [one.get("attachment", {}) for one in document.get("content", [])]
    numbers = {one.get("use"): one["value"] for one in numbers_of(document)}
    own = uuid_of(document)
    shown = str(document.get("type", {}).get("text", ""))
    title, text = _words(document)
    return Document(
        uuid=own or uuid,
        title=title,
        text=text if own else "",
        kind=shown if shown in TYPES else "" if own else "Brev",
        begin=begin,
        sensitivity=sensitivity.of(document, tables, sensitivity.SENSITIVITY[0] if own else sensitivity_of(plan)),
        states=_told(document) or [(_BY_STATUS.get(document.get("docStatus", ""), "Endeligt"), {"start": begin})],
        owner=document["custodian"] if own and "custodian" in document else plan.get("author", {}),
        subject=_subject(document, plan),
        key=numbers.get("secondary", ""),
        number=numbers.get("usual", ""),
        day=next(
            (one["creation"][:10] for one in attachments if len(one.get("creation", "")) >= len("2026-01-31")), ""
        ),
        law=next((one["valueString"] for one in document.get("extension", []) if one.get("url") == EXEMPT), ""),
        readers=[one["valueReference"] for one in document.get("extension", []) if one.get("url") == PROFILE],
        authors=document.get("author", []) if own else (),
        related=[one["identifier"]["value"] for one in _named(document)],
    )


def title_of(document: Body) -> str:
    """The public title of a DocumentReference."""
    return _words(document)[0]


def _words(document: Body) -> tuple[str, str]:
    """The title, and the description where it says something else."""
    attachments = [one.get("attachment", {}) for one in document.get("content", [])]
    said = str(document.get("description", ""))
    title = next((str(one["title"]) for one in attachments if one.get("title")), said)
    return title, said if said != title else ""


def _named(document: Body) -> list[Body]:
    """Other documents that it names by UUID."""
    related = [one for one in document.get("context", {}).get("related", []) if one.get("type") == "DocumentReference"]
    return [one for one in related if is_uuid(str(one.get("identifier", {}).get("value", "")))]


def of_entry(entry: JournalEntry, plan: Body, kind: str) -> Document:
    """A journal entry on the case `plan`."""
    begin = entry.written.astimezone(DANISH).isoformat(timespec="seconds")
    return Document(
        uuid=entry.id,
        title=entry.title,
        text=entry.text,
        kind=kind,
        begin=begin,
        sensitivity=entry.sensitivity,
        states=[("Endeligt", {"start": begin})],
        owner=plan.get("author", {}),
        subject=classes_of(plan)[0],
        day=begin[:10],
    )


def put(index: etree._Element, document: Document, patient: Body, tables: Tables, at: datetime) -> None:
    """The document as the last element of an ImporterSagDokumentIndeksInput, as registered at `at`. Raises
    MissingField, NoCitizen."""
    made = add(index, INDEX, "DokumentIndeks")
    add(made, SAGDOK, "UUIDIdentifikator", document.uuid)
    registered = add(made, DOCUMENT_INDEX, "Registrering")
    add(registered, SAGDOK, "Tidspunkt", at.astimezone(DANISH).isoformat(timespec="seconds"))
    add(registered, SAGDOK, "LivscyklusKode", "Importeret")
    _properties(add(add(registered, DOCUMENT_INDEX, "AttributListe"), DOCUMENT_INDEX, "Egenskaber"), document)
    listed = add(registered, DOCUMENT_INDEX, "TilstandListe")
    for code, period in document.states:
        state = add(listed, DOCUMENT_INDEX, "Fremdrift")
        effect(state, DOCUMENT_INDEX, period, document.begin)
        add(state, DOCUMENT_INDEX, "FremdriftStatusKode", code)
    _relations(add(registered, DOCUMENT_INDEX, "RelationListe"), document, of_patient(patient), tables)


def _properties(parent: etree._Element, document: Document) -> None:
    effect(parent, DOCUMENT_INDEX, {}, document.begin)
    told(parent, DOCUMENT_INDEX, "BrugervendtNoegle", document.key, 50)
    told(parent, DOCUMENT_INDEX, "Titel", document.title)
    told(parent, DOCUMENT_INDEX, "Beskrivelse", document.text, 4096)
    told(parent, DOCUMENT_INDEX, "BrevDato", document.day)
    if document.law:
        exempt(parent, DOCUMENT_INDEX, document.title, document.law)
    told(parent, DOCUMENT_INDEX, "Dokumentnummer", document.number, 50)
    add(parent, DOCUMENT_INDEX, "Foelsomhed", document.sensitivity)
    told(parent, DOCUMENT_INDEX, "Type", document.kind)


def _relations(listed: etree._Element, document: Document, citizen: Citizen, tables: Tables) -> None:
    writer = Writer(tables, document.begin, DOCUMENT_INDEX, DOCUMENT_INDEX)
    owned = owner(document.owner, "DocumentReference.custodian", tables, "Dokumentaktoer", "CVR-Nr")
    found = [Relation("Dokumentrelation", "", "", uuid) for uuid in document.related]
    found += [owned, *filter(None, map(_author, document.authors))]
    if not citizen.by_name:  # one of that name is whoever the case is about: the case says it
        named = (("FuldtNavn", citizen.name),)
        found.append(
            Relation("Dokumentpart", "PrimaerPart", "Person", citizen.urn, {}, "DokumentpartLokalUdvidelse", named)
        )
    said = (("Klassetitel", document.subject.get("display", "")), ("BrugervendtNoegle", document.subject["code"]))
    uuid = class_uuid(document.subject, tables)
    found.append(Relation("Dokumentklasse", "PrimaerKlasse", "Klasse", uuid, {}, "DokumentklasseLokalUdvidelse", said))
    for relation in found:
        writer.put(listed, relation)
    if document.readers:
        inner = add(listed, DEFINITIONS, "LokalUdvidelseListe")
        for named_reader in document.readers:
            writer.put(inner, _reader(named_reader))


def _reader(named: Body) -> Relation:
    """Somebody who alone may read it: left out they would be locked out, or everybody let in."""
    made = actor(named, "Adgang", {})
    if made is None:
        where = "DocumentReference.extension[oio-access-profile]"
        raise MissingField("Who alone may read the document has no UUID.", where=where)
    return Relation("Sikkerhedsprofil", "Adgang", made.kind, made.number)


def _author(named: Body) -> Relation | None:
    """A unit is responsible for a document, a person handles it; which other role they had is not kept."""
    role = "PrimaerBehandler" if named.get("type") == "Practitioner" else "Ansvarlig"
    made = actor(named, role, {})
    beside = (("FuldtNavn", named.get("display", "")),)
    return made and replace(made, name="Dokumentaktoer", beside_name="DokumentaktoerLokalUdvidelse", beside=beside)


def _told(document: Body) -> list[tuple[str, Body]]:
    """The states that the document came with."""
    found = []
    for one in document.get("extension", []):
        if one.get("url") == STATE:
            parts = {part.get("url"): part for part in one.get("extension", [])}
            code = parts.get("state", {}).get("valueCode", "")
            if code not in _STATES:
                raise UnknownCode("OIO has no such state.", where="DocumentReference.extension[oio-state].state")
            found.append((code, parts.get("period", {}).get("valuePeriod", {})))
    return sorted(found, key=lambda pair: instant(pair[1]["start"]) if "start" in pair[1] else instant("0001-01-01"))


def _subject(document: Body, plan: Body) -> Body:
    """The document's own KLE subject, else its case's. Where both tell one number, the one that tells the UUID."""
    codings = [coding for one in document.get("category", []) for coding in one.get("coding", [])]
    own = next((one for one in codings if one.get("system") == KLE and "." in str(one.get("code", ""))), None)
    case = classes_of(plan)[0] if plan else None
    if own is None and case is None:
        raise MissingField("The document has no KLE subject and no case.", where="DocumentReference.category")
    if own is None or (case is not None and own["code"] == case["code"] and "extension" not in own):
        return case or {}
    return own
