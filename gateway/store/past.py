"""What was known of one citizen at a time: the newest version of each resource that there was then.

For those who explain decisions, and for readers of the plan as it stood; no hot path asks this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.store import wire
from gateway.store.pool import Database
from gateway.store.resources import Ground, Sealed, sealed

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


# A version from when the resource was somebody else's is nobody's to see, unless both are one person by now.
_STOOD = """
SELECT r.kind, r.id, r.version, r.updated, r.withdrawn, r.facts, r.body, r.digest, r.citizen,
       v.version AS then_version, v.updated AS then_updated, v.facts AS then_facts, v.body AS then_body
  FROM resource r LEFT JOIN LATERAL (
         SELECT * FROM resource_version o WHERE o.kind = r.kind AND o.id = r.id AND o.updated <= $2
          ORDER BY o.version DESC LIMIT 1) AS v
    ON v.citizen = r.citizen
    OR EXISTS (SELECT FROM resource p WHERE p.kind = 'Patient' AND p.id = v.citizen AND p.citizen = r.citizen)
 WHERE r.citizen = (SELECT citizen FROM resource WHERE kind = 'Patient' AND id = $1) ORDER BY r.kind, r.id
"""


async def stood(
    database: Database, patient: str, at: datetime
) -> tuple[Sequence[Sealed], Sequence[Sealed], tuple[Ground, ...]]:
    """Everything of one citizen as it is, those of it that there were then as they stood, and the ground for deciding
    today. Identities that became one since are one. One statement."""
    rows = await database.fetch(_STOOD, patient, at)
    then = [
        Sealed(
            wire.facts(row["then_facts"], row["then_updated"], row["citizen"]), row["then_version"],
            row["then_updated"], row["withdrawn"], row["then_body"],
        )
        for row in rows if row["then_version"] is not None
    ]  # fmt: skip
    ground = tuple(Ground(r["kind"], r["digest"], r["body"]) for r in rows if r["kind"] in ("Consent", "CareTeam"))
    return [sealed(row) for row in rows], then, ground
