"""The files of a message: which are taken, how many, how large; and what is kept of each in the Communication."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.correspondence import FILE_TYPES, MOST_BYTES, MOST_FILES, Attached, attached_key
from gateway.domain.resource import Ids
from gateway.errors import MissingField, RuleBroken, TooLarge, UnknownCode, WrongType
from gateway.translate.fhir.lifting import Lifted, decoded
from gateway.translate.fhir.message import Message

Json = dict[str, Any]

# How a file of each type begins. A sender that errs in the type is told of in a finding: its reader decides.
_BEGINS: Mapping[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF",),
    "image/gif": (b"GIF8",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG",),
    "image/tiff": (b"II*\0", b"MM\0*"),
    "image/bmp": (b"BM",),
}


@dataclass(frozen=True, slots=True)
class File:
    """One attachment, checked and decoded. `body` is None where the file itself never came (a lost XBIN01)."""

    node: Json
    where: str
    content_type: str
    body: bytes | None
    digest: str

    @property
    def looks_like_it(self) -> bool:
        """Whether the content begins as its type says."""
        return self.body is None or self.body.startswith(_BEGINS[self.content_type])


def files_of(message: Message, communication: Json, lifted: Lifted) -> tuple[File, ...]:
    """The files in the order of the payloads. In the tree their content becomes its digest, for the fingerprint.

    Raises RuleBroken, UnknownCode, MissingField, TooLarge, WrongType with the place of the payload.
    """
    place = f"{message.place(communication)}.payload"
    nodes = [
        (f"{place}[{at}].contentAttachment", payload["contentAttachment"])
        for at, payload in enumerate(communication.get("payload", ()))
        if "contentAttachment" in payload
    ]
    if len(nodes) > MOST_FILES:
        raise RuleBroken(f"A message has at most {MOST_FILES} files.", where=nodes[MOST_FILES][0])
    texts = [_checked(node, where, lifted) for where, node in nodes]
    room = MOST_BYTES
    for text, (where, _) in zip(texts, nodes, strict=True):
        room -= len(text) // 4 * 3 - 2 if text is not None else 0
        if room < 0:
            raise TooLarge("The files of a message are at most 100 MB together.", where=f"{where}.data")
    return tuple(_file(node, where, text) for (where, node), text in zip(nodes, texts, strict=True))


def _checked(node: Json, where: str, lifted: Lifted) -> memoryview | None:
    kind = node.get("contentType")
    if not kind:
        raise MissingField("A file says its type.", where=f"{where}.contentType")
    if kind not in FILE_TYPES:
        taken = ", ".join(sorted(FILE_TYPES))
        raise UnknownCode("Files of this type are not taken.", where=f"{where}.contentType", hint=f"Taken are {taken}.")
    if "url" in node:
        raise RuleBroken("A file comes in the message, not as a link.", where=f"{where}.url")
    return lifted.value(node["data"]) if "data" in node else None


def _file(node: Json, where: str, text: memoryview | None) -> File:
    if text is None:
        return File(node, where, node["contentType"], None, "")
    try:
        body = decoded(text)
    except ValueError:
        raise WrongType("This is not base64.", where=f"{where}.data") from None
    if not body:
        raise WrongType("The file is empty.", where=f"{where}.data")
    digest = hashlib.sha256(body).hexdigest()
    node["data"] = digest
    return File(node, where, node["contentType"], body, digest)


def kept(file: File, key: str, ids: Ids) -> Json:
    """The Attachment as it stands in the Communication: all but the content, and where that is read."""
    made: Json = {
        name: file.node[name] for name in ("contentType", "language", "title", "creation") if name in file.node
    }
    if file.body is None:
        return made
    sha1 = hashlib.sha1(file.body, usedforsecurity=False).digest()  # R4 names it: Attachment.hash
    url = f"Binary/{ids('Binary', attached_key(key, file.digest))}"
    return made | {"url": url, "size": len(file.body), "hash": b64encode(sha1).decode()}


def attached(files: Sequence[File], key: str, ids: Ids) -> tuple[Attached, ...]:
    """What is kept beside the Communication, each content once."""
    owner = ids("Communication", key)
    found = {
        file.digest: Attached(ids("Binary", attached_key(key, file.digest)), owner, file.content_type, file.body)
        for file in files
        if file.body is not None
    }
    return tuple(found.values())
