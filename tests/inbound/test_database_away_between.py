"""The database goes away in the middle of a write, at each of its statements: what is told is what is kept.

"Send again" is told only where nothing was kept; what was kept is answered as done, and every look that belongs to it
is on record.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.acceptance.test_written_messages import message
from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.statements import away_after
from tests.inbound.subscriptions.world import wanted
from tests.inbound.test_rest_binary import binary, document
from tests.inbound.test_rest_bundles import ONE, bundle, entry
from tests.inbound.test_rest_bundles_of_all import city
from tests.inbound.test_rest_transactions import practitioner, second

PATCH = b'[{"op":"add","path":"/language","value":"da"}]'
JSON_PATCH = {"Content_Type": "application/json-patch+json"}
KEPT = ("statement", "resource_version", "directory_version", "subscription", "subscription_event", "outbox", "message")
MOST = 40


@dataclass
class World:
    """Somebody the writes are about, and another citizen, whom conditions look at."""

    rest: Rest
    other: str

    async def call(self, asked: Asked) -> httpx2.Response:
        method, path, body, more = asked
        return await self.rest.call(method, path, body, **more)

    async def kept(self) -> list[Any]:
        """What is kept, and the versions of what stands: subscriptions have no history."""
        counts = [await self.rest.count(table) for table in KEPT]
        return [*counts, await self.rest.http.gateway.database.fetchval("SELECT sum(version) FROM subscription")]


Asked = tuple[str, str, Any, dict[str, str]]
Case = Callable[[World], Awaitable[Asked]]


async def create(world: World) -> Asked:
    return "POST", "/Goal", world.rest.goal(), {}


async def create_unless_there(world: World) -> Asked:
    return "POST", "/Goal", world.rest.goal(), {"If_None_Exist": f"patient={world.other}&lifecycle-status=planned"}


async def found_there(world: World) -> Asked:
    return "POST", "/Goal", world.rest.goal(), {"If_None_Exist": f"patient={world.other}"}


async def update(world: World) -> Asked:
    made = await world.rest.made(world.rest.goal())
    return "PUT", f"/Goal/{made['id']}", world.rest.goal("Ro"), {"If_Match": 'W/"1"'}


async def update_where(world: World) -> Asked:
    number = {"system": "urn:x", "value": str(await world.rest.count("access_record"))}
    await world.rest.made(world.rest.goal(identifier=[number]))
    return "PUT", f"/Goal?identifier=urn:x|{number['value']}", world.rest.goal("Ro", identifier=[number]), {}


async def delete(world: World) -> Asked:
    made = await world.rest.made(world.rest.goal())
    return "DELETE", f"/Goal/{made['id']}", None, {}


async def transaction(world: World) -> Asked:
    goal = world.rest.goal(addresses=[{"reference": ONE}])
    condition = world.rest.about("Condition", code={"text": "Smerter"})
    there = f"patient={world.other}&clinical-status=active"
    entries = [
        entry("POST", "Goal", goal), entry("POST", "Condition", condition, ONE, ifNoneExist=there),
        entry("POST", "Practitioner", practitioner("0A"), ifNoneExist="identifier=nobody"),
        entry("GET", f"Goal?patient={world.rest.patient}&_summary=count"),
    ]  # fmt: skip
    return "POST", "", bundle("transaction", *entries), {}


async def in_directory(world: World) -> Asked:
    return "POST", "/Organization", {"resourceType": "Organization", "name": "Afsnit"}, {}


async def changed_in_directory(world: World) -> Asked:
    made = await world.rest.made(practitioner("0B"))
    return "PATCH", f"/Practitioner/{made['id']}", PATCH, {**JSON_PATCH, "If_Match": 'W/"1"'}


async def gone_from_directory(world: World) -> Asked:
    number = f"0C{await world.rest.count('access_record')}"
    await world.rest.made(practitioner(number))
    return "DELETE", f"/Practitioner?identifier={number}", None, {}


async def subscription(world: World) -> Asked:
    return "POST", "/Subscription", wanted("plan-changed", "http://127.0.0.1:9/in"), {}


async def changed_subscription(world: World) -> Asked:
    made = await world.rest.made(wanted("plan-changed", "http://127.0.0.1:9/in"))
    return "PATCH", f"/Subscription/{made['id']}", PATCH, {**JSON_PATCH, "If_Match": 'W/"1"'}


async def gone_subscription(world: World) -> Asked:
    made = await world.rest.made(wanted("plan-changed", "http://127.0.0.1:9/in"))
    return "DELETE", f"/Subscription/{made['id']}", None, {}


async def sent(world: World) -> Asked:
    return "POST", "/Communication", message(world.rest.patient), {"who": "social"}


async def sent_with_others(world: World) -> Asked:
    entries = [
        entry("POST", "Goal", world.rest.goal()), entry("POST", "Communication", message(world.rest.patient)),
        entry("POST", "Subscription", wanted("plan-changed", "http://127.0.0.1:9/in")),
    ]  # fmt: skip
    return "POST", "", bundle("transaction", *entries), {"who": "social"}


async def file(world: World) -> Asked:
    return "POST", "/Binary", binary(await document(world.rest)), {}


@asynccontextmanager
async def world(database_url: str) -> AsyncIterator[World]:
    async with rest(database_url) as here:
        other = await second(here)
        await here.made(here.goal(subject={"reference": f"Patient/{other}"}))
        yield World(here, other)


async def at_each_statement(database_url: str, here: World, case: Case) -> None:
    """Once with the database there, for what is right; then with one that goes away before each of the statements."""
    asked = await case(here)
    kept, records = await here.kept(), len(await here.rest.records())
    right = await here.call(asked)
    assert right.status_code < 300, right.text
    changed = [after != before for before, after in zip(kept, await here.kept(), strict=True)]
    recorded = [(one.query, one.citizen, one.outcome) for one in (await here.rest.records())[records:]]
    assert recorded
    for statements in range(MOST):
        asked = await case(here)
        kept, records = await here.kept(), len(await here.rest.records())
        with away_after(database_url, statements) as late:
            told = await here.call(asked)
        now = [after != before for before, after in zip(kept, await here.kept(), strict=True)]
        where = (case.__name__, statements, late[:1], told.text[:300])
        if told.status_code == 503:
            assert not any(now), where
            continue
        assert (told.status_code, now) == (right.status_code, changed), where
        looks = (await here.rest.records())[records:]
        assert [(_plain(one.query), one.citizen, one.outcome) for one in looks] == [
            (_plain(query), citizen, outcome) for query, citizen, outcome in recorded
        ], where  # fmt: skip
        if right.headers.get("location") and case is not file:  # which sent again is there already
            assert told.headers["location"], where
        if not late:
            return
    pytest.fail(f"{case.__name__} takes more than {MOST} statements")


def _plain(query: str) -> str:
    """Without the id of what is written."""
    return query.partition("/")[0]


_OF_CITIZENS = (create, create_unless_there, found_there, update, update_where, delete, transaction, file)
_OTHERS = (
    in_directory, changed_in_directory, gone_from_directory, subscription, changed_subscription, gone_subscription
)  # fmt: skip


@pytest.mark.parametrize("cases", [_OF_CITIZENS, _OTHERS])
def test_what_is_told_is_what_is_kept(database_url: str, cases: tuple[Case, ...]) -> None:
    async def test() -> None:
        async with world(database_url) as here:
            for case in cases:
                await at_each_statement(database_url, here, case)

    run(test)


def test_a_message_that_goes_out_is_told_so(database_url: str) -> None:
    async def test() -> None:
        async with city(database_url) as here:
            for case in (sent, sent_with_others):
                await at_each_statement(database_url, World(here, ""), case)

    run(test)
