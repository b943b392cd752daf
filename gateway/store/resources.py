"""Read what a decision needs, with the content sealed beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from gateway.domain.decide import Permit
from gateway.domain.identifier import Identifier
from gateway.domain.resource import Facts, Ids
from gateway.errors import Forbidden, NotFound
from gateway.store import wire
from gateway.store.database import Database

# What every decision about a citizen rests on besides the resource itself, in one array.
_BASIS = """
ARRAY(SELECT (b.kind, b.digest, b.body) FROM resource b
       WHERE b.citizen = r.citizen AND b.kind IN ('Consent', 'CareTeam') ORDER BY b.kind, b.id)
"""
_PERSON = "(SELECT p.facts FROM resource p WHERE p.kind = 'Patient' AND p.id = r.citizen)"
_FIND = f"""
SELECT r.kind, r.id, r.version, r.updated, r.withdrawn, r.facts, r.body, {_BASIS} AS basis, {_PERSON} AS person
  FROM resource r WHERE r.kind = $1 AND r.id = $2
"""
_FIND_VERSION = f"""
SELECT v.kind, v.id, v.version, v.updated, r.withdrawn, v.facts, v.body, {_BASIS} AS basis, {_PERSON} AS person
  FROM resource_version v JOIN resource r USING (kind, id) WHERE v.kind = $1 AND v.id = $2 AND v.version = $3
"""
_PARTS = """
SELECT kind, version, updated, withdrawn, facts, body, digest
  FROM resource WHERE citizen = $1 ORDER BY kind, id
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
    """One resource, the ground for deciding about it, and what is known of the person: a protected address hides
    places in every resource of the citizen."""

    sealed: Sealed
    ground: tuple[Ground, ...]
    person: Facts | None


async def find(database: Database, kind: str, identity: str, version: int = 0) -> Found | None:
    """One resource, as it is or in one version, with its citizen's consents and teams. One statement."""
    if version:
        row = await database.fetchrow(_FIND_VERSION, kind, identity, version)
    else:
        row = await database.fetchrow(_FIND, kind, identity)
    if row is None:
        return None
    person = wire.facts(row["person"]) if row["person"] else None
    return Found(_sealed(row), tuple(Ground(*one) for one in row["basis"]), person)


async def parts(database: Database, citizen: str) -> tuple[Sequence[Sealed], tuple[Ground, ...]]:
    """Everything of one citizen, sealed, with the ground for deciding. One statement."""
    rows = await database.fetch(_PARTS, citizen)
    ground = tuple(Ground(r["kind"], r["digest"], r["body"]) for r in rows if r["kind"] in ("Consent", "CareTeam"))
    return [_sealed(row) for row in rows], ground


async def citizen_of(database: Database, identifiers: Sequence[str]) -> list[str]:
    """The Patient ids of the citizens that any of these identifier keys (`system|value`) belong to."""
    rows = await database.fetch("SELECT DISTINCT citizen FROM identity WHERE identifiers && $1", list(identifiers))
    return sorted(row["citizen"] for row in rows)


async def names_of(database: Database, citizen: str) -> frozenset[str]:
    """Everything a citizen goes by: identifier keys of all joined identities."""
    rows = await database.fetch("SELECT identifiers FROM identity WHERE citizen = $1", citizen)
    return frozenset(key for row in rows for key in row["identifiers"])


async def identity_of(database: Database, citizen: str, ids: Ids) -> Identifier:
    """The surviving identity of a citizen: the one whose Patient id the citizen goes by. Raises NotFound."""
    for row in await database.fetch("SELECT key FROM identity WHERE citizen = $1", citizen):
        if ids("Patient", row["key"]) == citizen:
            system, _, value = row["key"].partition("|")
            return Identifier(system, value)
    raise NotFound


async def key_of(database: Database, kind: str, identity: str, citizen: str, ids: Ids) -> str:
    """The key of a citizen's resource by its id; "" when the citizen has none of this id.

    Ids are keyed hashes: the key is found among the citizen's own, never computed back.
    """
    rows = await database.fetch("SELECT DISTINCT key FROM statement WHERE citizen = $1 AND kind = $2", citizen, kind)
    return next((row["key"] for row in rows if ids(kind, row["key"]) == identity), "")


def _sealed(row: asyncpg.Record) -> Sealed:
    return Sealed(wire.facts(row["facts"]), row["version"], row["updated"], row["withdrawn"], row["body"])
