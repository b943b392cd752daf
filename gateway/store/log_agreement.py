"""Whether the tables of the access log agree with each other: no export can show it, since it tells of none of this.

Signed are a record's bytes, salt and place. Everything else is there to find a record or to prove it, and can be
worked out again: the columns beside the bytes, the terms that a search goes by, the tree's inner nodes, the citizens'
lists and their pages, the columns of a checkpoint. What was changed there hides a look, or spoils a proof.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from gateway.domain.checkpoint import BadNote, parse_checkpoint, parse_note
from gateway.domain.findable import terms
from gateway.domain.listing import EMPTY_PAGE, Head, Pages
from gateway.domain.record import SALT_BYTES, AccessRecord, BadRecord, from_bytes, leaf
from gateway.domain.tampering import Fault, Kind
from gateway.store.log import Connection, searched

_PREFETCH = 1000

_OUTSIDE = """
SELECT id FROM access_record r WHERE NOT EXISTS (SELECT 1 FROM log_leaf WHERE record_id = r.id)
  AND NOT EXISTS (SELECT 1 FROM log_pending WHERE record_id = r.id) ORDER BY id LIMIT 1000
"""
_RECORDS = """
SELECT r.id, r.recorded_at, r.citizen, r.client, r.user_key, r.organisation, r.decision, r.interaction, r.purpose,
       r.trace, r.body, r.salt, r.leaf,
       CASE WHEN l.tree_index < (SELECT leaves FROM access_term_done) THEN coalesce(t.terms, '{}') END AS terms
  FROM access_record r LEFT JOIN log_leaf l ON l.record_id = r.id LEFT JOIN
       (SELECT record_id, recorded_at, array_agg(term) AS terms FROM access_term GROUP BY record_id, recorded_at) t
       ON t.record_id = r.id AND t.recorded_at = r.recorded_at
 ORDER BY r.id
"""
# RFC 6962 2.1 over what is stored one level below.
_NODES = """
WITH below AS (
  SELECT 0::smallint AS level, tree_index AS idx, sha256('\\x00'::bytea || leaf) AS hash FROM log_leaf
  UNION ALL SELECT level, idx, hash FROM log_node
), made AS (
  SELECT (a.level + 1)::smallint AS level, a.idx / 2 AS idx, sha256('\\x01'::bytea || a.hash || b.hash) AS hash
    FROM below a JOIN below b ON b.level = a.level AND b.idx = a.idx + 1 WHERE a.idx % 2 = 0
)
SELECT level, idx FROM made FULL JOIN log_node n USING (level, idx)
 WHERE made.hash IS DISTINCT FROM n.hash ORDER BY level, idx LIMIT 1000
"""
# domain/listing.py: the key of a list, its places from 1 on, its chain from 32 zeros on.
_LISTS = """
WITH told AS (
  SELECT l.*, r.id AS there,
         sha256(convert_to('citizen', 'UTF8') || '\\x00'::bytea || convert_to(substring(
           encode(r.body, 'escape') FROM '[{,]"citizen":"([A-Za-z0-9.-]{1,64})"'), 'UTF8')) AS key,
         row_number() OVER chain AS place,
         lag(l.list_head, 1, decode(repeat('00', 32), 'hex')) OVER chain AS before
    FROM log_leaf l LEFT JOIN access_record r ON r.id = l.record_id
  WINDOW chain AS (PARTITION BY l.list_key ORDER BY l.list_place)
)
SELECT tree_index FROM told
 WHERE (there IS NOT NULL AND key IS DISTINCT FROM list_key)
    OR (list_key IS NOT NULL AND (list_place IS DISTINCT FROM place OR
        list_head IS DISTINCT FROM sha256('\\x02'::bytea || before || int8send(tree_index) || leaf)))
 ORDER BY tree_index LIMIT 1000
"""
_HEADS = """
SELECT DISTINCT ON (list_key) list_key, list_place, list_head FROM log_leaf WHERE list_key IS NOT NULL
 ORDER BY list_key, list_place DESC
"""


async def misfiled(connection: Connection) -> AsyncIterator[Fault]:
    """Everything in the tables that is not as the signed records make it; seen at one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for row in await connection.fetch(_OUTSIDE):
            yield Fault(Kind.REMOVED, f"the record with id {row['id']} was kept out of the log")
        async for row in connection.cursor(_RECORDS, prefetch=_PREFETCH):
            for text in _wrong(row):
                yield Fault(Kind.CHANGED, f"the record with id {row['id']} {text}")
        for row in await connection.fetch(_NODES):
            text = f"the tree's node {row['level']}/{row['idx']} is not what stands below it: proofs that need it fail"
            yield Fault(Kind.CHANGED, text)
        for row in await connection.fetch(_LISTS):
            place = row["tree_index"]
            yield Fault(Kind.MISLISTED, f"record {place} stands otherwise in a citizen's list", place, place)
        for path in await _other_pages(connection):
            yield Fault(Kind.MISLISTED, f"the page {path or 'at the top'} of the citizens' lists was changed")
        async for row in connection.cursor("SELECT * FROM checkpoint ORDER BY size", prefetch=_PREFETCH):
            if not _says_itself(row):
                yield Fault(Kind.CHECKPOINT, f"the checkpoint of size {row['size']} is filed otherwise than it says")


def _wrong(row: Any) -> list[str]:
    """What of a record's row is not as its bytes have it. A record that has no terms yet is not asked for any."""
    *_, body, salt, kept, found = row
    said = _record(body)
    wrong = []
    if said is None or tuple(row)[1:10] != searched(said):
        wrong.append("is filed otherwise than it says")
    elif found is not None and frozenset(found) != terms(said):
        wrong.append("is not found by what it says, or by something else")
    if len(salt) != SALT_BYTES or leaf(body, salt) != kept:
        wrong.append("has another hash beside it than its own")
    return wrong


def _record(body: bytes) -> AccessRecord | None:
    try:
        return from_bytes(body)
    except BadRecord:
        return None


async def _other_pages(connection: Connection) -> list[str]:
    """The pages of the map of all lists that are not what the lists make of them."""
    heads = {
        row["list_key"]: Head(row["list_place"], row["list_head"])
        async for row in connection.cursor(_HEADS, prefetch=_PREFETCH)
    }
    made = Pages({}, {}, set())
    made.root(heads)
    stored = {row["path"]: row["children"] for row in await connection.fetch("SELECT path, children FROM log_page")}
    every = sorted(made.pages.keys() | stored.keys())
    return [path for path in every if made.pages.get(path, EMPTY_PAGE) != stored.get(path, EMPTY_PAGE)]


def _says_itself(row: Any) -> bool:
    try:
        point = parse_checkpoint(parse_note(row["note"]).text)
    except BadNote:
        return False
    return (point.size, point.root, point.time) == (row["size"], row["root"], row["made_at"])
