"""Every version there was of resources, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.when import END
from gateway.store.pool import Database
from gateway.store.resources import Sealed, sealed

# A version from when the resource was somebody else's is nobody's to see, unless both are one person by now.
_VERSIONS = """
SELECT v.kind, v.id, v.version, v.updated, r.withdrawn, v.facts, v.body, r.citizen,
       (SELECT n.updated FROM resource_version n WHERE n.kind = v.kind AND n.id = v.id AND n.version = v.version + 1)
         AS until
  FROM resource_version v JOIN resource r USING (kind, id)
 WHERE v.kind = $1 AND {whose} AND v.updated >= $3 AND (v.updated, v.id, v.version) < ($4, $5, $6)
   AND (v.citizen = r.citizen
        OR EXISTS (SELECT FROM resource p WHERE p.kind = 'Patient' AND p.id = v.citizen AND p.citizen = r.citizen))
 ORDER BY v.updated DESC, v.id DESC, v.version DESC LIMIT $7
"""
_OF_ONE = _VERSIONS.format(whose="v.id = $2")
_OF_CITIZENS = _VERSIONS.format(
    whose="r.citizen IN (SELECT p.citizen FROM resource p WHERE p.kind = 'Patient' AND p.id = ANY($2))"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the order one version stands."""

    updated: datetime = END
    id: str = ""
    version: int = 0


NEWEST = Place()


@dataclass(frozen=True, slots=True)
class Version:
    """One version, and when the next one took its place."""

    sealed: Sealed
    until: datetime | None

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.sealed.updated, self.sealed.facts.id, self.sealed.version)


async def versions(
    database: Database, kind: str, whose: str | Sequence[str], since: datetime, before: Place, most: int
) -> list[Version]:
    """The next versions behind a place: of one resource by its id, or of all of a type of these citizens (Patient
    ids)."""
    sql, who = (_OF_ONE, whose) if isinstance(whose, str) else (_OF_CITIZENS, list(whose))
    rows = await database.fetch(sql, kind, who, since, before.updated, before.id, before.version, most)
    return [Version(sealed(row, row["citizen"]), row["until"]) for row in rows]
