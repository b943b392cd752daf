"""Correspondence: what a message between caregivers is called, whatever language it was written in.

MedCom CareCommunication (FHIR) and the letters XDIS91 and DIS91 become the same Communication (docs/correspondence.md).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.statement import Body
from gateway.domain.when import BEGINNING, instant

URI = "urn:ietf:rfc:3986"
MOST_FILES = 10
MOST_BYTES = 100 * 1024 * 1024
"""All files of one message together, decoded. MedCom says 100 MB and leaves open which; the larger is taken."""

FILE_TYPES = frozenset({"application/pdf", "image/gif", "image/jpeg", "image/png", "image/tiff", "image/bmp"})
"""MedComCareCommunicationAttachmentMimeTypes: nothing that runs when it is opened."""


@dataclass(frozen=True, slots=True)
class Attached:
    """One file of a message, kept beside its resource and never in it, so that looking at a thread costs nothing.

    `id` is that of the Binary it is read as, `owner` the id of the resource that decides who may, `kind` its type.
    `labels` are those that its words tell; None until somebody looked into it, and where nobody can.
    """

    id: str
    owner: str
    content_type: str
    body: bytes
    kind: str = "Communication"
    labels: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that may be read. `owner` is a literal reference to the resource that let the reader in; `pieces` reads
    the file from the store bit by bit: it is never held whole."""

    owner: str
    content_type: str
    size: int
    pieces: AsyncIterator[bytes]


def message_key(sender: str, message: str, citizen: str) -> str:
    """The key of a Communication. `sender` and `citizen` are identifier keys (`system|value`), `message` is the number
    that the sender gave the message (MessageHeader.id, Letter/Identifier).

    All three are needed: senders number for themselves, and official examples give one number to several messages.
    """
    return f"{sender}|{bare(message)}|{citizen}"


def attached_key(communication: str, digest: str) -> str:
    """The key of an attached file: the key of its Communication and the SHA-256 of its content."""
    return f"{communication}|{digest}"


def bare(number: str) -> str:
    """A message's or thread's number without its prefix: UUIDs are compared in small letters, others as written."""
    text = number.strip()
    return text[9:].lower() if text[:9].lower() == "urn:uuid:" else text


def uri_of(number: str) -> str:
    """The number as a URI, which is how an Identifier of system `urn:ietf:rfc:3986` writes it."""
    text = number.strip()
    return text if ":" in text else f"urn:uuid:{text}"


def number(text: str) -> Body:
    """The Identifier of a message or thread."""
    return {"system": URI, "value": uri_of(text)}


def thread(text: str) -> Body:
    """What a message is part of: its thread, which is a number and nothing else."""
    return {"type": "Communication", "identifier": number(text)}


def threads(messages: Sequence[Body]) -> list[list[Body]]:
    """Messages by the number of their thread, each thread in the order in which it was written, the one that was begun
    first in front. A message without a number is a thread of its own. Made of numbers and times alone, so that a circle
    of answers, or an answer without its question, is a thread like any other."""
    found: dict[str, list[Body]] = {}
    for one in messages:
        numbers = [part.get("identifier", {}).get("value", "") for part in one.get("partOf", ())]
        found.setdefault(next(filter(None, numbers), f"{one.get('id')}"), []).append(one)
    written = [sorted(thread, key=_written) for thread in found.values()]
    return sorted(written, key=lambda thread: _written(thread[0]))


def in_threads(messages: Sequence[Body]) -> list[Body]:
    """All messages, thread by thread."""
    return [one for thread in threads(messages) for one in thread]


def without_bare_files(messages: Sequence[Body]) -> list[Body]:
    """The messages but those that are nothing but files which another one names: OIOXML sends a file as a letter of its
    own (XBIN01), and to the reader both are one message (MedCom's conversion rules)."""
    named = {url for one in messages if _has_text(one) for url in _files(one)} - {""}
    return [one for one in messages if _has_text(one) or not _files(one) <= named]


def _has_text(message: Body) -> bool:
    return any("contentString" in payload for payload in message.get("payload", ()))


def _files(message: Body) -> set[str]:
    """Where the files are read; "" for one that is nowhere, and for a message without any."""
    return {str(one.get("contentAttachment", {}).get("url", "")) for one in message.get("payload", ())} or {""}


def _written(message: Body) -> tuple[datetime, str]:
    sent = message.get("sent")
    return instant(sent) if sent else BEGINNING, str(message.get("id", ""))
