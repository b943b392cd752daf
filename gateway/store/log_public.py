"""What outside verifiers may have of the log: signed checkpoints, hashes, and nothing of anybody."""

from __future__ import annotations

from datetime import datetime

from gateway.store.log import Connection, Latest

TILE = 256
_COSIGNED = (
    "note || coalesce((SELECT string_agg(line, '' ORDER BY witness) FROM cosignature c WHERE c.size = p.size), '')"
)
_POINT = f"SELECT size, root, {_COSIGNED} AS note, made_at FROM checkpoint p"
POINTS = f"SELECT size, {_COSIGNED} AS note FROM checkpoint p ORDER BY size"
"""All checkpoints in order, each with its cosignatures."""


async def newest(connection: Connection) -> Latest | None:
    """The newest checkpoint, with the cosignatures that it has by now."""
    return _latest(await connection.fetchrow(f"{_POINT} ORDER BY size DESC LIMIT 1"))


async def newest_cosigned(connection: Connection) -> Latest | None:
    """The newest checkpoint that a witness has cosigned."""
    where = "WHERE size = (SELECT max(size) FROM cosignature)"
    return _latest(await connection.fetchrow(f"{_POINT} {where}"))


async def in_force(connection: Connection, before: datetime) -> Latest | None:
    """The last checkpoint that was made before this moment."""
    where = "WHERE made_at < $1 ORDER BY made_at DESC, size DESC LIMIT 1"
    return _latest(await connection.fetchrow(f"{_POINT} {where}", before))


async def signing(connection: Connection) -> tuple[datetime | None, datetime | None]:
    """Since when the first record that has no place in the tree waits, and when the newest checkpoint was signed. One
    row, also where the tables are empty."""
    row = await connection.fetchrow(
        "SELECT (SELECT recorded_at FROM access_record WHERE id = (SELECT min(record_id) FROM log_pending)) AS waiting,"
        " (SELECT made_at FROM checkpoint ORDER BY size DESC LIMIT 1) AS signed"
    )
    return (row["waiting"], row["signed"]) if row else (None, None)


def _latest(row: object) -> Latest | None:
    return Latest(**row) if row else None  # type: ignore[arg-type]


async def index_of(connection: Connection, record: int) -> int | None:
    """The place in the tree of the record with this id."""
    found: int | None = await connection.fetchval("SELECT tree_index FROM log_leaf WHERE record_id = $1", record)
    return found


async def leaf_at(connection: Connection, index: int) -> bytes | None:
    """The leaf in this place."""
    found: bytes | None = await connection.fetchval("SELECT leaf FROM log_leaf WHERE tree_index = $1", index)
    return found


async def leaves(connection: Connection, number: int, width: int) -> list[bytes]:
    """The first `width` leaves of a tile's 256, as many as there are."""
    rows = await connection.fetch(
        "SELECT leaf FROM log_leaf WHERE tree_index >= $1 AND tree_index < $2 ORDER BY tree_index",
        number * TILE, number * TILE + width,
    )  # fmt: skip
    return [row["leaf"] for row in rows]


async def subtrees(connection: Connection, level: int, number: int, width: int) -> list[bytes]:
    """The first `width` hashes of a tile at a level of the tree from 1 up, as many as there are."""
    rows = await connection.fetch(
        "SELECT hash FROM log_node WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
        level, number * TILE, number * TILE + width,
    )  # fmt: skip
    return [row["hash"] for row in rows]
