"""What arrived with a version of a resource: a version has the time of the message in whose commit it was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from gateway.domain.provenance import Told, Version
from gateway.domain.resource import Ids
from gateway.store import wire
from gateway.store.pool import Connection, Database

_TOLD = """
SELECT v.kind, v.id, v.version, v.updated, v.facts, s.body, m.message_id, m.source
  FROM unnest($1::text[], $2::text[], $3::int[]) AS n(kind, id, version)
  JOIN resource_version v USING (kind, id, version) JOIN resource r USING (kind, id)
  LEFT JOIN statement s ON s.citizen = r.citizen AND s.received_at = v.updated
  LEFT JOIN message m ON m.id = s.message
 ORDER BY s.id
"""


async def told_with(database: Database | Connection, versions: Sequence[Version], ids: Ids) -> dict[Version, Told]:
    """What arrived with each of these versions: the statements about the thing itself where there are any, else those
    about its kind, else all of the message (people were joined). One statement."""
    columns = ([v.kind for v in versions], [v.id for v in versions], [v.number for v in versions])
    rows = defaultdict(list)
    for row in await database.fetch(_TOLD, *columns):
        rows[Version(row["kind"], row["id"], row["version"])].append(row)
    found: dict[Version, Told] = {}
    for version, listed in rows.items():
        facts = wire.facts(listed[0]["facts"])
        said = [(row, wire.statement(row["body"])) for row in listed if row["body"] is not None]
        said = [one for one in said if one[1].source in (facts.sources or (facts.source,))] or said
        alike = [one for one in said if one[1].kind == version.kind]
        own = [one for one in alike if ids(version.kind, one[1].key) == version.id]
        chosen = own or alike or said
        last = chosen[-1][0] if chosen else listed[-1]
        statements = tuple(one for _, one in chosen)
        found[version] = Told(listed[0]["updated"], statements, last["message_id"] or "", last["source"] or "")
    return found
