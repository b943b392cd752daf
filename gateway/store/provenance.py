"""What arrived with a version of a resource: a version has the time of the message in whose commit it was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import asyncpg

from gateway.domain.provenance import Told, Version
from gateway.domain.resource import Ids
from gateway.store import wire
from gateway.store.pool import Connection, Database

TOLD = """
SELECT v.kind, v.id, v.version, v.updated, v.facts, s.body, m.message_id, m.source,
       row_number() OVER (ORDER BY s.id)::int AS place
  FROM unnest({kinds}, {ids}, {numbers}) AS n(kind, id, version)
  JOIN resource_version v USING (kind, id, version) JOIN resource r USING (kind, id)
  LEFT JOIN statement s ON s.citizen = r.citizen AND s.received_at = v.updated
  LEFT JOIN message m ON m.id = s.message
"""
_TOLD = f"{TOLD.format(kinds='$1::text[]', ids='$2::text[]', numbers='$3::int[]')} ORDER BY place"


async def told_with(database: Database | Connection, versions: Sequence[Version], ids: Ids) -> dict[Version, Told]:
    """What arrived with each of these versions. One statement."""
    columns = ([v.kind for v in versions], [v.id for v in versions], [v.number for v in versions])
    return told_of(await database.fetch(_TOLD, *columns), ids)


def told_of(listed: Sequence[asyncpg.Record], ids: Ids) -> dict[Version, Told]:
    """What rows of `TOLD` say, in the order of their places: the statements about the thing itself where there are any,
    else those about its kind, else all of the message (people were joined)."""
    rows = defaultdict(list)
    for row in listed:
        rows[Version(row["kind"], row["id"], row["version"])].append(row)
    found: dict[Version, Told] = {}
    for version, these in rows.items():
        facts = wire.facts(these[0]["facts"])
        said = [(row, wire.statement(row["body"])) for row in these if row["body"] is not None]
        said = [one for one in said if one[1].source in (facts.sources or (facts.source,))] or said
        alike = [one for one in said if one[1].kind == version.kind]
        own = [one for one in alike if ids(version.kind, one[1].key) == version.id]
        chosen = own or alike or said
        last = chosen[-1][0] if chosen else these[-1]
        statements = tuple(one for _, one in chosen)
        tellers = frozenset(facts.sources or (facts.source,)) | {one.source for _, one in own}
        found[version] = Told(these[0]["updated"], statements, last["message_id"] or "", last["source"] or "", tellers)
    return found
