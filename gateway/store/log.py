"""The access log: records go in with what they record, and get their place in the signed tree soon after.

`record_insert` and `record_args` put records into another statement, so that an answer's writes and its record
are one statement and one commit. The request's path takes no lock: which place a record gets is decided later, one node
at a time (integrating.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

import asyncpg

from gateway.domain.merkle import Coordinate, consistency_plan, inclusion_plan, leaf_hash, needed, prove
from gateway.domain.record import SALT_BYTES, AccessRecord, Decision, leaf
from gateway.errors import GatewayError

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
_NAMES = "recorded_at, citizen, client, user_key, organisation, decision, interaction, purpose, trace, body, salt, leaf"
_TYPES = ("timestamptz", *("text",) * 8, "bytea", "bytea", "bytea")
RECORD_WIDTH = len(_TYPES)  # parameters of `record_insert`
_LONGEST_KEY = 500  # characters; an index entry must stay below 2,700 bytes


class LogBroken(GatewayError):
    """The log does not continue what was last signed; nothing more is signed."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest checkpoint."""

    size: int
    root: bytes
    note: str
    made_at: datetime


# --- records in ---------------------------------------------------------------------------------------------------


def record_insert(first: int = 1, source: str = "") -> str:
    """Two CTEs that insert records and mark them for the tree; `$first` and eleven more are `record_args`.

    `source` names a CTE of the statement: with no row in it, nothing is inserted.
    """
    arrays = ", ".join(f"${first + place}::{kind}[]" for place, kind in enumerate(_TYPES))
    origin = f"{source}, " if source else ""
    return f"""recorded AS (
  INSERT INTO access_record ({_NAMES})
  SELECT e.* FROM {origin}unnest({arrays}) AS e({_NAMES})
  RETURNING id
), pending AS (
  INSERT INTO log_pending (record_id) SELECT id FROM recorded
)"""


def record_args(records: Iterable[AccessRecord]) -> list[list[Any]]:
    """The records as the twelve columns that `record_insert` takes, each with a salt of its own."""
    rows = _rows(list(records))
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in _TYPES]


def _rows(records: Sequence[AccessRecord]) -> list[tuple[Any, ...]]:
    """The twelve values of each."""
    salts, rows = os.urandom(SALT_BYTES * len(records)), []
    for place, record in enumerate(records):
        body, salt = record.to_bytes(), salts[place * SALT_BYTES : (place + 1) * SALT_BYTES]
        rows.append((*searched(record), body, salt, leaf(body, salt)))
    return rows


def searched(record: AccessRecord) -> tuple[datetime | str, ...]:
    """The nine columns beside the body, which the auditor's search asks for."""
    often = _said_often(record.client, record.user, record.organisation, record.decision, record.interaction,
                        record.purposes)  # fmt: skip
    return (record.time, column_text(record.citizen), *often, column_text(record.trace))


@lru_cache(maxsize=4096)  # the same people look again and again
def _said_often(
    client: str, user: str, organisation: str, decision: Decision, interaction: str, purposes: tuple[str, ...]
) -> tuple[str, ...]:
    return (
        column_text(client), column_text(user), column_text(organisation), decision.value, column_text(interaction),
        " ".join(map(column_text, purposes)),
    )  # fmt: skip


def column_text(text: str) -> str:
    """A text as it stands in a column: PostgreSQL takes no U+0000 and no half characters, an index no long text."""
    if text.isascii() and "\0" not in text:
        return text[:_LONGEST_KEY]
    return text[:_LONGEST_KEY].replace("\0", "\ufffd").encode(errors="replace").decode()


_APPEND = f"WITH {record_insert()} SELECT count(*) FROM recorded"
_SPELLED_OUT = 32
"""So many records at most are written value by value, which takes two thirds of what arrays take on either side. Each
number of them is a statement of its own, and a connection keeps a hundred."""


@lru_cache(maxsize=_SPELLED_OUT)
def append_sql(count: int) -> str:
    """Insert so many records and mark them for the tree; twelve values each, in the order of `record_insert`."""
    width = len(_TYPES)
    rows = (
        f"({', '.join(f'${row * width + place}::{kind}' for place, kind in enumerate(_TYPES, 1))})"
        for row in range(count)
    )
    return f"""
    WITH recorded AS (INSERT INTO access_record ({_NAMES}) VALUES {", ".join(rows)} RETURNING id)
    INSERT INTO log_pending (record_id) SELECT id FROM recorded
    """


async def append(connection: Connection, records: Sequence[AccessRecord]) -> None:
    """Put records on record, in one statement; durable when the transaction is."""
    if len(records) > _SPELLED_OUT:
        await connection.execute(_APPEND, *record_args(records))
    elif records:
        await connection.execute(append_sql(len(records)), *chain.from_iterable(_rows(records)))


# --- the tree -----------------------------------------------------------------------------------------------------

_LATEST = "SELECT size, root, note, made_at FROM checkpoint ORDER BY size DESC LIMIT 1"
_NODES = """
SELECT n.level::int, n.idx, n.hash FROM unnest($1::smallint[], $2::bigint[]) AS w(level, idx)
  JOIN log_node n USING (level, idx)
"""
_LEAVES = "SELECT tree_index, leaf FROM log_leaf WHERE tree_index = ANY($1::bigint[])"


async def latest(connection: Connection) -> Latest | None:
    """The newest checkpoint; None before the first."""
    row = await connection.fetchrow(_LATEST)
    return Latest(**row) if row else None


async def nodes(connection: Connection, coordinates: Sequence[Coordinate]) -> dict[Coordinate, bytes]:
    """Stored subtrees; level 0 is computed from the leaves."""
    bottom = [index for level, index in coordinates if level == 0]
    upper = [(level, index) for level, index in coordinates if level > 0]
    found: dict[Coordinate, bytes] = {}
    if bottom:
        rows = await connection.fetch(_LEAVES, bottom)
        found |= {(0, row["tree_index"]): leaf_hash(row["leaf"]) for row in rows}
    if upper:
        rows = await connection.fetch(_NODES, [level for level, _ in upper], [index for _, index in upper])
        found |= {(row["level"], row["idx"]): row["hash"] for row in rows}
    return found


# --- proofs -------------------------------------------------------------------------------------------------------


async def inclusion(connection: Connection, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` (RFC 6962 2.1.1). Raises ValueError outside the tree."""
    return await proof(connection, inclusion_plan(index, size))


async def consistency(connection: Connection, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with the tree of `old` (RFC 6962 2.1.2)."""
    return await proof(connection, consistency_plan(old, new))


async def proof(connection: Connection, plan: Sequence[tuple[int, int]]) -> list[bytes]:
    """The proof that a plan describes. Raises LogBroken where stored nodes are missing."""
    found = await nodes(connection, needed(plan))

    def node(level: int, index: int) -> bytes:
        if (level, index) not in found:
            raise LogBroken(hint="Nodes of its tree are missing.")
        return found[level, index]

    return prove(plan, node)
