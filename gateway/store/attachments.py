"""Files of correspondence and documents: written in the commit of their message, opened by the permit for the resource
that owns them (Communication, DocumentReference).

They are no resources: no fold, no version and no look-up of a plan ever reads them. Each has the id of the Binary that
it is read as, made from its owner and its content, so the same file sent again is the same row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from gateway.domain.correspondence import Attached, OpenedFile
from gateway.domain.decide import Permit
from gateway.domain.file_text import is_closed
from gateway.errors import NotFound
from gateway.store.pool import Connection, Database
from gateway.store.resources import Reader

SECONDS = 120.0
"""Writing and reading 100 MB takes longer than other statements may."""

_INSERT = """
INSERT INTO attachment (id, kind, owner, content_type, body, labels) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO NOTHING
"""
_OWNER = "SELECT kind, owner FROM attachment WHERE id = $1"
_OPEN = "SELECT content_type, octet_length(body) AS size FROM attachment WHERE id = $1 AND kind = $2 AND owner = $3"
_OF_CITIZEN = """
SELECT a.id, a.content_type, substring(a.body FOR 16) AS beginning
  FROM attachment a JOIN resource r ON r.kind = a.kind AND r.id = a.owner WHERE r.citizen = $1 ORDER BY a.id
"""
_WHOLE = "SELECT id, owner, content_type, body, kind, labels FROM attachment WHERE id = $1"
_RELABEL = "UPDATE attachment SET labels = $2 WHERE id = $1"
_PIECE = "SELECT substring(body FROM $4 FOR $5) FROM attachment WHERE id = $1 AND kind = $2 AND owner = $3"
PIECE = 3 * 256 * 1024
"""Bytes that are read at a time; a multiple of three, so that pieces of base64 join."""


async def insert(connection: Connection, attached: Sequence[Attached]) -> None:
    """Write files inside the transaction of their message."""
    for one in attached:
        labels = None if one.labels is None else sorted(one.labels)
        row = (one.id, one.kind, one.owner, one.content_type, one.body, labels)
        await connection.execute(_INSERT, *row, timeout=SECONDS)


async def owner_of(database: Reader, identity: str) -> tuple[str, str]:
    """Type and id of the resource that decides about a file; empty when there is none of this id."""
    row = await database.fetchrow(_OWNER, identity)
    return (row["kind"], row["owner"]) if row is not None else ("", "")


async def of_citizen(database: Database, citizen: str) -> AsyncIterator[Attached]:
    """Every file beside what there is of a citizen that may hold a text, whole, one after the other: to be judged
    again."""
    for row in await database.fetch(_OF_CITIZEN, citizen):
        if is_closed(row["content_type"], row["beginning"]):
            continue
        async with database.connection() as connection:
            found = await connection.fetchrow(_WHOLE, row["id"], timeout=SECONDS)
        if found is not None:
            told = found["labels"]
            yield Attached(
                found["id"], found["owner"], found["content_type"], found["body"], found["kind"],
                None if told is None else frozenset(told),
            )  # fmt: skip


async def relabel(database: Database, file: Attached) -> None:
    """Keep what the words of a file tell by the tables of today."""
    async with database.connection() as connection:
        await connection.execute(_RELABEL, file.id, None if file.labels is None else sorted(file.labels))


async def open_(database: Database, identity: str, permit: Permit) -> OpenedFile:
    """The file, for who may see its owner. Raises NotFound, on a permit for anything else too."""
    row = await database.fetchrow(_OPEN, identity, permit.kind, permit.id)
    if row is None:
        raise NotFound
    pieces = _pieces(database, identity, permit, row["size"])
    return OpenedFile(f"{permit.kind}/{permit.id}", row["content_type"], row["size"], pieces)


async def _pieces(database: Database, identity: str, permit: Permit, size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, PIECE):
        yield await database.fetchval(_PIECE, identity, permit.kind, permit.id, start + 1, PIECE)
