"""What is found together is what is found alone, in a real PostgreSQL: resources with the ground for deciding."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.store import resources
from gateway.store.resources import Found
from tests.inbound import one_citizen
from tests.inbound.http_world import http, run

NOWHERE = ("CarePlan", "0" * 32)
DOCUMENT = """
INSERT INTO resource (kind, id, citizen, sector, version, updated, withdrawn, facts, body, digest)
SELECT 'DocumentReference', 'd1', citizen, sector, 1, updated, false,
       convert_to(replace(convert_from(facts, 'UTF8'), '"CarePlan"', '"DocumentReference"'), 'UTF8'), body, digest
  FROM resource WHERE kind = 'CarePlan' AND id = $1
"""
LIES_ON = """
UPDATE resource SET facts =
       convert_to((convert_from(facts, 'UTF8')::jsonb || '{"related": ["DocumentReference/d1"]}')::text, 'UTF8')
 WHERE kind = 'CarePlan' AND id = $1
"""


def told(found: Found | None) -> Any:
    """Everything that is known of it."""
    if found is None:
        return None
    sealed = found.sealed
    content = (sealed.facts, sealed.version, sealed.updated, sealed.withdrawn, sealed._body)
    return content, found.ground, found.persons, sorted(found.targets, key=lambda one: (one.kind, one.id)), found.now


def test_found_together_is_found_alone(database_url: str) -> None:
    async def story() -> None:
        async with http(database_url, *one_citizen.CLIENTS) as here:
            await one_citizen.arrive(here)
            gateway = here.gateway
            rows = await gateway.database.fetch("SELECT kind, id FROM resource ORDER BY kind, id")
            asked = [*((row["kind"], row["id"]) for row in rows), NOWHERE, (rows[0]["kind"], rows[0]["id"])]
            together = await asyncio.gather(*(gateway.finder.find(*one) for one in asked))
            alone = [await resources.find(gateway.database, *one) for one in asked]
            assert len(rows) > 8
            assert [told(one) for one in together] == [told(one) for one in alone]
            assert together[-2] is None

    run(story)


def test_a_document_is_found_with_the_cases_on_which_it_lies(database_url: str) -> None:
    async def story() -> None:
        async with http(database_url, *one_citizen.CLIENTS) as here:
            await one_citizen.arrive(here)
            database = here.gateway.database
            plan = await database.fetchrow("SELECT citizen, id, facts FROM resource WHERE kind = 'CarePlan'")
            assert plan is not None
            await database.fetch(DOCUMENT, plan["id"])
            await database.fetch(LIES_ON, plan["id"])
            asked = [("DocumentReference", "d1"), ("CarePlan", plan["id"])]
            together = await asyncio.gather(*(here.gateway.finder.find(*one) for one in asked))
            assert together[0] is not None
            assert ("CarePlan", plan["id"]) in {(one.kind, one.id) for one in together[0].targets}
            assert [told(one) for one in together] == [told(await resources.find(database, *one)) for one in asked]

    run(story)
