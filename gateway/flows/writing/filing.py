"""Files among the entries of a transaction. Each goes to the document that decides who reads it: the one that names the
file in its attachment, or that the file names as its securityContext; in the same Bundle, or here before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.errors import BadRequest, GatewayError, Refused
from gateway.flows.parts import Gateway, Served
from gateway.flows.writing.asked import Asked, Entry, Json
from gateway.flows.writing.file import BINARY, KIND, File, added, check_document, document_of, file_in, place_in
from gateway.store import resources, wire


@dataclass(slots=True)
class Filed:
    """The entries as they are carried out. `whose` are the files by the number of their entry: each with the number of
    what carries it; `others` the new numbers of all other entries; `carriers` those of the changes of documents that
    are here before, by the ids of these."""

    entries: list[Entry] = field(default_factory=list)
    whose: dict[int, tuple[int, File]] = field(default_factory=dict)
    others: dict[int, int] = field(default_factory=dict)
    carriers: dict[str, int] = field(default_factory=dict)

    def is_of_carrier(self, where: str) -> bool:
        """Whether this is the place of a change that the gateway makes of a document: it named the version."""
        return any(where.startswith(f"{self.entries[at].place}.") for at in self.carriers.values())

    def answers(self, gateway: Gateway, served: Sequence[Served]) -> list[Served]:
        """What is told of each entry as it came."""
        made = {number: served[at] for number, at in self.others.items()}
        for number, (at, file) in self.whose.items():
            place = place_in(wire.decode(served[at].body), file.sha1) if served[at].body else ""
            kept = served[at].created or self.entries[at].asked.interaction != "create"
            made[number] = Served(b"", location=f"{gateway.public_url}/fhir/{place}" if place else "", created=kept)
        return [made[number] for number in sorted(made)]


async def filed(gateway: Gateway, entries: Sequence[Entry]) -> Filed:
    """The transaction with its files where they belong. Raises what is wrong with one, with its place."""
    made, files = Filed(), dict[int, File]()
    for number, entry in enumerate(entries):
        if entry.asked.kind != BINARY:
            made.others[number] = len(made.entries)
            made.entries.append(entry)
            continue
        try:
            files[number] = _file(entry)
        except GatewayError as error:
            raise entry.placed(error) from None
    for number, file in files.items():
        try:
            made.whose[number] = (await _carried(gateway, made, entries[number], file), file)
        except GatewayError as error:
            raise entries[number].placed(error) from None
    return made


def _file(entry: Entry) -> File:
    if entry.asked.criteria is not None:
        raise BadRequest("The same file is kept once", where="If-None-Exist")
    return file_in(entry.asked.body)


async def _carried(gateway: Gateway, made: Filed, entry: Entry, file: File) -> int:
    """Put the file where it belongs; the number of the entry that carries it. Raises RuleBroken where no document
    decides about it, with the place."""
    documents = [at for at, one in enumerate(made.entries) if _is_document(one.asked)]
    naming = [at for at in documents if entry.name and _names(made.entries[at].asked.body, entry.name)]
    for at in naming:
        _give(made, at, _named(made.entries[at].asked.body, entry.name, file), file)
    if naming:
        return naming[0]
    for at in documents:
        one = made.entries[at]
        if file.context and (file.context == one.name or document_of(gateway, file) == (one.asked.identity or " ")):
            body = one.asked.body
            _give(made, at, added(body, [file]) if _holds(body) else body, file)
            return at
    identity = check_document(gateway, file)
    if identity not in made.carriers:
        made.carriers[identity] = len(made.entries)
        made.entries.append(await _carrier(gateway, entry, identity))
    at = made.carriers[identity]
    made.entries[at] = _with_one_more(made.entries[at], file)
    return at


async def _carrier(gateway: Gateway, entry: Entry, identity: str) -> Entry:
    """The change of a document that is here, as it stands."""
    found = await resources.find(gateway.database, KIND, identity)
    tag = f'W/"{found.sealed.version if found else 1}"'
    return replace(entry, asked=Asked("patch", KIND, identity, change=lambda body: body, if_match=tag), name="")


def _is_document(asked: Asked) -> bool:
    return asked.kind == KIND and asked.interaction in ("create", "update")


def _with_one_more(entry: Entry, file: File) -> Entry:
    before = entry.asked.change
    assert before is not None  # noqa: S101 - for mypy: what carries files changes its document
    asked = replace(
        entry.asked, change=lambda body: added(before(body), [file]), beside=(*entry.asked.beside, file.data)
    )
    return replace(entry, asked=asked)


def _give(made: Filed, at: int, body: Json, file: File) -> None:
    one = made.entries[at]
    made.entries[at] = replace(one, asked=replace(one.asked, body=body, beside=(*one.asked.beside, file.data)))


def _attachments(document: Json) -> list[Json]:
    listed = document.get("content")
    held = [one.get("attachment") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [one for one in held if isinstance(one, dict)]


def _holds(document: Json) -> bool:
    """Whether it has contents as a document has, or none: anything else is told where it is checked."""
    listed = document.get("content", [])
    return isinstance(listed, list) and len(_attachments(document)) == len(listed)


def _names(document: Json, name: str) -> bool:
    return any(one.get("url") == name for one in _attachments(document))


def _named(document: Json, name: str, file: File) -> Json:
    """The document with the file in the place of its name."""

    def given(content: Any) -> Any:
        attachment = content.get("attachment") if isinstance(content, dict) else None
        if not isinstance(attachment, dict) or attachment.get("url") != name:
            return content
        if "data" in attachment:
            raise Refused("An attachment holds its file or names it")
        left = {key: value for key, value in attachment.items() if key != "url"}
        return content | {"attachment": {**file.attachment, **left}}

    return document | {"content": [given(one) for one in document["content"]]}
