"""Notice: a new version of a resource becomes something to send, for every subscription that it may concern.

Whether a subscriber may see it is not asked here but when it goes out (sending.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gateway.domain.circle import sources_of_world
from gateway.domain.topics import overdue_since
from gateway.errors import Unavailable
from gateway.flows.parts import Gateway
from gateway.flows.receive import told
from gateway.store import subscriptions, wire
from gateway.store.pool import Connection
from gateway.store.subscriptions import Noted, Subscribed

MOST = 200
_GOALS = 500
_KEPT = timedelta(days=1)


async def notice(gateway: Gateway) -> int:
    """Work through what changed since the last time; how many notifications wait because of it. Raises Unavailable."""
    await subscriptions.beat(gateway.database, gateway.clock())
    waiting = 0
    async with gateway.database.transaction() as connection:
        for one in await subscriptions.claim_noted(connection, MOST):
            waiting += await _unharmed(gateway, connection, one)
    return waiting


async def _unharmed(gateway: Gateway, connection: Connection, one: Noted) -> int:
    """A bug costs one change its notifications, not those behind it theirs."""
    try:
        async with connection.transaction():
            return await _notice(gateway, connection, one)
    except (Unavailable, OSError):
        raise
    except Exception as bug:  # noqa: BLE001 - it is told, and never comes again
        told(bug)
        return 0


async def _notice(gateway: Gateway, connection: Connection, one: Noted) -> int:
    now = gateway.clock()
    citizen, before, after = await subscriptions.versions_of(connection, one)
    if after is None:
        return 0  # it is gone again
    body = wire.decode(after)
    topics = gateway.topics.of(one.kind, wire.decode(before) if before else None, body, now)
    overdue = set(gateway.topics.overdue())
    if one.kind == "Goal" and overdue.intersection(topics):
        await subscriptions.first_told(connection, one.id, overdue_since(body, now))
    return await _let_wait(gateway, connection, topics, one.kind, one.id, citizen) if topics else 0


async def _let_wait(
    gateway: Gateway, connection: Connection, topics: Sequence[str], kind: str, identity: str, citizen: str
) -> int:
    """For those who asked about this citizen, and those in whose circle the citizen is."""
    now = gateway.clock()
    found = await subscriptions.whom(connection, topics, citizen, now)
    concerned = [one.id for one in found if one.citizen or await _in_circle(gateway, connection, one, citizen)]
    await subscriptions.put(connection, concerned, kind, identity, now)
    return len(concerned)


async def _in_circle(gateway: Gateway, connection: Connection, one: Subscribed, citizen: str) -> bool:
    return await subscriptions.known_to(connection, citizen, sources_of_world(one.caller, gateway.policy))


async def notice_overdue(gateway: Gateway) -> int:
    """Goals whose due date has gone by since the last time, which no message tells. Each is told once by its date."""
    await subscriptions.forget_sent(gateway.database, gateway.clock() - _KEPT)
    topics, waiting, after = gateway.topics.overdue(), 0, ""
    while topics:
        page = await subscriptions.goals(gateway.database, after, _GOALS)
        for identity, raw, citizen in page:
            due = overdue_since(wire.decode(raw), gateway.clock())
            if due:
                async with gateway.database.transaction() as connection:
                    if await subscriptions.first_told(connection, identity, due):
                        waiting += await _let_wait(gateway, connection, topics, "Goal", identity, citizen)
        if len(page) < _GOALS:
            break
        after = page[-1][0]
    return waiting
