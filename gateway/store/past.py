"""What was known of one citizen at a time: the newest version of each resource that there was then.

A look at the past for those who explain decisions, not a reader's: no hot path asks this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.store import wire
from gateway.store.pool import Database
from gateway.store.resources import Ground, Sealed

# Each version says whose it was; whose it is by now only tells where to look.
_PARTS = """
WITH asked AS (
  SELECT citizen FROM resource_version WHERE kind = $1 AND id = $2 AND updated <= $3 ORDER BY version DESC LIMIT 1
), newest AS (
  SELECT DISTINCT ON (v.kind, v.id) v.kind, v.id, v.version, v.updated, r.withdrawn, v.facts, v.body, v.citizen
    FROM resource r JOIN resource_version v USING (kind, id)
   WHERE r.citizen IN (SELECT citizen FROM resource
                        WHERE (kind = $1 AND id = $2) OR (kind = 'Patient' AND id = (SELECT citizen FROM asked)))
     AND v.updated <= $3
   ORDER BY v.kind, v.id, v.version DESC
)
SELECT n.*, sha256(n.body) AS digest FROM newest n JOIN asked a USING (citizen) ORDER BY n.kind, n.id
"""


async def parts_at(
    database: Database, kind: str, identity: str, at: datetime
) -> tuple[Sequence[Sealed], tuple[Ground, ...]]:
    """Everything of the citizen to whom this resource belonged then, as it stood, with the ground for deciding.

    Identities that became one later are two. What was taken back altogether since (a stay that another message told
    better), or went to a third citizen, is not there.
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
