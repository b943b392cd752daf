"""Journal notes of a case: title, base64 text, format. Notes larger than 100 KB are replaced by a fixed sentence."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from lxml import etree

from gateway.domain.journal import JournalEntry
from gateway.domain.statement import Body
from gateway.errors import BadRequest
from gateway.translate.oio.write.elements import LONGEST_NUMBER, SAG, add, told

LARGEST = 100 * 1024
"""Bytes of base64 (SF1470 sag guide, Journalnotat: 100 KB)."""

TOO_LARGE = "Dette Journalnotat er for stort til at blive sendt til Sags- og Dokumentindekset"
"""The beginning of the guide's sentence, which is as much of it as is public."""

INDEX = "https://faellesplan.dk/fhir/StructureDefinition/oio-index"

EMPTY = "URN:Empty"
"""What a journal note's ReferenceID is, literally: there is no document behind it."""


@dataclass(frozen=True, slots=True)
class Note:
    """`data` is base64, `format` a UUID of Klassifikation or "", `begin` when it was written (FHIR dateTime).
    `index` is its number in the case, by which it is known there; "" where it has none."""

    title: str
    data: str
    format: str
    begin: str
    index: str = ""


def of_document(document: Body) -> Note:
    """The note that a DocumentReference holds; one that was too large to come along is a title alone. Raises BadRequest
    where its file is not here."""
    content: Body = next(iter(document.get("content", [])), {})
    attachment = content.get("attachment", {})
    if str(attachment.get("url", "")).startswith("Binary/"):
        where = "DocumentReference.content.attachment.url"
        raise BadRequest("The file of a note is not here.", where=where, hint="Give the Binary as well.")
    data = "".join(str(attachment.get("data", "")).split())
    form = str(content.get("format", {}).get("code", "")).removeprefix("urn:uuid:")
    title = document.get("description") or attachment.get("title", "")
    return Note(title, data, form, document.get("date", ""), _index(document))


def _index(document: Body) -> str:
    return next((str(one["valueString"]) for one in document.get("extension", []) if one.get("url") == INDEX), "")


def of_entry(entry: JournalEntry, begin: str) -> Note:
    """The note that a journal entry is, about something that is so since `begin` (FHIR dateTime). Its number in the
    case is the entry's id: told again it is the same note."""
    data = base64.b64encode(entry.text.encode()).decode()
    return Note(entry.title, data, "", begin, entry.id)


def put(journal_post: etree._Element, note: Note) -> None:
    """JournalpostEgenskaber of a note."""
    made = add(add(journal_post, SAG, "JournalpostEgenskaber"), SAG, "JournalnotatEgenskaber")
    told(made, SAG, "Titel", note.title)
    small = len(note.data) <= LARGEST
    told(made, SAG, "Notat", note.data if small else base64.b64encode(TOO_LARGE.encode()).decode(), LARGEST)
    told(made, SAG, "Format", note.format if small and len(note.format) <= LONGEST_NUMBER else "")
