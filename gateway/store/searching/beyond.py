"""What goes with a page that is no part of a citizen: what includes could lead to in the directory, and who said what
stands there. One statement for both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gateway.domain.provenance import Told, Version
from gateway.domain.resource import Ids
from gateway.store.directory import Entry, Reader, key_text
from gateway.store.provenance import TOLD, told_of
from gateway.store.searching.asking import ENTRIES, ENTRY, Asking, entry

_WHO, _CUT = "told", "cut"
_SAID = ("kind", "id", "version", "updated", "facts", "body", "source", "message_id")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far includes could lead. They begin with what goes by one of `names` and is of a type of `forward`, and with
    what refers to one of `own` and is of a type of `back`; they go on, up to `rounds` in all, by what is of a type of
    `forward_again` or `back_again`. `tables` are names that tables tell: what refers to them is reached by way of them.
    `most` entries at most."""

    names: Collection[str]
    own: Collection[str]
    forward: Collection[str]
    back: Collection[str]
    forward_again: Collection[str]
    back_again: Collection[str]
    tables: Collection[str]
    rounds: int
    most: int


@dataclass(frozen=True, slots=True)
class With:
    """What came: entries in the order of type and id, and what arrived with each version. `cut`: there was more."""

    entries: Sequence[Entry]
    told: dict[Version, Told]
    cut: bool = False


async def reached(
    database: Reader, reach: Reach | None, allowed: Sequence[str], versions: Sequence[Version], ids: Ids
) -> With:
    """Both, at most one statement. `allowed` are the sources whose shelters are shown."""
    asking = Asking(allowed)
    if reach is not None:
        _reach(asking, reach)
    if versions:
        told = TOLD.format(
            kinds=asking.value([one.kind for one in versions], "text[]"),
            ids=asking.value([one.id for one in versions], "text[]"),
            numbers=asking.value([one.number for one in versions], "int[]"),
        )
        columns = {name: f"t.{name}" for name in _SAID}
        asking.tell(_WHO, f"FROM ({told}) AS t", place="t.place", **columns)
    rows = await asking.fetch(database)
    found = sorted((entry(row) for row in rows if row["what"] == ENTRY), key=lambda one: (one.kind, one.id))
    said = sorted((row for row in rows if row["what"] == _WHO), key=lambda row: row["place"])
    return With(found, told_of(said, ids), any(row["what"] == _CUT for row in rows))


def _reach(asking: Asking, reach: Reach) -> None:
    def keys(names: Collection[str]) -> str:
        return asking.value(sorted(map(key_text, names)), "text[]")

    def kinds(these: Collection[str]) -> str:
        return asking.value(sorted(these), "text[]")

    again, back = kinds(reach.forward_again), kinds(reach.back_again)
    theirs = "m.names"
    if reach.tables:
        theirs += f" || ARRAY(SELECT r FROM unnest(m.refs) AS r WHERE r = ANY({keys(reach.tables)}))"
    asking.before.append(
        "reached AS (SELECT d.kind, d.id, d.names, d.refs, 1 AS step FROM directory d"
        f" WHERE ((d.kind = ANY({kinds(reach.forward)}) AND d.names && {keys(reach.names)})"
        f" OR (d.kind = ANY({kinds(reach.back)}) AND d.refs && {keys(reach.own)})) AND {asking.visible()}"
        " UNION SELECT d.kind, d.id, d.names, d.refs, m.step + 1 FROM reached m JOIN directory d"
        f" ON ((d.kind = ANY({again}) AND d.names && m.refs) OR (d.kind = ANY({back}) AND d.refs && ({theirs})))"
        f" AND {asking.visible()} WHERE m.step < {reach.rounds})"
    )
    columns = {name: f"d.{name}" for name in ("kind", "id", "version", "updated", "source", "withdrawn", "protected")}
    asking.before.append(f"some_of AS (SELECT kind, id FROM reached LIMIT {reach.most * reach.rounds + 1})")
    found = f"FROM (SELECT DISTINCT kind, id FROM some_of) AS n {ENTRIES}"
    asking.tell(ENTRY, found, body="d.body", **columns)
    asking.tell(_CUT, f"WHERE (SELECT count(*) FROM some_of) > {reach.most * reach.rounds}")
