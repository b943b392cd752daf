"""Read the access log: the auditor's search, the export that anyone can verify, and what only the tables can tell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.domain.log_lines import checkpoint_line, entry_line, header_line
from gateway.domain.record import AccessRecord, from_bytes
from gateway.store import log_public
from gateway.store.log import Connection, column_text

_PREFETCH = 1000

# A search starts from the narrowest key that was given, one index walk per value, newest first.
_STARTS = (
    ("citizens", "citizen", "a.citizen <> ''"),
    ("users", "user_key", "a.user_key <> ''"),
    ("organisations", "organisation", "true"),
    ("decisions", "decision", "a.decision <> 'permit'"),
)
_ALSO = (("clients", "client"), ("interactions", "interaction"), ("traces", "trace"))

_PLACES = "SELECT record_id, tree_index FROM log_leaf WHERE record_id = ANY($1::bigint[])"
_UNREAD = """
SELECT record_id FROM log_pending UNION ALL
SELECT l.record_id FROM log_leaf l WHERE l.tree_index >= (SELECT leaves FROM access_term_done)
"""
_HAS_TERM = (
    "EXISTS (SELECT 1 FROM access_term t WHERE t.term = {} AND t.recorded_at = a.recorded_at AND t.record_id = a.id)"
)


@dataclass(frozen=True, slots=True)
class Search:
    """What an auditor asks for: values of one field are alternatives, fields must all hold. Empty: anything.

    `citizens` are Patient ids, all identities of a person. `since` is included, `until` is not.
    """

    citizens: Sequence[str] = ()
    users: Sequence[str] = ()
    organisations: Sequence[str] = ()
    clients: Sequence[str] = ()
    decisions: Sequence[str] = ()
    interactions: Sequence[str] = ()
    purposes: Sequence[str] = ()
    traces: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    terms: Sequence[int] = ()  # all of which a record must have (store/access_terms.py)
    alike: Sequence[Sequence[int]] = ()  # of each of these groups any term; what has no terms yet is not found
    unread: bool = False  # only what has no terms yet
    ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One record: its id, its place in the tree (None for a moment after it was written), its bytes."""

    id: int
    recorded_at: datetime
    body: bytes
    index: int | None

    @property
    def record(self) -> AccessRecord:
        """The record. Raises BadRecord when the bytes are none."""
        return from_bytes(self.body)

    @property
    def cursor(self) -> tuple[datetime, int]:
        """Where the next page begins."""
        return (self.recorded_at, self.id)


@dataclass(slots=True)
class _Query:
    values: list[Any] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)

    def value(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def also(self, condition: str) -> None:
        self.conditions.append(condition)


async def find(
    connection: Connection, search: Search, limit: int = 50, before: tuple[datetime, int] | None = None, *,
    placed: bool = True,
) -> list[Found]:  # fmt: skip
    """The newest records that a search asks for; `before` is the cursor of the last one on the page before. Their
    places in the tree are looked up where they are wanted (`placed`): in a large log that takes longer than the search.
    """
    async with connection.transaction(readonly=True):
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")  # the best index hangs on the values
        values: list[Any] = []
        rows = await connection.fetch(written(search, limit, before, values), *values)
    found = [Found(**row, index=None) for row in rows]
    return await with_places(connection, found) if placed else found


async def with_places(connection: Connection, found: Sequence[Found]) -> list[Found]:
    """The same records, each with its place in the tree."""
    told = await connection.fetch(_PLACES, [one.id for one in found]) if found else ()
    places = {row["record_id"]: row["tree_index"] for row in told}
    return [replace(one, index=places.get(one.id)) for one in found]


def written(search: Search, limit: int, before: tuple[datetime, int] | None, values: list[Any]) -> str:
    """The statement of a search, which gives id, recorded_at and body; its values are added to those there are."""
    query = _Query(values)
    start, by_term = _started(search, query)
    table, when, number_of = "access_record a", "a.recorded_at", "a.id"
    if by_term:
        table, when = "access_term t JOIN access_record a ON a.id = t.record_id", "t.recorded_at"
        number_of = "t.record_id"
    for name, column in _ALSO:
        values = _values(getattr(search, name))
        if values:
            query.also(f"a.{column} = ANY({query.value(values)}::text[])")
    if search.purposes:
        query.also(f"string_to_array(a.purpose, ' ') && {query.value(_values(search.purposes))}::text[]")
    if search.since:
        query.also(f"{when} >= {query.value(search.since)}")
    if search.until:
        query.also(f"{when} < {query.value(search.until)}")
    if before:
        query.also(f"({when}, {number_of}) < ({query.value(before[0])}, {query.value(before[1])}::bigint)")
    limited = f"LIMIT {query.value(limit)}::int"
    newest = f"ORDER BY recorded_at DESC, id DESC {limited}"
    inner = f"ORDER BY {when} DESC, {number_of} DESC {limited}"
    where = f"WHERE {' AND '.join(query.conditions)}" if query.conditions else ""
    once = "DISTINCT ON (recorded_at, id)" if search.alike else ""  # a record may have several of a group
    return f"""
    SELECT {once} r.id, r.recorded_at, r.body FROM {start or "(VALUES (1)) AS k(v)"}
      CROSS JOIN LATERAL (SELECT a.id, a.recorded_at, a.body FROM {table} {where} {inner}) AS r {newest}
    """


def _started(search: Search, query: _Query) -> tuple[str, bool]:
    """Where the search starts from, "" for everything, and whether that is a term. What else is known of the records by
    number, column or term are conditions."""
    start = f"unnest({query.value(list(search.ids))}::bigint[]) AS k(v)" if search.ids else ""
    if search.ids:
        query.also("a.id = k.v")
    for name, column, indexed in _STARTS:
        values = _values(getattr(search, name))
        if values and not start and not (name == "decisions" and "permit" in values):
            start = f"unnest({query.value(values)}::text[]) AS k(v)"
            query.also(f"a.{column} = k.v AND {indexed}")
        elif values:
            query.also(f"a.{column} = ANY({query.value(values)}::text[])")
    if search.unread:
        query.also("a.id = k.v" if not start else f"a.id IN ({_UNREAD})")
        start = start or f"({_UNREAD}) AS k(v)"
    by_term = False
    for numbers in (*([one] for one in search.terms), *search.alike):
        if not start:
            by_term, start = True, f"unnest({query.value(list(numbers))}::bigint[]) AS k(v)"
            query.also("t.term = k.v")
        elif len(numbers) == 1:
            query.also(_HAS_TERM.format(query.value(numbers[0])))
        else:
            query.also(_HAS_TERM.format(f"ANY({query.value(list(numbers))}::bigint[])"))
    return start, by_term


def _values(given: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(column_text(value) for value in given))


async def get(connection: Connection, id: int) -> Found | None:
    """One record by its id."""
    row = await connection.fetchrow(
        "SELECT r.id, r.recorded_at, r.body, l.tree_index AS index FROM access_record r"
        " LEFT JOIN log_leaf l ON l.record_id = r.id WHERE r.id = $1",
        id,
    )
    return Found(**row) if row else None


# --- the export ---------------------------------------------------------------------------------------------------


async def export(connection: Connection, vkey: str) -> AsyncIterator[bytes]:
    """The whole log as lines (domain/log_lines.py), as it was at one moment, in constant memory.

    Records that have no place in the tree yet are not in it: they are not signed.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        newest = await log_public.newest(connection)
        yield header_line(vkey, (newest.note,) if newest else ())
        notes = connection.cursor(log_public.POINTS, prefetch=_PREFETCH).__aiter__()
        note = await anext(notes, None)
        leaves = connection.cursor(
            "SELECT l.tree_index, l.record_id, l.leaf, r.salt, r.body, l.list_key FROM log_leaf l"
            " LEFT JOIN access_record r ON r.id = l.record_id ORDER BY l.tree_index",
            prefetch=_PREFETCH,
        )
        count = 0
        async for row in leaves:
            while note and note["size"] <= count:
                yield checkpoint_line(note["note"])
                note = await anext(notes, None)
            yield entry_line(*row)
            count += 1
        while note:
            yield checkpoint_line(note["note"])
            note = await anext(notes, None)


# --- what an export cannot tell -------------------------------------------------------------------------------------
