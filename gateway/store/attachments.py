"""Files of correspondence: written in the commit of their message, opened by the permit for their Communication.

They are no resources: no fold, no version and no look-up of a plan ever reads them. Each has the id of the Binary that
it is read as, made from its Communication and its content, so the same file sent again is the same row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from gateway.domain.correspondence import Attached, OpenedFile
from gateway.domain.decide import Permit
from gateway.errors import Forbidden, NotFound
from gateway.store.database import Connection, Database
from gateway.store.resources import Reader

SECONDS = 120.0
"""Writing and reading 100 MB takes longer than other statements may."""

_INSERT = """
INSERT INTO attachment (id, communication, content_type, body) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING
"""
_OWNER = "SELECT communication FROM attachment WHERE id = $1"
_OPEN = "SELECT content_type, octet_length(body) AS size FROM attachment WHERE id = $1 AND communication = $2"
_PIECE = "SELECT substring(body FROM $3 FOR $4) FROM attachment WHERE id = $1 AND communication = $2"
PIECE = 3 * 256 * 1024
"""Bytes that are read at a time; a multiple of three, so that pieces of base64 join."""


async def insert(connection: Connection, attached: Sequence[Attached]) -> None:
    """Write files inside the transaction of their message."""
    for one in attached:
        await connection.execute(_INSERT, one.id, one.communication, one.content_type, one.body, timeout=SECONDS)


async def owner_of(database: Reader, identity: str) -> str:
    """The id of the Communication that decides about a file; empty when there is none of this id."""
    return await database.fetchval(_OWNER, identity) or ""


async def open_(database: Database, identity: str, permit: Permit) -> OpenedFile:
    """The file, for who may see its Communication. Raises Forbidden on a foreign permit, NotFound."""
    if permit.kind != "Communication":
        raise Forbidden("This permit is for something else")
    row = await database.fetchrow(_OPEN, identity, permit.id)
    if row is None:
        raise NotFound
    return OpenedFile(permit.id, row["content_type"], row["size"], _pieces(database, identity, permit.id, row["size"]))


async def _pieces(database: Database, identity: str, communication: str, size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, PIECE):
        yield await database.fetchval(_PIECE, identity, communication, start + 1, PIECE)
