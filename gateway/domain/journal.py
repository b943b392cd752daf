"""What a municipality's case system is told: a note for the journal of a case, or a document to be filed on it.

What is told is said here once. How it is written (`translate/sf2900`, `translate/fasit`, `translate/oio/write`) and how
it travels (`outbound`) are two other matters. A writer is a function `written(entry: JournalEntry) -> bytes`. What the
courier takes is written by `gateway.translate.sf2900.writing.written` (the one element of the SOAP body, without an
envelope around it) and `gateway.translate.fasit.writing.written` (the whole document). Both raise MissingField where an
entry lacks what the receiver needs, and write no time or id of their own: the same entry is the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from gateway.domain.identifier import Identifier
from gateway.domain.limits import SENSITIVITY, SENSITIVITY_URL
from gateway.domain.resource import Ids
from gateway.domain.security_label import CONFIDENTIALITY, label_of
from gateway.domain.statement import Body

Form = Literal["note", "document"]

PLAIN = "text/plain"

SENSITIVE, HIGHEST = SENSITIVITY[-2:]


def sensitivity_of(*about: Body) -> str:
    """How sensitive it is to tell of these resources: what a hospital tells is about health, and it is VIP where the
    case system or a label says so of any of them."""
    told = {
        one.get("valueCode") for body in about for one in body.get("extension", ()) if one.get("url") == SENSITIVITY_URL
    }
    labels = {label_of(one) for body in about for one in body.get("meta", {}).get("security", ())}
    return HIGHEST if HIGHEST in told or f"{CONFIDENTIALITY}|V" in labels else SENSITIVE


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One note or document. Everything in it may be shown to whoever reads the case.

    `id` is a UUID: the same matter told again has the same one, by which a receiver knows it; receipts name it too.
    `text` is plain text in `format`, lines parted by a line feed. `written` is when it was written, with a zone.
    `citizen` is the best identifier that the receiver may know. `authority` is the municipality that it is for (CVR
    number), `case` the UUID of its OIO Sag, "" where none is known; `subject` (KLE, `27.57.16`) and `facet` (KLE action
    facet, `G01`) route it. `author` is who wrote it, by number and name. `corrects` is the id of an entry that this one
    corrects. `sensitivity` is SF1470's Foelsomhed: health at least, and that of its case where it is higher.
    """

    id: str
    form: Form
    title: str
    text: str
    written: datetime
    citizen: Identifier
    authority: Identifier
    authority_name: str
    author: Identifier
    author_name: str
    case: str = ""
    subject: str = ""
    facet: str = ""
    citizen_name: str = ""
    format: str = PLAIN
    corrects: str = ""
    sensitivity: str = SENSITIVE


def entry_id(ids: Ids, *parts: str) -> str:
    """The UUID of the entry that tells of this: the same parts give the same one, and nobody can find the parts by
    trying."""
    return str(UUID(hex=ids("JournalEntry", "|".join(parts)), version=4))
