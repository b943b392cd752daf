"""A file by itself: one more content of a document that its source wrote by REST. http://hl7.org/fhir/R4/binary.html

The DocumentReference decides who may read it, so there is no file without one (`Binary.securityContext`).
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.caller import Caller
from gateway.errors import BadRequest, Conflict, RuleBroken, Unavailable
from gateway.flows.parts import Gateway, Served
from gateway.flows.writing.asked import Asked, Json
from gateway.flows.writing.single import TRIES, write
from gateway.store import resources, wire
from gateway.translate.fhir.validating.written import check_written

KIND, BINARY = "DocumentReference", "Binary"
_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    """A file: its content in base64, its type, and what it names as its document."""

    data: str
    content_type: str
    context: str

    @property
    def sha1(self) -> str:
        """As Attachment.hash has it."""
        digest = hashlib.sha1(b64decode(self.data), usedforsecurity=False).digest()
        return b64encode(digest).decode("ascii")

    @property
    def attachment(self) -> Json:
        """The file as an Attachment."""
        return {"contentType": self.content_type, "data": self.data}


def file_in(resource: Json) -> File:
    """The file that a Binary is. Raises BadRequest, RuleBroken with the place."""
    if resource.get("resourceType") != BINARY:
        raise BadRequest("A Binary was expected", where="resourceType")
    check_written(resource)
    try:  # in its one spelling
        raw = b64decode("".join(str(resource.get("data", "")).split()), validate=True)
    except ValueError:
        raise RuleBroken("This is no base64", where="Binary.data") from None
    context = str(resource.get("securityContext", {}).get("reference", ""))
    return sound(File(b64encode(raw).decode(), str(resource["contentType"]), context))


def sound(file: File) -> File:
    """The file with its plain type. Raises RuleBroken for one without content, or of no type."""
    name = file.content_type.partition(";")[0].strip().lower()
    if not file.data or not _TYPE.fullmatch(name):
        raise RuleBroken("A file has a content, and a type that is one", where=BINARY)
    return replace(file, content_type=name)


def document_of(gateway: Gateway, file: File) -> str:
    """The id of the document here that the file names, "" where it names none."""
    kind, _, identity = file.context.removeprefix(f"{gateway.public_url}/fhir/").partition("/")
    return identity if kind == KIND and _ID.fullmatch(identity) else ""


def check_document(gateway: Gateway, file: File) -> str:
    """The same. Raises RuleBroken where it names none."""
    if identity := document_of(gateway, file):
        return identity
    hint = "DocumentReference/<id>, of a document that you wrote; X-Security-Context where the file comes as it is."
    raise RuleBroken("A document decides who reads a file", where="Binary.securityContext", hint=hint)


def added(body: Json, files: Sequence[File]) -> Json:
    """The document with these files too. What it has already is there once."""
    new = [{"attachment": one.attachment} for one in files if not place_in(body, one.sha1)]
    return body | {"content": [*body.get("content", []), *new]} if new else body


async def attach(gateway: Gateway, caller: Caller, file: File) -> Served:
    """Keep a file with the document that it names; gives where it is read. The same file again is there already. Raises
    what an update of the document raises."""
    document = check_document(gateway, file)
    for _ in range(TRIES):
        found = await resources.find(gateway.database, KIND, document)
        version = found.sealed.version if found else 1
        asked = Asked(
            "patch", KIND, document, if_match=f'W/"{version}"', change=lambda body: added(body, [file]),
            beside=(file.data,),
        )  # fmt: skip
        try:
            served = await write(gateway, caller, asked)
        except Conflict:
            continue
        place = place_in(wire.decode(served.body), file.sha1) if served.body else ""
        where = f"{gateway.public_url}/fhir/{place}" if place else ""
        created = served.version != str(version)
        return replace(served, body=b"", version="", updated=None, location=where, created=created)
    raise Unavailable("Others write the same document all the time", hint="Send again.")


def place_in(body: dict[str, Any], sha1: str) -> str:
    """Where the file is read, where the document has it beside it already; "" where it has not."""
    held = [one.get("attachment", {}) for one in body.get("content", [])]
    found = [str(one.get("url", "")) for one in held if one.get("hash") == sha1 and "data" not in one]
    return next((url for url in found if url.startswith("Binary/")), "")
