"""One statement put together of several questions: each adds what it needs, all answer in rows of the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from gateway.store.directory import Climb, Entry, Narrow, Reader, Want, key_text, keyed

_COLUMNS = {
    "what": "text", "place": "int", "named": "text", "asked": "text[]", "kind": "text", "id": "text", "version": "int",
    "updated": "timestamptz", "withdrawn": "boolean", "facts": "bytea", "body": "bytea", "digest": "bytea",
    "source": "text", "protected": "boolean", "message_id": "text",
}  # fmt: skip
ENTRY = "entry"
# OFFSET 0 keeps the look-up of each by its key, however many the planner thinks there are.
ENTRIES = "CROSS JOIN LATERAL (SELECT * FROM directory e WHERE e.kind = n.kind AND e.id = n.id OFFSET 0) AS d"
_OF_ENTRY = "d.kind, d.id, d.version, d.updated, d.source, d.withdrawn, d.protected, d.body, d.names, d.refs"


@dataclass(slots=True)
class Asking:
    """The statement so far. `allowed` are the sources whose shelters are shown."""

    allowed: Sequence[str] = ()
    values: list[Any] = field(default_factory=list)
    before: list[str] = field(default_factory=list)  # queries that others use
    rows: list[str] = field(default_factory=list)
    _visible: str = ""

    def value(self, value: Any, kind: str) -> str:
        """A value, as the statement names it."""
        self.values.append(value)
        return f"${len(self.values)}::{kind}"

    def tell(self, what: str, origin: str, /, **columns: str) -> None:
        """Rows of the answer: `columns` as they are worked out `origin`, nothing in the others."""
        told = {"what": f"'{what}'"} | columns
        listed = (f"{told.get(name, 'NULL')}::{kind} AS {name}" for name, kind in _COLUMNS.items())
        self.rows.append(f"SELECT {', '.join(listed)} {origin}")

    def visible(self) -> str:
        """The condition on an entry of the directory: it stands now, and is the caller's to see."""
        self._visible = self._visible or self.value(list(self.allowed), "text[]")
        return f"NOT d.withdrawn AND (NOT d.protected OR d.source = ANY({self._visible}))"

    def want(self, wants: Sequence[Want | Climb]) -> None:
        """What of the directory could answer: the rows of each are told by its place among `wants`."""
        for place, one in enumerate(wants):
            made = self._climb(place, one) if isinstance(one, Climb) else self._want(one, wants)
            self.before.append(f"w{place} AS ({made})")
            columns = {name: f"w.{name}" for name in ("kind", "id", "version", "updated", "source", "withdrawn")}
            self.tell(ENTRY, f"FROM w{place} w", place=str(place), protected="w.protected", body="w.body", **columns)

    def _want(self, want: Want, wants: Sequence[Want | Climb]) -> str:
        kind = self.value(want.kind, "text")
        conditions = [f"d.kind = {kind}", self.visible(), *(self._narrow(kind, one) for one in want.narrow)]
        if want.ids:
            conditions.append(f"d.id = ANY({self.value(list(want.ids), 'text[]')})")
        if want.behind is not None:
            conditions.append(f"(SELECT count(*) FROM w{want.behind}) = {wants[want.behind].most}")
            last = f"(SELECT max(id) FROM w{want.behind})"
            conditions.append(f"d.id > greatest({self.value(want.after, 'text')}, {last})")
        where = " AND ".join(conditions)
        return f"SELECT {_OF_ENTRY} FROM directory d WHERE {where} ORDER BY d.id LIMIT {want.most}"

    def _narrow(self, kind: str, one: Narrow) -> str:
        """What others among `wants` could be answered by is meant by its names, and by what it refers to."""
        if not one.name:
            names = self.value([key_text(name) for name in one.names], "text[]")
            further = "".join(f" || ARRAY(SELECT unnest(w.refs) FROM w{place} w)" for place in one.of)
            return f"d.names && ({names}{further})"
        exact = self.value([key_text(text) for text in one.exact], "text[]")
        for place in one.of:
            exact += f" || ARRAY(SELECT unnest(w.names || ('=' || w.id)) FROM w{place} w)"
        begins = "" if one.many else self.value([key_text(text) for text in one.begins], "text[]")
        return keyed(one, kind=kind, name=self.value(one.name, "text"), exact=exact, begins=begins)

    def _climb(self, place: int, one: Climb) -> str:
        kind, identity = self.value(one.kind, "text"), self.value(key_text(one.identity), "text")
        begin, step = f"d.id = {identity}", "d.names && c.refs"
        if one.below:
            step = "d.refs && c.names"
            begin += f" OR d.refs && {self.value([key_text(name) for name in one.names], 'text[]')}"
        self.before.append(
            f"c{place} AS (SELECT d.kind, d.id, d.names, d.refs FROM directory d"
            f" WHERE d.kind = {kind} AND ({begin}) AND {self.visible()}"
            f" UNION SELECT d.kind, d.id, d.names, d.refs FROM c{place} c JOIN directory d"
            f" ON d.kind = {kind} AND {step} AND {self.visible()})"
        )
        return f"SELECT {_OF_ENTRY} FROM (SELECT kind, id FROM c{place} LIMIT {one.most}) AS n {ENTRIES}"

    async def fetch(self, database: Reader) -> list[asyncpg.Record]:
        """Ask it."""
        first = f"WITH RECURSIVE {', '.join(self.before)} " if self.before else ""
        return await database.fetch(first + " UNION ALL ".join(self.rows), *self.values) if self.rows else []


def entries(rows: Sequence[asyncpg.Record]) -> dict[int, list[Entry]]:
    """The entries of the directory among the rows, by the place of what they could answer, in the order of ids."""
    found: dict[int, list[Entry]] = {}
    for row in rows:
        if row["what"] == ENTRY:
            found.setdefault(row["place"], []).append(entry(row))
    return {place: sorted(these, key=lambda one: one.id) for place, these in found.items()}


def entry(row: asyncpg.Record) -> Entry:
    """One entry of the directory."""
    names = ("kind", "id", "version", "updated", "source", "withdrawn", "protected", "body")
    return Entry(*(row[name] for name in names))
