"""The access log: records go in with what they record, and get their place in the signed tree soon after.

`record_insert` and `record_args` put records into another statement, so that an answer's writes and its record
are one statement and one commit. The request's path takes no lock: which place a record gets is decided later, by
`integrate`, one node at a time. It claims by deleting from `log_pending`, so a record that becomes visible late
(identities are given before commits) is claimed late and never passed over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from gateway.domain.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from gateway.domain.merkle import Coordinate, Range, consistency_plan, inclusion_plan, leaf_hash, needed, peaks, prove
from gateway.domain.record import SALT_BYTES, AccessRecord, leaf
from gateway.errors import GatewayError, Unreadable
from gateway.store.keys import LogKey, verify

LOCK = 0x464C4F47  # one integrator at a time, among all nodes
BATCH = 5000

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
    columns: list[list[Any]] = [[] for _ in _TYPES]
    for record in records:
        body, salt = record.to_bytes(), os.urandom(SALT_BYTES)
        for column, value in zip(columns, (*searched(record), body, salt, leaf(body, salt)), strict=True):
            column.append(value)
    return columns


def searched(record: AccessRecord) -> tuple[datetime | str, ...]:
    """The nine columns beside the body, which the auditor's search asks for."""
    return (
        record.time, column_text(record.citizen), column_text(record.client), column_text(record.user),
        column_text(record.organisation), record.decision.value, column_text(record.interaction),
        " ".join(map(column_text, record.purposes)), column_text(record.trace),
    )  # fmt: skip


def column_text(text: str) -> str:
    """A text as it stands in a column: PostgreSQL takes no U+0000 and no half characters, an index no long text."""
    if text.isascii() and "\0" not in text:
        return text[:_LONGEST_KEY]
    return text[:_LONGEST_KEY].replace("\0", "\ufffd").encode(errors="replace").decode()


_APPEND = f"WITH {record_insert()} SELECT count(*) FROM recorded"
# The common case, one citizen: a quarter faster without arrays.
_APPEND_ONE = f"""
WITH recorded AS (
  INSERT INTO access_record ({_NAMES}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id
)
INSERT INTO log_pending (record_id) SELECT id FROM recorded
"""


async def append(connection: Connection, records: Sequence[AccessRecord]) -> None:
    """Put records on record, in one statement; durable when the transaction is."""
    columns = record_args(records)
    if len(records) == 1:
        await connection.execute(_APPEND_ONE, *(column[0] for column in columns))
    elif records:
        await connection.execute(_APPEND, *columns)


# --- the tree -----------------------------------------------------------------------------------------------------

_CLAIM = """
WITH claimed AS (
  DELETE FROM log_pending WHERE record_id IN (SELECT record_id FROM log_pending ORDER BY record_id LIMIT $1)
  RETURNING record_id
)
SELECT r.id, r.leaf FROM claimed JOIN access_record r ON r.id = claimed.record_id ORDER BY r.id
"""
_GROW = """
WITH leaves AS (
  INSERT INTO log_leaf (tree_index, record_id, leaf) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
), nodes AS (
  INSERT INTO log_node (level, idx, hash) SELECT * FROM unnest($4::smallint[], $5::bigint[], $6::bytea[])
)
INSERT INTO checkpoint (size, root, note, made_at) VALUES ($7, $8, $9, $10)
"""
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


async def integrate(connection: Connection, signer: LogKey, clock: Callable[[], datetime], batch: int = BATCH) -> int:
    """Give every record that is visible now its place in the tree and sign what came out. How many were placed.

    One node at a time, others wait. Each batch is a transaction of its own: leaves, nodes and checkpoint together.
    The first call of all signs the empty tree. Raises LogBroken when the stored tree does not give the root that
    was last signed, or another key signed it: then nothing is claimed and nothing signed.
    """
    placed = 0
    while True:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            count = await _integrate_batch(connection, signer, clock, batch)
        placed += count
        if count < batch:
            return placed


async def _integrate_batch(connection: Connection, signer: LogKey, clock: Callable[[], datetime], batch: int) -> int:
    last = await latest(connection)
    claimed = await connection.fetch(_CLAIM, batch)
    if not claimed and last:
        return 0
    tree, before = await _signed(connection, signer, last)
    first = tree.size
    made = tree.extend(row["leaf"] for row in claimed)
    time = max(clock(), before) if before else clock()  # the log's time never runs backwards, whatever clocks do
    point = Checkpoint(signer.origin, tree.size, tree.root(), time)
    nodes = [node for node in made if node[0] > 0]
    await connection.execute(
        _GROW,
        list(range(first, tree.size)), [row["id"] for row in claimed], [row["leaf"] for row in claimed],
        [level for level, _, _ in nodes], [index for _, index, _ in nodes], [value for _, _, value in nodes],
        point.size, point.root, sign_checkpoint(point, signer.public, signer.sign), time,
    )  # fmt: skip
    return len(claimed)


async def _signed(connection: Connection, signer: LogKey, last: Latest | None) -> tuple[Range, datetime | None]:
    """The tree as it was last signed, and when. Whoever signs must not sign anything that does not continue it."""
    if last is None:
        return Range(), None
    try:
        point = open_checkpoint(last.note, [signer.public], verify)
    except Unreadable:
        raise LogBroken(
            "The newest checkpoint was not signed by this key", hint="Restore the signing key or the checkpoint."
        ) from None
    nodes = await _nodes(connection, peaks(point.size))
    try:
        tree = Range(point.size, [nodes[coordinate] for coordinate in peaks(point.size)])
    except KeyError:
        raise LogBroken(hint="Nodes of its tree are missing.") from None
    if last.size != point.size or tree.root() != point.root:
        raise LogBroken(hint="Verify the log (gateway verify-log --live).")
    return tree, point.time


async def _nodes(connection: Connection, coordinates: Sequence[Coordinate]) -> dict[Coordinate, bytes]:
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
    return await _proof(connection, inclusion_plan(index, size))


async def consistency(connection: Connection, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with the tree of `old` (RFC 6962 2.1.2)."""
    return await _proof(connection, consistency_plan(old, new))


async def _proof(connection: Connection, plan: Sequence[tuple[int, int]]) -> list[bytes]:
    nodes = await _nodes(connection, needed(plan))

    def node(level: int, index: int) -> bytes:
        if (level, index) not in nodes:
            raise LogBroken(hint="Nodes of its tree are missing.")
        return nodes[level, index]

    return prove(plan, node)
