"""Journal notes: a title and a note in base64, whose format is told by a UUID (SF1470 sag guide, Journalnotat).

A note larger than 100 KB does not come along: a fixed sentence stands in its place. A note is no document of the
index, so the reference that every Journalpost has says `URN:Empty`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from gateway.translate.oio.roles import reference_of
from gateway.translate.oio.tree import Node
from gateway.translate.rules.reader import Env, Unfit

_EMPTY = "urn:empty"
_TOO_LARGE = "Dette Journalnotat er for stort til at blive sendt til Sags- og Dokumentindekset"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_BEGINNINGS = {
    b"{\\rtf": "application/rtf", b"%PDF": "application/pdf", b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg",
    b"PK\x03\x04": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
_MARKS = tuple(_BEGINNINGS)
_PAGES = (b"<html", b"<!doctype html")
_LONGEST = max(map(len, _PAGES))


def number(post: Node, case: str) -> str:
    """What names the document or note of a Journalpost: a document's UUID; of a note its case and its number there, or
    what it is called and when it was written."""
    reference = reference_of(post)
    if reference and reference.lower() != _EMPTY:
        return reference.lower()
    index = post.said("Indeks")
    if not index:
        title = post.said("JournalpostEgenskaber", "JournalnotatEgenskaber", "Titel")
        written = post.said("Virkning", "FraTidspunkt", "TidsstempelDatoTid")
        index = hashlib.sha256(f"{title}\0{written}".encode()).hexdigest()[:32]
    return f"{case}/{index}"


class Note:
    """A note, read once: `written` is its base64 without blanks, `cut_off` says that it was too large to come along."""

    __slots__ = ("_begun", "_is_text", "cut_off", "written")

    def __init__(self, text: str) -> None:
        """Raises Unfit for what is no base64."""
        self.written = "".join(text.split())
        try:
            body = base64.b64decode(self.written, validate=True)
        except (binascii.Error, ValueError):
            raise Unfit("is no base64") from None
        self._begun = body[:_LONGEST]
        try:
            said, self._is_text = body.decode(), True
        except UnicodeDecodeError:
            said, self._is_text = body.decode("utf-8", "replace"), False
        self.cut_off = said.lstrip().startswith(_TOO_LARGE)

    @property
    def media_type(self) -> str:
        """What it is by its first bytes; "" where it did not come along."""
        if self._begun.lower().startswith(_PAGES):
            return "text/html"
        if self._begun.startswith(_MARKS):
            return next(kind for mark, kind in _BEGINNINGS.items() if self._begun.startswith(mark))
        if not self._is_text:
            return "application/octet-stream"
        return "" if self.cut_off else "text/plain;charset=utf-8"


def format_system(env: Env, text: str) -> str:
    """The system of the note's format: of URIs for a class of Klassifikation, none for a word of the sender's."""
    said = text.strip()
    return "urn:ietf:rfc:3986" if _UUID.fullmatch(said) or said.lower().startswith("urn:") else ""


def format_code(env: Env, text: str) -> str:
    """The note's format as a URI: a class of Klassifikation, or what the sender calls it."""
    said = text.strip()
    return f"urn:uuid:{said.lower()}" if _UUID.fullmatch(said) else said
