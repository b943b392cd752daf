"""JournalEntry → the one element of an SF2900 request's body. Routed by authority, KLE subject and action facet."""

from __future__ import annotations

import base64

from lxml import etree

from gateway.domain.identifier import CVR, Identifier
from gateway.domain.journal import JournalEntry
from gateway.domain.when import DANISH
from gateway.errors import MissingField
from gateway.translate.oio.write.elements import SAG, SAGDOK, add, is_uuid, reference, root, told
from gateway.translate.oio.write.elements import written as to_bytes
from gateway.translate.oio.write.party import party
from gateway.translate.sf2900 import names


def written(entry: JournalEntry) -> bytes:
    """The request. Its id is the entry's, which a receipt will name; the same entry is the same bytes.

    Raises MissingField for what the distribution cannot do without, NoCitizen when the citizen cannot be named.
    """
    check(entry)
    request = root(names.NAMESPACE, names.SEND, {"sf": names.NAMESPACE, "sag": SAG, "sd": SAGDOK})
    _add(request, names.ID, entry.id)
    _who(_add(request, names.SENDER), entry.author, entry.author_name)
    routing = _add(request, names.ROUTING)
    _add(routing, names.AUTHORITY, entry.authority.value)
    _add(routing, names.SUBJECT, entry.subject)
    _add(routing, names.FACET, entry.facet)
    if entry.case:
        _add(request, names.CASE, entry.case)
    citizen = party((entry.citizen,), entry.citizen_name, "entry.citizen", by_name=bool(entry.case))
    part = reference(request, names.NAMESPACE, names.PARTY, citizen.urn)
    told(part, SAGDOK, "FuldtNavn", citizen.name)
    told(part, SAGDOK, "BrugervendtNoegle", citizen.key)
    _add(request, names.WRITTEN, entry.written.astimezone(DANISH).isoformat(timespec="seconds"))
    _add(request, names.SENSITIVITY, entry.sensitivity)
    if entry.corrects:
        _add(request, names.CORRECTS, entry.corrects)
    _content(_add(request, names.NOTE if entry.form == "note" else names.DOCUMENT), entry)
    return to_bytes(request)


def check(entry: JournalEntry) -> None:
    """What routes an entry, and what it says. Raises MissingField naming what is missing."""
    faults = {
        "id": not is_uuid(entry.id),
        "authority": entry.authority.system != CVR,
        "subject": not entry.subject,
        "facet": not entry.facet,
        "case": bool(entry.case) and not is_uuid(entry.case),
        "title": not entry.title,
        "text": not entry.text,
    }
    hints = {
        "id": "It is a UUID.",
        "authority": "The municipality is named by its CVR number.",
        "subject": "A KLE subject routes it: of the case, or of the row of mappings/outgoing.csv.",
        "facet": "A KLE action facet routes it: of the case, or of the row of mappings/outgoing.csv.",
        "case": "The case is named by its UUID.",
    }
    for name, wrong in faults.items():
        if wrong:
            raise MissingField("The entry cannot be handed over.", where=f"entry.{name}", hint=hints.get(name, ""))


def _content(parent: etree._Element, entry: JournalEntry) -> None:
    """As a case has a note: title, base64 text, format (SF1470 JournalnotatEgenskaber)."""
    told(parent, SAG, "Titel", entry.title)
    add(parent, SAG, "Notat", base64.b64encode(entry.text.encode()).decode())
    told(parent, SAG, "Format", entry.format, 50)


def _who(parent: etree._Element, number: Identifier, name: str) -> None:
    urn = f"urn:oio:cvr-nr:{number.value}" if number.system == CVR else f"{number.system}:{number.value}"
    add(parent, SAGDOK, "URNIdentifikator", urn)
    told(parent, SAGDOK, "FuldtNavn", name)


def _add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    return add(parent, names.NAMESPACE, name, text)
