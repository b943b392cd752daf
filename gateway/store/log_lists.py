"""Each citizen's own list in the log: grown by the integrator, shown complete to whoever may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from gateway.domain.checkpoint import parse_checkpoint, parse_note
from gateway.domain.listing import EMPTY_PAGE, NOTHING, Head, Pages, child, committed, list_key, page_hash
from gateway.domain.merkle import spans_beside
from gateway.store.log import Connection, Latest, LogBroken, latest, proof

_HEADS = """
SELECT w.key, l.list_place, l.list_head FROM unnest($1::bytea[]) AS w(key) CROSS JOIN LATERAL
  (SELECT list_place, list_head FROM log_leaf WHERE list_key = w.key ORDER BY list_place DESC LIMIT 1) AS l
"""
_ALONE = """
SELECT w.path, l.list_key, l.list_place, l.list_head
  FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS w(path, low, high) CROSS JOIN LATERAL (
    SELECT list_key, list_place, list_head FROM log_leaf WHERE list_key BETWEEN w.low AND w.high
    ORDER BY list_key DESC, list_place DESC LIMIT 1) AS l
"""
_PAGES = "SELECT path, children FROM log_page WHERE path = ANY($1::text[])"
_WRITE = """
INSERT INTO log_page (path, children) SELECT * FROM unnest($1::text[], $2::bytea[])
ON CONFLICT (path) DO UPDATE SET children = excluded.children
"""
_ENTRIES = """
SELECT l.tree_index, l.record_id, l.leaf, r.salt, r.body FROM log_leaf l LEFT JOIN access_record r ON r.id = l.record_id
 WHERE l.list_key = $1 ORDER BY l.list_place
"""


# --- growing --------------------------------------------------------------------------------------------------------

_EMPTY = Head()
Listed = tuple[bytes | None, int | None, bytes | None]  # the columns of one leaf: key, place, head


async def extend(
    connection: Connection, leaves: Sequence[tuple[int, bytes, str]], signed: bytes | None
) -> tuple[list[Listed], bytes]:
    """Put (place in the tree, leaf, citizen) at the end of their lists: the columns of each leaf, and the new root.

    `signed` is the root that the newest checkpoint commits to. Raises LogBroken when the stored map is another.
    """
    keys = [list_key(citizen) for _, _, citizen in leaves]
    wanted = sorted({key for key in keys if key})
    pages, slots = await _paths(connection, wanted)
    if signed is not None and page_hash(pages.get("", EMPTY_PAGE)) != signed:
        raise LogBroken(hint="The citizens' lists are not those that were signed.")
    heads = {row["key"]: Head(row["list_place"], row["list_head"]) for row in await connection.fetch(_HEADS, wanted)}
    listed: list[Listed] = []
    for (index, leaf, _), key in zip(leaves, keys, strict=True):
        if key is None:
            listed.append((None, None, None))
            continue
        head = heads[key] = heads.get(key, _EMPTY).after(index, leaf)
        listed.append((key, head.entries, head.digest))
    grown = Pages(pages, await _alone(connection, slots), set())
    root = grown.root(heads)
    written = sorted(grown.written)
    await connection.execute(_WRITE, written, [grown.pages[path] for path in written])
    return listed, root


async def _paths(connection: Connection, keys: Sequence[bytes]) -> tuple[dict[str, bytes], set[str]]:
    """The pages on the paths of these keys, and the places on them that hold one list. Raises LogBroken where a page is
    not the one that the page above it names."""
    pages: dict[str, bytes] = {}
    slots: set[str] = set()
    digits, depth = [key.hex() for key in keys], 0
    level: dict[str, bytes | None] = {"": None}
    while level:
        found = {row["path"]: row["children"] for row in await connection.fetch(_PAGES, list(level))}
        for path, children in found.items():
            if level[path] not in (None, page_hash(children)):
                raise LogBroken(hint="A page of the citizens' lists was changed.")
        pages |= found
        slots |= {path for path in level if path and path not in found}
        below = {one[: depth + 1]: child(found[one[:depth]], one[depth]) for one in digits if one[:depth] in found}
        level = {path: there for path, there in below.items() if there != NOTHING}
        depth += 1
    return pages, slots


async def _alone(connection: Connection, slots: set[str]) -> Mapping[str, tuple[bytes, Head]]:
    paths = sorted(slots)
    low, high = ([bytes.fromhex(path.ljust(64, fill)) for path in paths] for fill in "0f")
    rows = await connection.fetch(_ALONE, paths, low, high) if paths else []
    return {row["path"]: (row["list_key"], Head(row["list_place"], row["list_head"])) for row in rows}


# --- showing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class List:
    """One citizen's list, whole: its entries in order, and the pages that show it complete (listing.shown)."""

    citizen: str
    entries: tuple[asyncpg.Record, ...]  # tree_index, record_id, leaf, salt, body
    path: tuple[bytes, ...]
    beside: tuple[bytes, bytes] | None


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of several citizens under one checkpoint, and the hashes that show all their leaves in its tree."""

    newest: Latest
    lists: tuple[List, ...]
    tree: tuple[bytes, ...]


async def lists_of(connection: Connection, citizens: Sequence[str]) -> Lists | None:
    """What the newest checkpoint says of these citizens; None before the first that commits to lists."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        newest = await latest(connection)
        if newest is None or committed(parse_checkpoint(parse_note(newest.note).text).extensions) is None:
            return None
        found = [await _list(connection, citizen) for citizen in dict.fromkeys(citizens)]
        places = sorted(entry["tree_index"] for one in found for entry in one.entries)
        return Lists(newest, tuple(found), tuple(await proof(connection, spans_beside(places, newest.size))))


async def _list(connection: Connection, citizen: str) -> List:
    key = list_key(citizen)
    if key is None:
        raise ValueError("this is no id of a citizen")
    pages, slots = await _paths(connection, [key])
    beside = None
    for other, head in (await _alone(connection, slots)).values():
        beside = (other, head.sealed()) if other != key else None
    rows = await connection.fetch(_ENTRIES, key)
    return List(citizen, tuple(rows), tuple(pages[path] for path in sorted(pages, key=len)), beside)
