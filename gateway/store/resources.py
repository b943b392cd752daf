"""Read what a decision needs, with the content sealed beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from gateway.domain.decide import Permit
from gateway.domain.identifier import Identifier
from gateway.domain.resource import Facts, Ids
from gateway.domain.statement import OUTSIDE_STAYS, Statement
from gateway.errors import Forbidden, NotFound
from gateway.store import wire
from gateway.store.pool import Connection, Database

Reader = Database | Connection

# What every decision about a citizen rests on besides the resource itself, in one array.
_BASIS = """
ARRAY(SELECT (b.kind, b.digest, b.body) FROM resource b
       WHERE b.citizen = r.citizen AND b.kind IN ('Consent', 'CareTeam') ORDER BY b.kind, b.id)
"""
_PERSONS = "ARRAY(SELECT p.facts FROM resource p WHERE p.citizen = r.citizen AND p.kind = 'Patient')"
# What it refers to, and of a document the cases on which it lies: only the facts, for a reader who may not see it
# must not learn of the reference either.
_TARGETS = """
ARRAY(SELECT (t.facts, t.updated) FROM resource t
       WHERE t.citizen = r.citizen AND (t.kind, t.id) IN (
         SELECT split_part(named, '/', 1), split_part(named, '/', 2)
           FROM jsonb_array_elements_text(convert_from({of}.facts, 'UTF8')::jsonb -> 'related') AS named{cases}))
"""
_DOCUMENT = "DocumentReference"
_CASES = f"""
         UNION ALL
         SELECT c.kind, c.id FROM resource c
          WHERE c.citizen = {{of}}.citizen AND c.kind = 'CarePlan'
            AND convert_from(c.facts, 'UTF8')::jsonb -> 'related' ? ('{_DOCUMENT}/' || {{of}}.id)"""


def _targets(of: str) -> tuple[str, str]:
    """For any type but documents, and for documents: the others are read without a look for cases."""
    return _TARGETS.format(of=of, cases=""), _TARGETS.format(of=of, cases=_CASES.format(of=of))


_FIND, _FIND_DOCUMENT = (
    f"""
SELECT r.kind, r.id, r.version, r.updated, r.withdrawn, r.facts, r.body, {_BASIS} AS basis, {_PERSONS} AS persons,
       {targets} AS targets
  FROM resource r WHERE r.kind = $1 AND r.id = $2
"""
    for targets in _targets("r")
)
# OFFSET 0 keeps the look-up of each by its key, however many the planner thinks there are.
_FIND_ALL, _FIND_ALL_DOCUMENTS = (
    f"""
SELECT f.* FROM unnest($1::text[], $2::text[]) AS w(kind, id) CROSS JOIN LATERAL (
  {one.replace("$1", "w.kind").replace("$2", "w.id")} OFFSET 0) AS f
"""
    for one in (_FIND, _FIND_DOCUMENT)
)
# A version from when the resource was somebody else's is nobody's to see, unless both are one person by now.
_VERSION, _DOCUMENT_VERSION = (
    f"""
SELECT v.kind, v.id, v.version, v.updated, r.withdrawn, v.facts, v.body, {_BASIS} AS basis, {_PERSONS} AS persons,
       {targets} AS targets, r.citizen, r.facts AS facts_now, r.updated AS updated_now
  FROM resource_version v JOIN resource r USING (kind, id) WHERE v.kind = $1 AND v.id = $2 AND v.version = $3
   AND (v.citizen = r.citizen
        OR EXISTS (SELECT 1 FROM resource p WHERE p.kind = 'Patient' AND p.id = v.citizen AND p.citizen = r.citizen))
"""
    for targets in _targets("v")
)
# By which names its citizen goes, where that decides: for the citizen's own look.
_NAMES = """
ARRAY(SELECT unnest(i.identifiers) FROM resource o JOIN identity i ON i.citizen = o.citizen
       WHERE $4::boolean AND o.kind = w.kind AND o.id = w.id) AS names, """
_NO_LATER = "NULL::text AS citizen, NULL::bytea AS facts_now, NULL::timestamptz AS updated_now, "


def _each(sql: str, which: str, more: str = "") -> str:
    """One of the queries above for each of many that it is about."""
    for value, column in (("$1", "w.kind"), ("$2", "w.id"), ("$3", "w.version")):
        sql = sql.replace(value, column)
    return (
        f"SELECT f.*, {more}{_NAMES}w.version AS asked"
        " FROM unnest($1::text[], $2::text[], $3::int[]) AS w(kind, id, version)"
        f" CROSS JOIN LATERAL ({sql} OFFSET 0) AS f WHERE {which}"
    )


_FIND_EACH = " UNION ALL ".join(
    (
        _each(_FIND, f"w.kind <> '{_DOCUMENT}' AND w.version = 0", _NO_LATER),
        _each(_FIND_DOCUMENT, f"w.kind = '{_DOCUMENT}' AND w.version = 0", _NO_LATER),
        _each(_VERSION, f"w.kind <> '{_DOCUMENT}' AND w.version > 0"),
        _each(_DOCUMENT_VERSION, f"w.kind = '{_DOCUMENT}' AND w.version > 0"),
    )
)
_CITIZENS = """
SELECT DISTINCT n.named, i.citizen FROM unnest($1::text[]) AS n(named)
  LEFT JOIN identity i ON i.identifiers @> ARRAY[n.named] ORDER BY n.named, i.citizen
"""
_SAME = """
SELECT o.id FROM resource p JOIN resource o ON o.citizen = p.citizen AND o.kind = 'Patient'
 WHERE p.kind = 'Patient' AND p.id = ANY($1)
"""
_PEOPLE = """
WITH named AS (
  SELECT n.named, i.citizen FROM unnest($1::text[]) AS n(named) JOIN identity i ON i.identifiers @> ARRAY[n.named]
  UNION SELECT p.id, p.citizen FROM resource p WHERE p.kind = 'Patient' AND p.id = ANY($2)
)
SELECT named, citizen AS id FROM named UNION
SELECT n.named, o.id FROM named n JOIN resource o ON o.citizen = n.citizen AND o.kind = 'Patient'
"""
_PARTS = """
SELECT kind, version, updated, withdrawn, facts, body, digest
  FROM resource WHERE citizen = (SELECT citizen FROM resource WHERE kind = 'Patient' AND id = $1) ORDER BY kind, id
"""

_STOOD = """
SELECT DISTINCT ON (v.kind, v.id) v.kind, v.id, v.version, v.updated, r.withdrawn, v.facts, v.body, r.citizen
  FROM resource_version v JOIN resource r USING (kind, id)
 WHERE (v.kind, v.id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND v.updated <= $3
 ORDER BY v.kind, v.id, v.version DESC
"""


class Sealed:
    """A resource's content that only a permit for this very resource opens."""

    __slots__ = ("_body", "facts", "updated", "version", "withdrawn")

    def __init__(self, facts: Facts, version: int, updated: datetime, withdrawn: bool, body: bytes) -> None:
        self.facts = facts
        self.version = version
        self.updated = updated
        self.withdrawn = withdrawn
        self._body = body

    @property
    def key(self) -> tuple[str, str]:
        """Type and id, as permits and denials name it."""
        return (self.facts.kind, self.facts.id)

    def known_as(self, facts: Facts) -> Sealed:
        """The same content under other facts: for who asks how it would be decided about."""
        return Sealed(facts, self.version, self.updated, self.withdrawn, self._body)

    def open(self, permit: Permit) -> bytes:
        """The stored JSON, without meta.versionId and meta.lastUpdated. Raises Forbidden on a foreign permit."""
        if permit.kind != self.facts.kind or permit.id != self.facts.id:
            raise Forbidden("This permit is for something else")
        return self._body


@dataclass(frozen=True, slots=True)
class Ground:
    """One Consent or CareTeam of the citizen: what decisions rest on. Never shown, only compiled."""

    kind: str
    digest: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """One resource, the ground for deciding about it, and what is known of the person under every identity: a protected
    address hides places in every resource of the citizen. `targets` are the facts of what it refers to. `now` are those
    of today where it is an older version: what was labelled since then is labelled for its past too."""

    sealed: Sealed
    ground: tuple[Ground, ...]
    persons: tuple[Facts, ...]
    targets: tuple[Facts, ...] = ()
    now: Facts | None = None
    names: frozenset[str] | None = None  # by which the citizen goes; None where that was not asked


async def find(database: Reader, kind: str, identity: str, version: int = 0) -> Found | None:
    """One resource, as it is or in one version, with its citizen's consents and teams and the facts of what it
    refers to. One statement."""
    if version:
        row = await database.fetchrow(_DOCUMENT_VERSION if kind == _DOCUMENT else _VERSION, kind, identity, version)
    else:
        row = await database.fetchrow(_FIND_DOCUMENT if kind == _DOCUMENT else _FIND, kind, identity)
    if row is None:
        return None
    return _version(row) if version else Found(sealed(row), *_beside(row))


async def find_each(
    database: Reader, wanted: Collection[tuple[str, str, int]], *, names: bool = False
) -> dict[tuple[str, str, int], Found]:
    """Resources (type, id, version; 0 as it is), each as `find` gives it, with the citizen's `names` where they are
    asked for; those that are not there are left out. One statement."""
    rows = await database.fetch(_FIND_EACH, *zip(*wanted, strict=True), names) if wanted else ()
    found = {}
    for row in rows:
        one = _version(row) if row["asked"] else Found(sealed(row), *_beside(row))
        found[row["kind"], row["id"], row["asked"]] = replace(one, names=frozenset(row["names"])) if names else one
    return found


def _version(row: asyncpg.Record) -> Found:
    now = wire.facts(row["facts_now"], row["updated_now"])
    return Found(sealed(row, row["citizen"]), *_beside(row), now)


async def find_all(database: Reader, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Found]:
    """Resources (type, id) as they are, each as `find` gives it; those that are not there are left out. One statement,
    and one more where there are documents among them."""
    found = {}
    for sql, these in (
        (_FIND_ALL, [one for one in wanted if one[0] != _DOCUMENT]),
        (_FIND_ALL_DOCUMENTS, [one for one in wanted if one[0] == _DOCUMENT]),
    ):
        for row in await database.fetch(sql, *zip(*these, strict=True)) if these else ():
            found[row["kind"], row["id"]] = Found(sealed(row), *_beside(row))
    return found


def _beside(row: asyncpg.Record) -> tuple[tuple[Ground, ...], tuple[Facts, ...], tuple[Facts, ...]]:
    """The ground, the persons and the targets of a Found."""
    return (
        tuple(Ground(*one) for one in row["basis"]),
        tuple(map(wire.facts, row["persons"])),
        tuple(wire.facts(*one) for one in row["targets"]),
    )


async def parts(database: Database, citizen: str) -> tuple[Sequence[Sealed], tuple[Ground, ...]]:
    """Everything of one citizen, sealed, with the ground for deciding. One statement."""
    rows = await database.fetch(_PARTS, citizen)
    ground = tuple(Ground(r["kind"], r["digest"], r["body"]) for r in rows if r["kind"] in ("Consent", "CareTeam"))
    return [sealed(row) for row in rows], ground


async def as_they_stood(database: Reader, named: Sequence[tuple[str, str]], at: datetime) -> Sequence[Sealed]:
    """Resources (kind, id) in the version that there was at a time; those that were not there yet are left out."""
    kinds, ids = [kind for kind, _ in named], [identity for _, identity in named]
    return [sealed(row, row["citizen"]) for row in await database.fetch(_STOOD, kinds, ids, at)]


async def citizens_of(database: Database, identifiers: Sequence[str]) -> list[tuple[str, str]]:
    """Each identifier key (`system|value`) with the Patient id of a citizen it belongs to, "" where it is nobody's."""
    rows = await database.fetch(_CITIZENS, [one.replace("\0", "") for one in identifiers])
    return [(row["named"], row["citizen"] or "") for row in rows]


async def same_people(database: Database, patients: Sequence[str]) -> list[str]:
    """These Patient ids and those of all other identities of the same persons: looks stand in the log under the id that
    the citizen went by at the time."""
    rows = await database.fetch(_SAME, list(patients))
    return sorted({*patients, *(row["id"] for row in rows)})


async def people_of(
    database: Database, identifiers: Sequence[str], patients: Sequence[str]
) -> dict[str, frozenset[str]]:
    """By each identifier key and Patient id all Patient ids of the persons it leads to; those that lead to nobody are
    left out. One statement."""
    rows = await database.fetch(_PEOPLE, [one.replace("\0", "") for one in identifiers], list(patients))
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        found[row["named"]] = found.get(row["named"], frozenset()) | {row["id"]}
    return found


async def names_of(database: Reader, citizen: str) -> frozenset[str]:
    """Everything a citizen goes by: identifier keys of all joined identities."""
    return (await names_of_each(database, [citizen])).get(citizen, frozenset())


async def names_of_each(database: Reader, citizens: Sequence[str]) -> dict[str, frozenset[str]]:
    """The same of each of these citizens. One statement."""
    rows = await database.fetch("SELECT citizen, identifiers FROM identity WHERE citizen = ANY($1)", citizens)
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        found[row["citizen"]] = found.get(row["citizen"], frozenset()).union(row["identifiers"])
    return found


async def identity_of(database: Database, citizen: str, ids: Ids) -> Identifier:
    """The surviving identity of a citizen: the one whose Patient id the citizen goes by. Raises NotFound."""
    for row in await database.fetch("SELECT key FROM identity WHERE citizen = $1", citizen):
        if ids("Patient", row["key"]) == citizen:
            system, _, value = row["key"].partition("|")
            return Identifier(system, value)
    raise NotFound


async def revision_of(database: Database, citizen: str) -> int:
    """How often anything was written about this citizen; 0 for nobody."""
    found = await database.fetchval("SELECT revision FROM citizen WHERE id = $1", citizen)
    return int(found or 0)


async def said_of(database: Database, kind: str, identity: str, citizen: str, ids: Ids) -> list[Statement]:
    """All that was said about a citizen's resource with this id; nothing when the citizen has none.

    Ids are keyed hashes: the key is found among the citizen's own, never computed back.
    """
    rows = await database.fetch("SELECT key, body FROM statement WHERE citizen = $1 AND kind = $2", citizen, kind)
    return [wire.statement(row["body"]) for row in rows if ids(kind, row["key"]) == identity]


async def told_of_stays(database: Database, citizen: str) -> list[Statement]:
    """All that was said about a citizen's stays."""
    sql = "SELECT body FROM statement WHERE citizen = $1 AND kind IN ('Encounter', 'Task')"
    said = [wire.statement(row["body"]) for row in await database.fetch(sql, citizen)]
    return [one for one in said if one.act not in OUTSIDE_STAYS]


def sealed(row: asyncpg.Record, citizen: str = "") -> Sealed:
    """A row of `resource` or `resource_version`. `citizen` is who it is about by now, where its facts are older."""
    facts = wire.facts(row["facts"], row["updated"], citizen)
    return Sealed(facts, row["version"], row["updated"], row["withdrawn"], row["body"])
