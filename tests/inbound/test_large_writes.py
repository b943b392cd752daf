"""What is large takes long to check, and nobody else's look waits for that: it is checked beside the doors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.subscriptions.world import wanted
from tests.inbound.test_rest_bundles import bundle, entry
from tests.inbound.test_rest_transactions import practitioner

LONG: dict[str, Any] = {"extension": [{"url": "https://epj.example/x", "valueString": "x"}] * 5_000}
"""A sixth of a second of checking."""


async def turns(work: Awaitable[Any]) -> tuple[Any, int]:
    """What comes of it, and how often somebody else has had a turn until then."""
    done, count = asyncio.ensure_future(work), 0
    while not done.done():
        await asyncio.sleep(0.005)
        count += 1
    return await done, count


async def others_go_on(here: Rest, method: str, path: str, body: Any, status: int, **headers: str) -> None:
    told, count = await turns(here.call(method, path, body, **headers))
    assert told.status_code == status, (path, told.text[:300])
    assert count >= 7, (method, path, count)


def test_others_go_on_while_something_large_is_checked(database_url: str) -> None:
    """In the directory, alone and in a transaction; a subscription, a message."""

    async def test() -> None:
        async with rest(database_url) as here:
            staff = await here.made(practitioner("0A"))
            place, wrong = f"/Practitioner/{staff['id']}", practitioner("0A", gender="bananas", **LONG)
            await others_go_on(here, "POST", "/Practitioner", wrong, 422)
            await others_go_on(here, "PUT", place, wrong, 422, If_Match='W/"1"')
            operations = [{"op": "add", "path": f"/{name}", "value": wrong[name]} for name in ("extension", "gender")]
            json_patch = {"Content_Type": "application/json-patch+json", "If_Match": 'W/"1"'}
            await others_go_on(here, "PATCH", place, operations, 422, **json_patch)
            for one in (entry("POST", "Practitioner", wrong), entry("PUT", place[1:], wrong, ifMatch='W/"1"')):
                await others_go_on(here, "POST", "", bundle("transaction", one), 422)
            subscription = wanted("leave", "https://hooks.example/in") | LONG | {"contact": [{"system": "bananas"}]}
            await others_go_on(here, "POST", "/Subscription", subscription, 422)
            message = here.about("Communication", status="bananas", **LONG)
            await others_go_on(here, "POST", "/Communication", message, 422)

    run(test)
