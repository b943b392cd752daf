"""What was known of one citizen at a time: the newest version of each resource that there was then.

A look at the past for those who explain decisions, not a reader's: no hot path asks this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.store import wire
from gateway.store.pool import Database
from gateway.store.resources import Ground, Sealed

_PARTS = """
SELECT DISTINCT ON (v.kind, v.id) v.kind, v.version, v.updated, r.withdrawn, v.facts, v.body, r.citizen,
       sha256(v.body) AS digest
  FROM resource r JOIN resource_version v USING (kind, id)
 WHERE r.citizen = (SELECT citizen FROM resource WHERE kind = $1 AND id = $2) AND v.updated <= $3
 ORDER BY v.kind, v.id, v.version DESC
"""


async def parts_at(
    database: Database, kind: str, identity: str, at: datetime
) -> tuple[Sequence[Sealed], tuple[Ground, ...]]:
    """Everything of the citizen to whom this resource belongs, as it stood then, with the ground for deciding.

    Who the citizen is, and which identities are one, is as it is known today; what was taken back altogether since
    (a stay that another message told better) is not there.
    """
    rows = await database.fetch(_PARTS, kind, identity, at)
    parts = [
        Sealed(
            wire.facts(row["facts"], row["updated"], row["citizen"]), row["version"], row["updated"], row["withdrawn"],
            row["body"],
        )
        for row in rows
    ]  # fmt: skip
    ground = tuple(Ground(r["kind"], r["digest"], r["body"]) for r in rows if r["kind"] in ("Consent", "CareTeam"))
    return parts, ground
