"""Which organisations are parts of others: found among very many in one pass, in a real PostgreSQL."""

from __future__ import annotations

import asyncio

from gateway.store import directory
from gateway.store.pool import Database

# n = 1 to 400: each tenth is a part of the ninth before it (by number), each eleventh of what nobody knows.
FILL = """
INSERT INTO directory (kind, id, version, updated, source, withdrawn, protected, names, refs, body)
SELECT 'Organization', n::text, 1, now(), 's', n = 90, false, ARRAY['Organization/' || n, 'urn:x|' || n],
       CASE WHEN n % 10 = 0 THEN ARRAY['urn:x|' || n - 9] WHEN n % 11 = 0 THEN ARRAY['urn:x|unknown'] ELSE '{}' END, ''
  FROM generate_series(1, 400) AS n
"""
FIND_BY = """
INSERT INTO directory_key (kind, id, name, value)
SELECT kind, id, 'partof', refs[1] FROM directory WHERE refs <> '{}' AND id <> '20'
"""


def test_parts_and_their_wholes_among_many(database_url: str) -> None:
    """20 refers to 11 by something else than `partOf`; 90 stands no more, so 81 is nobody's whole."""
    parts = {n for n in range(1, 401) if n % 10 == 0 or n % 11 == 0} - {20, 90}
    wholes = {n - 9 for n in parts if n % 10 == 0}

    async def story() -> None:
        database = await Database.open(database_url, size=2)
        try:
            await database.fetch(FILL)
            await database.fetch(FIND_BY)
            assert {int(one.id) for one in await directory.parts(database)} == parts | wholes
            plan = [row[0] for row in await database.fetch(f"EXPLAIN {directory._PARTS}")]
            assert not any("&&" in line for line in plan), "not each organisation with each part"
        finally:
            await database.close()

    asyncio.run(story())
