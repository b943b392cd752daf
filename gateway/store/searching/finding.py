"""Citizens whom a search is about, with all parts of theirs, and what of the directory its questions could be answered
by: one statement, whoever is there and however they are named.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import asyncpg

from gateway.domain.handover import ACTING_ROLE
from gateway.store.directory import Climb, Entry, Reader, Want
from gateway.store.population import WALK
from gateway.store.resources import Ground, Sealed, sealed
from gateway.store.searching.asking import Asking, entries

Wants = Sequence[Want | Climb]

# Arrays keep the planner from guessing: it takes each for a few values, and looks them up by index.
_NUMBERED = """numbered AS (
  SELECT DISTINCT n.named, i.citizen FROM unnest({numbers}) AS n(named)
    CROSS JOIN LATERAL (SELECT citizen FROM identity WHERE identifiers @> ARRAY[n.named] OFFSET 0) AS i)"""
_OWNED = "owned AS (SELECT id AS named, citizen FROM resource WHERE kind = {kind} AND id = ANY({ids}))"
_PERSON = """person AS (
  SELECT citizen, array_agg(id ORDER BY id) AS asked FROM resource WHERE kind = 'Patient' AND id = ANY({asked})
   GROUP BY citizen)"""
_PARTS = "FROM person p CROSS JOIN LATERAL (SELECT * FROM resource o WHERE o.citizen = p.citizen OFFSET 0) AS r"
_OF_KIND = " WHERE EXISTS (SELECT FROM resource k WHERE k.citizen = p.citizen AND k.kind = ANY({kinds}))"
# Of citizens whose case was handed over what stood in their resources before: the old municipality sees that.
_PAST = """
FROM person p CROSS JOIN LATERAL (
  SELECT v.kind, v.id, v.version, v.updated, r.withdrawn, v.facts, v.body, r.citizen
    FROM resource r JOIN resource_version v USING (kind, id)
   WHERE r.citizen = p.citizen AND v.version < r.version
     AND EXISTS (SELECT FROM resource t WHERE t.citizen = p.citizen AND t.kind = 'CareTeam'
                    AND position({marked} IN t.body) > 0) OFFSET 0) AS r
"""
_NAMES = "FROM person p JOIN identity i USING (citizen) CROSS JOIN unnest(i.identifiers) AS n(named)"
_COLUMNS = ("kind", "id", "version", "updated", "withdrawn", "facts", "body")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a search names: by Patient ids, by identifier keys, by the ids of resources of a type."""

    patients: Sequence[str] = ()
    numbers: Sequence[str] = ()
    kind: str = ""
    owned: Sequence[str] = ()


@dataclass(slots=True)
class Met:
    """Everything of one person, sealed, with the ground for deciding. `past` are older versions, of citizens whose case
    was handed over; `names` what the person goes by. Both where they are asked for."""

    parts: list[Sealed] = field(default_factory=list)
    ground: list[Ground] = field(default_factory=list)
    past: list[Sealed] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Found:
    """`named`: the Patient ids behind each identifier key and each id of a resource, in their order. `met`: persons by
    the Patient id that was asked. `entries` of the directory by the place of the want. `walked`: of a circle the
    Patient ids that it was walked over, in their order, each once."""

    named: dict[str, list[str]]
    met: dict[str, Met]
    entries: dict[int, list[Entry]]
    walked: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Further:
    """What a search asks besides: wants of the directory, of which it is shown the shelters of the `allowed` sources;
    whether older versions and names are needed."""

    wants: Wants = ()
    allowed: Sequence[str] = ()
    past: bool = False
    names: bool = False


async def of_named(database: Reader, named: Named, further: Further) -> Found:
    """Everything of the citizens who are named. One statement."""
    asking = Asking(further.allowed)
    asked = asking.value([_plain(one) for one in named.patients], "text[]")
    if named.numbers:
        numbers = asking.value([_plain(one) for one in named.numbers], "text[]")
        asking.before.append(_NUMBERED.format(numbers=numbers))
        asking.tell("number", "FROM numbered n", named="n.named", asked="ARRAY[n.citizen]")
        asked += " || ARRAY(SELECT citizen FROM numbered)"
    if named.owned:
        kind, ids = asking.value(named.kind, "text"), asking.value(list(named.owned), "text[]")
        asking.before.append(_OWNED.format(kind=kind, ids=ids))
        asking.tell("owner", "FROM owned n", named="n.named", asked="ARRAY[n.citizen]")
        asked += " || ARRAY(SELECT citizen FROM owned)"
    asking.before.append(_PERSON.format(asked=asked))
    return await _found(database, asking, further)


async def of_circle(
    database: Reader, sources: Collection[str], after: str, most: int, kinds: Collection[str] | None, further: Further,
    *, whole: bool = False,
) -> Found:  # fmt: skip
    """Everything of the next citizens of whom one of these sources has told, in the order of their ids. With `kinds`
    only of those of whom there is anything of these types. A `whole` circle is told of only where it holds fewer than
    `most`. One statement."""
    asking = Asking(further.allowed)
    walk = WALK.format(
        sources=asking.value(sorted(sources), "text[]"), after=asking.value(after, "text"),
        most=asking.value(most, "int"),
    )  # fmt: skip
    asking.before.append(walk)
    few = f" AND (SELECT count(*) FROM met) < {asking.value(most, 'int')}" if whole else ""
    asking.before.append(f"person AS (SELECT citizen, ARRAY[told] AS asked FROM met WHERE first{few})")
    asking.tell("walked", "FROM met n", named="n.told")
    return await _found(database, asking, further, kinds)


async def of_directory(database: Reader, further: Further) -> dict[int, list[Entry]]:
    """What of the directory could answer, by the place of each want. One statement, none where nothing is wanted."""
    asking = Asking(further.allowed)
    asking.want(further.wants)
    return entries(await asking.fetch(database))


async def _found(
    database: Reader, asking: Asking, further: Further, kinds: Collection[str] | None = None
) -> Found:  # fmt: skip
    columns = {name: f"r.{name}" for name in _COLUMNS} | {"asked": "p.asked", "digest": "r.digest"}
    only = _OF_KIND.format(kinds=asking.value(sorted(kinds), "text[]")) if kinds is not None else ""
    asking.tell("part", _PARTS + only, **columns)
    if further.past:
        marked = asking.value(ACTING_ROLE.encode(), "bytea")
        asking.tell("past", _PAST.format(marked=marked), **(columns | {"digest": "NULL", "named": "r.citizen"}))
    if further.names:
        asking.tell("name", _NAMES, asked="p.asked", named="n.named")
    asking.want(further.wants)
    rows = await asking.fetch(database)
    named: dict[str, list[str]] = {}
    for row in rows:
        if row["what"] in ("number", "owner"):
            named.setdefault(row["named"], []).append(row["asked"][0])
    walked = sorted(row["named"] for row in rows if row["what"] == "walked")
    return Found({name: sorted(these) for name, these in named.items()}, _met(rows), entries(rows), walked)


def _met(rows: Sequence[asyncpg.Record]) -> dict[str, Met]:
    """Persons by each id that was asked: those of one person share what there is."""
    people: dict[tuple[str, ...], Met] = {}
    for row in rows:
        if row["what"] not in ("part", "past", "name"):
            continue
        met = people.setdefault(tuple(row["asked"]), Met())
        if row["what"] == "part":
            met.parts.append(sealed(row))
            if row["kind"] in ("Consent", "CareTeam"):
                met.ground.append(Ground(row["kind"], row["digest"], row["body"]))
        elif row["what"] == "past":
            met.past.append(sealed(row, row["named"]))
        else:
            met.names.add(row["named"])
    for met in people.values():
        met.parts.sort(key=lambda one: one.key)
    return {asked: met for ids, met in people.items() for asked in ids if met.parts}


def _plain(text: str) -> str:
    """PostgreSQL takes no U+0000."""
    return text.replace("\0", "")
