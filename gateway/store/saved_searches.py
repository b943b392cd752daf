"""The auditors' saved searches. Whose one is stands as a keyed hash; its name and what it asks for are sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.errors import BadRequest
from gateway.store.log import Connection

MOST = 200


@dataclass(frozen=True, slots=True)
class Saved:
    """One saved search; `content` is sealed (store/sealing.py)."""

    id: int
    content: bytes


async def save(connection: Connection, owner: bytes, content: bytes, at: datetime) -> None:
    """Keep a search. Raises BadRequest when its owner has as many as may be kept."""
    kept = await connection.fetchval(
        "INSERT INTO saved_search (owner, made_at, content)"
        " SELECT $1, $2, $3 WHERE (SELECT count(*) FROM saved_search WHERE owner = $1) < $4 RETURNING id",
        owner, at, content, MOST,
    )  # fmt: skip
    if kept is None:
        raise BadRequest("There are too many saved searches", hint=f"At most {MOST}: delete one first.")


async def of(connection: Connection, owner: bytes) -> Sequence[Saved]:
    """The searches of one owner, the newest first."""
    rows = await connection.fetch("SELECT id, content FROM saved_search WHERE owner = $1 ORDER BY id DESC", owner)
    return [Saved(row["id"], row["content"]) for row in rows]


async def delete(connection: Connection, owner: bytes, number: int) -> None:
    """Forget one of the owner's searches."""
    await connection.execute("DELETE FROM saved_search WHERE owner = $1 AND id = $2", owner, number)
