"""Versions of the directory are found by index, of one and of a type, however many there are."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.store import directory
from gateway.store.directory import Stood
from gateway.store.pool import Database
from gateway.store.versions import NEWEST, Place
from tests.store.watched import Watched

FILL = """
INSERT INTO directory (kind, id, version, updated, source, withdrawn, protected, names, refs, body)
SELECT 'Location', lpad(n::text, 4, '0'), 2, now() - n * interval '1 min', 's', false, n = 7, '{}', '{}', ''
  FROM generate_series(1, 2000) AS n
"""
VERSIONS = """
INSERT INTO directory_version (kind, id, version, updated, withdrawn, body)
SELECT kind, id, v, updated - (2 - v) * interval '1 hour', false, '' FROM directory, generate_series(1, 2) AS v
"""


def test_a_page_of_a_history_is_read_and_not_sorted_from_all(database_url: str) -> None:
    async def story() -> None:
        database = await Database.open(database_url, size=2)
        try:
            for sql in (FILL, VERSIONS, "ANALYZE directory", "ANALYZE directory_version"):
                await database.fetch(sql)

            async def read(identity: str, before: Place, *allowed: str) -> list[tuple[str, int]]:
                found = await directory.versions(database, "Location", identity, Stood(), before, 50, allowed)
                assert found == sorted(found, key=lambda one: (one.updated, one.id, one.version), reverse=True)
                return [(one.id, one.version) for one in found]

            assert await read("0003", NEWEST) == [("0003", 2), ("0003", 1)]
            assert await read("0007", NEWEST) == []
            assert await read("0007", NEWEST, "s") == [("0007", 2), ("0007", 1)]
            place, met = NEWEST, list[tuple[str, int]]()
            while page := await directory.versions(database, "Location", "", Stood(), place, 500, ()):
                met += [(one.id, one.version) for one in page]
                place = Place(page[-1].updated, page[-1].id, page[-1].version)
            assert len(met) == len(set(met)) == 2 * 1999
            for identity, index in (
                ("", "ix_directory_version_kind_updated_id_version"),
                ("0003", "pk_directory_version"),
            ):
                watched: Any = Watched(database)
                await directory.versions(watched, "Location", identity, Stood(), NEWEST, 50, ())
                (plan,) = watched.plans
                assert f"using {index} on directory_version" in plan, plan
                assert "Seq Scan" not in plan, plan
                assert identity or "Sort" not in plan, plan
        finally:
            await database.close()

    asyncio.run(story())
