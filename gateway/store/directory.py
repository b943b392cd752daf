"""The directory: staff, organisations and places, with their versions and what they are found by.

Writers wait for each other (they are few): a conditional create looks and writes as one, and what refers to a shelter
is protected with it in the same commit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from gateway.domain.when import BEGINNING, END
from gateway.store.pool import Connection, Database
from gateway.store.versions import Place

Reader = Database | Connection
LOCK = 0x46444952  # one writer at a time, among all nodes
LONGEST = 200  # characters of a key; index entries are short

_COLUMNS = "d.kind, d.id, d.version, d.updated, d.source, d.withdrawn, d.protected, d.body"
_FIND = f"SELECT {_COLUMNS} FROM directory d WHERE d.kind = $1 AND d.id = $2"
_VERSION = """
SELECT v.kind, v.id, v.version, v.updated, d.source, v.withdrawn, d.protected, v.body
  FROM directory_version v JOIN directory d USING (kind, id) WHERE v.kind = $1 AND v.id = $2 AND v.version = $3
"""
_HISTORY = """
SELECT v.kind, v.id, v.version, v.updated, d.source, v.withdrawn, d.protected, v.body
  FROM {versions} v JOIN directory d USING (kind, id)
 WHERE v.kind = $1 AND {which} AND (NOT d.protected OR d.source = ANY($3::text[]))
   AND v.updated >= $4 AND v.updated < $6 AND NOT EXISTS (
         SELECT FROM directory_version n
          WHERE n.kind = v.kind AND n.id = v.id AND n.version = v.version + 1 AND n.updated <= $5)
   AND (v.updated, v.id, v.version) < ($7, $8, $9)
 ORDER BY v.updated DESC, v.id DESC, v.version DESC LIMIT $10
"""
# Of a type in the order of their index; of one all that there are, which are few (OFFSET 0 keeps it so).
_OF_TYPE = _HISTORY.format(versions="directory_version", which="$2 = ''")
_OF_ONE = _HISTORY.format(
    versions="(SELECT * FROM directory_version WHERE kind = $1 AND id = $2 OFFSET 0)", which="v.id = $2"
)
_PARTS = f"""
WITH part AS (SELECT d.id, d.refs FROM directory d JOIN directory_key k USING (kind, id)
               WHERE d.kind = 'Organization' AND k.name = 'partof' AND NOT d.withdrawn)
SELECT {_COLUMNS} FROM directory d WHERE d.kind = 'Organization' AND NOT d.withdrawn
   AND (d.id IN (SELECT id FROM part)
        OR d.id IN (SELECT w.id FROM directory w, unnest(w.names) AS by(name)
                     WHERE w.kind = 'Organization' AND by.name IN (SELECT unnest(p.refs) FROM part p))) ORDER BY d.id
"""
_PARTS_AT = """
WITH stood AS MATERIALIZED (
  SELECT DISTINCT ON (v.id) v.id, v.version, v.updated, v.withdrawn, v.body FROM directory_version v
   WHERE v.kind = 'Organization' AND v.updated <= $1 ORDER BY v.id, v.version DESC
), part AS MATERIALIZED (
  SELECT s.id, convert_from(s.body, 'UTF8')::jsonb -> 'partOf' AS whole
    FROM stood s WHERE NOT s.withdrawn AND position('"partOf"'::bytea IN s.body) > 0
)
SELECT d.kind, s.id, s.version, s.updated, d.source, s.withdrawn, d.protected, s.body
  FROM stood s JOIN directory d ON d.kind = 'Organization' AND d.id = s.id
 WHERE NOT s.withdrawn AND EXISTS (SELECT FROM part) AND (
         s.id IN (SELECT id FROM part)
         OR 'Organization/' || s.id IN (SELECT whole ->> 'reference' FROM part WHERE whole ? 'reference')
         OR EXISTS (SELECT FROM jsonb_array_elements(convert_from(s.body, 'UTF8')::jsonb -> 'identifier') AS i(one)
                     WHERE one ->> 'value' IN (SELECT whole #>> '{identifier,value}' FROM part
                                                WHERE whole #>> '{identifier,value}' IS NOT NULL)))
 ORDER BY s.id
"""
# What begins with a text stands between it and it with the last character of all behind it. Few are looked up by their
# values, and then by their ids; of many it is seen by the way whether they have one.
_FEW = """d.id = ANY(ARRAY(
  SELECT k.id FROM unnest({exact}) AS e(text) CROSS JOIN LATERAL (
    SELECT o.id FROM directory_key o WHERE o.kind = {kind} AND o.name = {name} AND o.value = e.text OFFSET 0) AS k
  UNION ALL
  SELECT k.id FROM unnest({begins}) AS b(text) CROSS JOIN LATERAL (
    SELECT o.id FROM directory_key o WHERE o.kind = {kind} AND o.name = {name}
       AND o.value >= b.text AND o.value < b.text || chr(1114111) OFFSET 0) AS k))"""
_MANY = """EXISTS (
  SELECT FROM directory_key k WHERE k.kind = d.kind AND k.id = d.id AND k.name = {name} AND k.value = ANY({exact}))"""
_SAVE = """
INSERT INTO directory (kind, id, version, updated, source, withdrawn, protected, names, refs, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (kind, id) DO UPDATE SET version = $3, updated = $4, withdrawn = $6,
   protected = directory.protected OR $7, names = $8, refs = $9, body = $10
"""
_SAVE_VERSION = """
INSERT INTO directory_version (kind, id, version, updated, withdrawn, body) VALUES ($1, $2, $3, $4, $5, $6)
"""
_KEYS = "INSERT INTO directory_key (kind, id, name, value) SELECT $1, $2, * FROM unnest($3::text[], $4::text[])"
# Once of a shelter, always: the versions of before tell of it too. `$1` are numbers of organisations that the tables
# tell, which nobody's label may close.
_CLOSE = """
WITH RECURSIVE closed AS (
  SELECT kind, id, names FROM directory WHERE protected
  UNION
  SELECT d.kind, d.id, d.names FROM directory d
    JOIN closed c ON d.refs && ARRAY(SELECT n FROM unnest(c.names) AS n WHERE NOT n = ANY($1::text[]))
)
UPDATE directory d SET protected = true FROM closed c WHERE d.kind = c.kind AND d.id = c.id AND NOT d.protected
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of something in the directory. `protected`: it tells where a shelter is."""

    kind: str
    id: str
    version: int
    updated: datetime
    source: str
    withdrawn: bool
    protected: bool
    body: bytes  # FHIR JSON without meta.versionId and meta.lastUpdated


@dataclass(frozen=True, slots=True)
class Stood:
    """Which versions of a history are asked for: made from a time on, and that stood at any moment from `low` to before
    `high`."""

    since: datetime = BEGINNING
    low: datetime = BEGINNING
    high: datetime = END


@dataclass(frozen=True, slots=True)
class Links:
    """`names`: what others refer to it by; `refs`: what it refers to; `keys`: (search parameter, value)."""

    names: Sequence[str]
    refs: Sequence[str]
    keys: Collection[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Narrow:
    """One search parameter as far as it can be looked up: any of these values, or any that begins so; without a
    parameter, what others refer to by any of these `names`. `of` are the places of wants that stand before: what could
    answer those is meant too. `many`: a large part of all may have these values; then there is nothing that it begins
    with."""

    name: str
    exact: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    of: tuple[int, ...] = ()
    many: bool = False


@dataclass(frozen=True, slots=True)
class Want:
    """Those of a type that stand now and that `narrow` does not rule out, by their ids, up to `most`. `ids` are those
    that are asked for alone, none for any. `behind` is the place of another want: only where that is full, those from
    its last id, and from `after`, on."""

    kind: str
    narrow: tuple[Narrow, ...]
    most: int
    ids: tuple[str, ...] = ()
    after: str = ""
    behind: int | None = None


@dataclass(frozen=True, slots=True)
class Climb:
    """One of a type by its id, and all that stand below or above it, up to `most`; `names` are what it goes by where
    tables tell it."""

    kind: str
    identity: str
    names: tuple[str, ...]
    below: bool
    most: int


async def find(database: Reader, kind: str, identity: str, version: int = 0) -> Entry | None:
    """One of them, as it is or in one version."""
    row = await (
        database.fetchrow(_VERSION, kind, identity, version) if version else database.fetchrow(_FIND, kind, identity)
    )
    return _entry(row) if row else None


async def going_by(database: Reader, kind: str, names: Sequence[str], most: int) -> list[Entry]:
    """Those of a type that stand now and that others refer to by any of these names."""
    sql = f"SELECT {_COLUMNS} FROM directory d WHERE d.kind = $1 AND d.names && $2::text[] AND NOT d.withdrawn LIMIT $3"
    return [_entry(row) for row in await database.fetch(sql, kind, [key_text(name) for name in names], most)]


async def found(
    database: Reader, kind: str, narrow: Sequence[Narrow], ids: Sequence[str], after: str, most: int,
    allowed: Sequence[str],
) -> list[Entry]:  # fmt: skip
    """Those of a type that stand now and that `narrow` does not rule out, by their ids, from `after` on. `ids` are
    those that are asked for alone, none for any; `allowed` the sources whose shelters are shown."""
    values: list[Any] = [kind, after, most, list(ids), list(allowed)]
    sql = f"SELECT {_COLUMNS} FROM directory d WHERE d.kind = $1 AND d.id > $2 AND NOT d.withdrawn"
    sql += " AND (NOT d.protected OR d.source = ANY($5::text[]))"
    sql += " AND d.id = ANY($4::text[])" if ids else " AND cardinality($4::text[]) = 0"
    for one in narrow:
        first = len(values) + 1
        if not one.name:
            sql += f" AND d.names && ${first}::text[]"
            values.append([key_text(name) for name in one.names])
            continue
        values += [one.name, [key_text(text) for text in one.exact]]
        begins = f"${first + 2}::text[]"
        values += [] if one.many else [[key_text(text) for text in one.begins]]
        sql += " AND " + keyed(one, kind="$1", name=f"${first}", exact=f"${first + 1}::text[]", begins=begins)
    return [_entry(row) for row in await database.fetch(f"{sql} ORDER BY d.id LIMIT $3", *values)]


async def writes(database: Database) -> int:
    """How often organisations were written in all: it differs after each write."""
    return int(await database.fetchval("SELECT coalesce(sum(version), 0) FROM directory WHERE kind = 'Organization'"))


def keyed(narrow: Narrow, *, kind: str, name: str, exact: str, begins: str) -> str:
    """The condition on an entry `d`: that a parameter finds it. All but the first are SQL."""
    return (_MANY if narrow.many else _FEW).format(kind=kind, name=name, exact=exact, begins=begins)


async def parts(database: Database) -> list[Entry]:
    """Every organisation that is a part of another, and those that they are parts of."""
    return [_entry(row) for row in await database.fetch(_PARTS)]


async def parts_at(database: Database, moment: datetime) -> list[Entry]:
    """The same as they stood then."""
    return [_entry(row) for row in await database.fetch(_PARTS_AT, moment)]


async def versions(
    database: Reader, kind: str, identity: str, when: Stood, before: Place, most: int, allowed: Sequence[str]
) -> list[Entry]:
    """The next versions behind a place, of one, or of all of a type where `identity` is "", the newest first. `allowed`
    are the sources whose shelters are shown."""
    rows = await database.fetch(
        _OF_ONE if identity else _OF_TYPE, kind, identity, list(allowed), when.since, when.low, when.high,
        before.updated, before.id, before.version, most,
    )  # fmt: skip
    return [_entry(row) for row in rows]


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[Connection]:
    """A transaction in which nobody else writes to the directory."""
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        yield connection


async def save(connection: Connection, entry: Entry, links: Links, told: Collection[str]) -> None:
    """Write the next version, within `writing`, and protect what refers to a shelter. `told` are the numbers of
    organisations that tables tell."""
    names, refs = ([key_text(one) for one in listed] for listed in (links.names, links.refs))
    await connection.execute(
        _SAVE, entry.kind, entry.id, entry.version, entry.updated, entry.source, entry.withdrawn, entry.protected,
        names, refs, entry.body,
    )  # fmt: skip
    await connection.execute(
        _SAVE_VERSION, entry.kind, entry.id, entry.version, entry.updated, entry.withdrawn, entry.body
    )
    await connection.execute("DELETE FROM directory_key WHERE kind = $1 AND id = $2", entry.kind, entry.id)
    keys = sorted({(name, key_text(value)) for name, value in links.keys})
    await connection.execute(_KEYS, entry.kind, entry.id, [name for name, _ in keys], [value for _, value in keys])
    await connection.execute(_CLOSE, list(told))


def key_text(text: str) -> str:
    """A text as it stands in a key: PostgreSQL takes no U+0000 and no half characters."""
    return text[:LONGEST].replace("\0", "\ufffd").encode(errors="replace").decode()


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(*row)
