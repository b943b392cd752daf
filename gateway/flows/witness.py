"""Witness: cosign the other sector's log, and have our own cosigned (https://c2sp.org/tlog-witness)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.domain.checkpoint import BadSignature, NoteKey, NotSigned, open_checkpoint, parse_checkpoint, parse_note
from gateway.domain.merkle import extends
from gateway.domain.witness import (
    BadProof,
    NotThere,
    Submission,
    cosign,
    read_cosignatures,
    read_submission,
    write_submission,
)
from gateway.errors import BadRequest, Forbidden, NotFound, Unreadable
from gateway.flows.parts import Gateway
from gateway.store import log, witnesses
from gateway.store.keys import verify
from gateway.store.log import Latest
from gateway.store.witnesses import Witnessed

Ask = Callable[[str, bytes], Awaitable[tuple[int, bytes]]]
"""POST a body to a URL: the status and the body of the answer. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one witness answered: the size that it cosigned, or why it did not."""

    witness: str
    size: int = 0
    refused: str = ""


async def add_checkpoint(gateway: Gateway, raw: bytes) -> bytes:
    """Cosign another log's checkpoint, once it is seen to continue the last one that was cosigned: the signature line.

    Raises NotFound for a log that is not witnessed here, Forbidden for a note that it did not sign, NotThere with the
    size that is known, BadProof, BadRequest or BadNote.
    """
    asked = read_submission(raw)
    note = parse_note(asked.note)
    point = parse_checkpoint(note.text)
    known = [key for key in gateway.witnessing.logs if key.name == point.origin]
    if not known or gateway.witnessing.key is None:
        raise NotFound
    try:
        open_checkpoint(asked.note, known, verify)
    except (NotSigned, BadSignature):
        raise Forbidden("The checkpoint is not signed by this log's key") from None
    if asked.old > point.size:
        raise BadRequest("The old size is larger than the checkpoint's")
    now = gateway.clock()
    async with gateway.database.connection() as connection:
        await witnesses.see(
            connection, point, asked.note, now, lambda seen: _continues(seen, asked, point.size, point.root)
        )
    return cosign(note, gateway.witnessing.key.public, gateway.witnessing.key.sign, now).encode()


def _continues(seen: Witnessed, asked: Submission, size: int, root: bytes) -> None:
    if seen.size != asked.old or (seen.size == size and seen.root != root):
        raise NotThere(seen.size)
    if not extends(seen.size, seen.root, size, root, asked.proof):
        raise BadProof


async def seen_of(gateway: Gateway, origin: str) -> bytes:
    """The newest checkpoint of another log that was cosigned here, as the log signed it: whoever verifies that log
    compares with it. Raises NotFound."""
    async with gateway.database.connection() as connection:
        seen = await witnesses.witnessed(connection, origin)
    if not seen.note:
        raise NotFound
    return seen.note.encode()


async def ask_witnesses(gateway: Gateway, ask: Ask) -> list[Asked]:
    """Have the newest checkpoint cosigned by every witness that has not yet."""
    return [await _ask(gateway, ask, key, url) for key, url in gateway.witnessing.witnesses]


async def _ask(gateway: Gateway, ask: Ask, key: NoteKey, url: str) -> Asked:
    async with gateway.database.connection() as connection:
        newest = await log.latest(connection)
        known = await witnesses.last_cosigned(connection, str(key))
    if newest is None or newest.size == known:
        return Asked(str(key), known)
    for _ in range(2):  # a witness that knows another size says which
        if known > newest.size:
            return Asked(str(key), refused=f"it has seen {known} records, there are {newest.size}: rolled back")
        status, body = await ask(url, await _submission(gateway, known, newest))
        if status != 409 or not body.strip().isdigit() or int(body) == known:
            break
        known = int(body)
    return await _cosigned(gateway, key, newest, status, body)


async def _submission(gateway: Gateway, known: int, newest: Latest) -> bytes:
    async with gateway.database.connection() as connection:
        proof = await log.consistency(connection, known, newest.size)
    return write_submission(known, proof, newest.note)


async def _cosigned(gateway: Gateway, key: NoteKey, newest: Latest, status: int, body: bytes) -> Asked:
    """What a witness answered at last; its cosignature is kept once it is seen to be right."""
    if status != 200:
        return Asked(str(key), refused=f"it answered {status}")
    try:
        line = read_cosignatures(newest.note, body, key, verify)
    except Unreadable:
        return Asked(str(key), refused="its cosignature is wrong")
    async with gateway.database.connection() as connection:
        await witnesses.keep_cosignature(connection, newest.size, str(key), line, gateway.clock())
    return Asked(str(key), newest.size)
