"""What is told of citizens' municipalities, for the auditors' export of the log: no address, and nothing of those whose
address is protected."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.municipality import MUNICIPALITY
from gateway.domain.security_label import PROTECTED_ADDRESS
from gateway.domain.statement import Body
from gateway.store import wire
from gateway.store.log import Connection

_KINDS = ("CarePlan", "CareTeam", "EpisodeOfCare")
# By whatever id the citizen went at the time.
_TOLD = """
SELECT p.id AS named, r.kind, r.body, r.facts, r.updated FROM resource p JOIN resource r ON r.citizen = p.citizen
 WHERE p.kind = 'Patient' AND p.id = ANY($1::text[]) AND NOT r.withdrawn
   AND (r.kind = 'Patient' OR (r.kind = ANY($2::text[]) AND position($3::bytea IN r.body) > 0))
 ORDER BY r.kind, r.id
"""


async def told_of(connection: Connection, citizens: Sequence[str]) -> dict[str, list[Body]]:
    """Of each of these Patient ids the resources that tell of municipalities; none for a protected address."""
    found: dict[str, list[Body]] = {}
    protected: set[str] = set()
    for row in await connection.fetch(_TOLD, list(citizens), list(_KINDS), MUNICIPALITY.encode()):
        if row["kind"] != "Patient":
            found.setdefault(row["named"], []).append(wire.decode(row["body"]))
        elif PROTECTED_ADDRESS in wire.facts(row["facts"], row["updated"]).labels:
            protected.add(row["named"])
    return {one: told for one, told in found.items() if one not in protected}
