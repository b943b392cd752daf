"""Records get their place in the signed tree, and in their citizens' lists, soon after they were written.

One node at a time does it, and no request waits for it. It claims by deleting from `log_pending`, so a record that
becomes visible late (identities are given before commits) is claimed late and never passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.domain.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from gateway.domain.listing import EMPTY_PAGE, committed, extension, page_hash
from gateway.domain.merkle import Range, peaks
from gateway.errors import Unreadable
from gateway.store.keys import LogKey, verify
from gateway.store.log import Connection, Latest, LogBroken, latest, nodes
from gateway.store.log_lists import extend

LOCK = 0x464C4F47  # one integrator at a time, among all nodes
BATCH = 5000
EMPTY_LISTS = page_hash(EMPTY_PAGE)

_CLAIM = """
WITH claimed AS (
  DELETE FROM log_pending WHERE record_id IN (SELECT record_id FROM log_pending ORDER BY record_id LIMIT $1)
  RETURNING record_id
)
SELECT r.id, r.leaf, r.citizen FROM claimed JOIN access_record r ON r.id = claimed.record_id ORDER BY r.id
"""
_GROW = """
WITH leaves AS (
  INSERT INTO log_leaf (tree_index, record_id, leaf, list_key, list_place, list_head)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bytea[])
), nodes AS (
  INSERT INTO log_node (level, idx, hash) SELECT * FROM unnest($7::smallint[], $8::bigint[], $9::bytea[])
)
INSERT INTO checkpoint (size, root, note, made_at) VALUES ($10, $11, $12, $13)
"""


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
    tree, signed = await _signed(connection, signer, last)
    first = tree.size
    leaves = [(first + place, row["leaf"], row["citizen"]) for place, row in enumerate(claimed)]
    listed, lists = await extend(connection, leaves, committed(signed.extensions) if signed else EMPTY_LISTS)
    made = tree.extend(row["leaf"] for row in claimed)
    time = max(clock(), signed.time) if signed and signed.time else clock()  # never backwards, whatever clocks do
    point = Checkpoint(signer.origin, tree.size, tree.root(), time, (extension(lists),))
    upper = [node for node in made if node[0] > 0]
    await connection.execute(
        _GROW,
        list(range(first, tree.size)), [row["id"] for row in claimed], [row["leaf"] for row in claimed],
        *([one[column] for one in listed] for column in range(3)),
        [level for level, _, _ in upper], [index for _, index, _ in upper], [value for _, _, value in upper],
        point.size, point.root, sign_checkpoint(point, signer.public, signer.sign), time,
    )  # fmt: skip
    return len(claimed)


async def _signed(connection: Connection, signer: LogKey, last: Latest | None) -> tuple[Range, Checkpoint | None]:
    """The tree as it was last signed, and what was signed. Whoever signs signs nothing that does not continue it."""
    if last is None:
        return Range(), None
    try:
        point = open_checkpoint(last.note, [signer.public], verify)
    except Unreadable:
        raise LogBroken(
            "The newest checkpoint was not signed by this key", hint="Restore the signing key or the checkpoint."
        ) from None
    stored = await nodes(connection, peaks(point.size))
    try:
        tree = Range(point.size, [stored[coordinate] for coordinate in peaks(point.size)])
    except KeyError:
        raise LogBroken(hint="Nodes of its tree are missing.") from None
    if last.size != point.size or tree.root() != point.root:
        raise LogBroken(hint="Verify the log (gateway verify-log --live).")
    return tree, point
