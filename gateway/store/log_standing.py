"""Figures about the access log as it stands: how much is signed, how much waits, and whether a number is missing.

Counting is cheap however long the log is: the tree's indexes are dense, so their ends tell how many there are, and what
was signed was counted when it was signed. What changed inside is for the proofs (domain/verify_log.py), not for counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.log import Connection, Latest, latest
from gateway.store.log_forgetting import forgotten_before

_COUNTS = """
SELECT (SELECT count(*) FROM log_pending) AS pending,
  (SELECT coalesce(max(tree_index) + 1, 0) FROM log_leaf) AS leaves,
  (SELECT count(*) FROM (SELECT id FROM access_record ORDER BY id DESC LIMIT $1) r
     WHERE NOT EXISTS (SELECT 1 FROM log_leaf l WHERE l.record_id = r.id)
       AND NOT EXISTS (SELECT 1 FROM log_pending p WHERE p.record_id = r.id)) AS unplaced,
  (SELECT count(*) FROM (SELECT record_id FROM log_leaf ORDER BY tree_index DESC LIMIT $1) l
     WHERE NOT EXISTS (SELECT 1 FROM access_record r WHERE r.id = l.record_id)) AS missing
"""
_COSIGNED = """
SELECT DISTINCT ON (witness) witness, size, made_at FROM cosignature ORDER BY witness, size DESC
"""
LOOKED_AT = 10_000
"""The newest so many records are compared one by one with the tree."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest checkpoint and the figures beside it."""

    newest: Latest | None
    pending: int
    leaves: int
    unplaced: int
    missing: int
    forgotten_before: datetime | None  # records from before this time are gone; None where none ever went
    cosigned: Sequence[tuple[str, int, datetime]]  # by whom, up to which size, when
    witnessed: Sequence[tuple[str, int, datetime]]  # whose log, up to which size, when


async def standing(connection: Connection) -> Standing:
    """All figures as of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        newest = await latest(connection)
        row = await connection.fetchrow(_COUNTS, LOOKED_AT)
        forgotten = await forgotten_before(connection)
        cosigned = await connection.fetch(_COSIGNED)
        seen = await connection.fetch("SELECT origin, size, seen_at FROM witnessed ORDER BY origin")
    assert row is not None  # noqa: S101 - a select of counts has one row
    return Standing(
        newest, row["pending"], row["leaves"], row["unplaced"], row["missing"], forgotten,
        [(one[0], one[1], one[2]) for one in cosigned], [(one[0], one[1], one[2]) for one in seen],
    )  # fmt: skip


async def salts_of(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """The salts of these records' leaves."""
    rows = await connection.fetch("SELECT id, salt FROM access_record WHERE id = ANY($1::bigint[])", list(ids))
    return {row["id"]: bytes(row["salt"] or b"") for row in rows}
