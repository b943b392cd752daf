"""Subscriptions, what changed since they were last looked at, and what is to be sent because of it.

A trigger notes new versions in the commit that makes them, so nothing is lost when a node dies; rows are claimed by
deleting them, never by their numbers, which become visible out of order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from gateway.domain.caller import Caller
from gateway.store import wire
from gateway.store.pool import Connection, Database

Reader = Database | Connection
_LOCK = 0x53554253  # with a client: one writer of its subscriptions at a time, among all nodes
HANDSHAKE, HEARTBEAT, NEWS = "handshake", "heartbeat", "event-notification"

_COLUMNS = (
    "s.id, s.client, s.version, s.updated, s.status, s.topic, s.citizen, s.heartbeat, s.ends, s.caller, s.body, s.told,"
    " s.sent_at, s.error"
)
_SAVE = f"""
WITH kept AS (
  INSERT INTO subscription (id, client, version, updated, status, topic, citizen, heartbeat, ends, caller, body, told,
                            sent_at, error)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
  ON CONFLICT (id) DO UPDATE SET version = $3, updated = $4, status = $5, topic = $6, citizen = $7, heartbeat = $8,
     ends = $9, caller = $10, body = $11, error = $14
   WHERE subscription.client = $2 AND subscription.version = $3 - 1
  RETURNING id, status
), asked AS (
  INSERT INTO subscription_event (subscription, event, kind, id, noticed_at, state, tries, due, reason)
  SELECT id, '{HANDSHAKE}', '', '', $4, 'waiting', 0, $4, '' FROM kept WHERE status = 'requested'
)
SELECT id FROM kept
"""
_PUT = """
INSERT INTO subscription_event (subscription, event, kind, id, noticed_at, state, tries, due, reason)
SELECT s, $2, $3, $4, $5, 'waiting', 0, $5, '' FROM unnest($1::text[]) AS s
"""
_NOTED = """
DELETE FROM subscription_noted WHERE place IN (
  SELECT place FROM subscription_noted ORDER BY place LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING place, kind, id, version
"""
_BODIES = """
SELECT v.version, v.body, r.citizen FROM resource_version v JOIN resource r USING (kind, id)
 WHERE v.kind = $1 AND v.id = $2 AND v.version IN ($3, $3 - 1)
"""
_WHOM = f"""
SELECT {_COLUMNS} FROM subscription s
 WHERE s.status = 'active' AND s.topic = ANY($1::text[]) AND (s.ends IS NULL OR s.ends > $3)
   AND (s.citizen = '' OR EXISTS (SELECT FROM resource p WHERE p.kind = 'Patient' AND p.id = s.citizen
                                     AND p.citizen = $2))
 ORDER BY s.id
"""
_KNOWN_TO = """
SELECT EXISTS (SELECT FROM resource p JOIN message m ON m.citizen = p.id
                WHERE p.kind = 'Patient' AND p.citizen = $1 AND m.source = ANY($2::text[]))
"""
# One at a time of each subscription, the oldest first: what is behind one that waits, waits too.
_CLAIM = f"""
WITH mine AS (
  UPDATE subscription_event e SET leased_until = $2, tries = e.tries + 1
    FROM (SELECT place, row_number() OVER (PARTITION BY client ORDER BY place) AS turn FROM (
            SELECT DISTINCT ON (w.subscription) w.place, w.due, w.leased_until, s.client
              FROM subscription_event w JOIN subscription s ON s.id = w.subscription
             WHERE w.state = 'waiting' AND (s.status = 'active' OR (s.status = 'requested' AND w.event = '{HANDSHAKE}'))
             ORDER BY w.subscription, w.event <> '{HANDSHAKE}', w.place) AS first
           WHERE first.due <= $1 AND (first.leased_until IS NULL OR first.leased_until <= $1)
           ORDER BY turn, place LIMIT $3) AS f
   WHERE e.place = f.place AND e.state = 'waiting' AND (e.leased_until IS NULL OR e.leased_until <= $1)
  RETURNING e.place, e.subscription, e.event, e.kind AS about, e.id AS what, e.noticed_at, e.tries, e.leased_until
)
SELECT m.*, {_COLUMNS} FROM mine m JOIN subscription s ON s.id = m.subscription ORDER BY m.place
"""
_MOVED = """
WITH moved AS (
  UPDATE subscription_event SET state = $3, due = $4, reason = $5, leased_until = NULL
   WHERE place = $1 AND leased_until = $2 AND state = 'waiting' RETURNING subscription, event
)
UPDATE subscription s SET
   told = s.told + CASE WHEN $3 = 'sent' AND m.event = 'event-notification' THEN 1 ELSE 0 END,
   sent_at = CASE WHEN $3 = 'sent' THEN $6 ELSE s.sent_at END,
   status = CASE WHEN $3 = 'failed' THEN 'error' WHEN $3 = 'sent' AND m.event = 'handshake' THEN 'active'
                 ELSE s.status END,
   version = s.version + CASE WHEN $3 = 'failed' OR ($3 = 'sent' AND m.event = 'handshake') THEN 1 ELSE 0 END,
   updated = CASE WHEN $3 = 'failed' OR ($3 = 'sent' AND m.event = 'handshake') THEN $6 ELSE s.updated END,
   error = CASE WHEN $3 = 'sent' THEN '' ELSE $5 END
  FROM moved m WHERE s.id = m.subscription
"""
_BEATS = """
INSERT INTO subscription_event (subscription, event, kind, id, noticed_at, state, tries, due, reason)
SELECT s.id, 'heartbeat', '', '', $1, 'waiting', 0, $1, '' FROM subscription s
 WHERE s.status = 'active' AND s.heartbeat > 0 AND (s.ends IS NULL OR s.ends > $1)
   AND coalesce(s.sent_at, s.updated) + make_interval(secs => s.heartbeat) <= $1
   AND NOT EXISTS (SELECT FROM subscription_event e WHERE e.subscription = s.id AND e.state = 'waiting')
"""
_GOALS = """
SELECT r.id, r.body, r.citizen FROM resource r
 WHERE r.kind = 'Goal' AND r.id > $1 AND NOT r.withdrawn ORDER BY r.id LIMIT $2
"""
_LISTED = """
SELECT e.place, e.subscription, e.event, s.client, e.state, e.tries, e.noticed_at, e.due, e.reason
  FROM subscription_event e JOIN subscription s ON s.id = e.subscription
 WHERE e.state = ANY($1::text[]) ORDER BY e.place LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One subscription. `caller` is whom its notifications are decided for."""

    id: str
    client: str
    version: int
    updated: datetime
    status: str
    topic: str
    citizen: str
    heartbeat: int
    ends: datetime | None
    caller: Caller
    body: bytes
    told: int = 0
    sent_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """A new version of a resource."""

    kind: str
    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Due:
    """What this node has claimed to send. `kind` and `id` are what it is about; empty for handshake and heartbeat."""

    place: int
    event: str
    kind: str
    id: str
    noticed_at: datetime
    tries: int
    leased_until: datetime
    to: Subscribed


@dataclass(frozen=True, slots=True)
class Row:
    """A notification as an operator sees it: without what it is about."""

    place: int
    subscription: str
    event: str
    client: str
    state: str
    tries: int
    noticed_at: datetime
    due: datetime
    reason: str


async def held(connection: Connection, client: str) -> int:
    """How many subscriptions a client has; nobody else writes any of them until the commit. Looked up as of what
    stands when the lock is had."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCK, client)
    return int(await connection.fetchval("SELECT count(*) FROM subscription WHERE client = $1", client))


async def save(database: Reader, one: Subscribed) -> bool:
    """Write the next version, and ask for its handshake where its status is `requested`. False: it was changed
    meanwhile, or is another client's."""
    kept = await database.fetchval(
        _SAVE, one.id, one.client, one.version, one.updated, one.status, one.topic, one.citizen, one.heartbeat,
        one.ends, wire.encode(one.caller), one.body, one.told, one.sent_at, one.error,
    )  # fmt: skip
    return kept is not None


async def find(database: Reader, identity: str, client: str) -> Subscribed | None:
    """One of a client's subscriptions."""
    row = await database.fetchrow(
        f"SELECT {_COLUMNS} FROM subscription s WHERE s.id = $1 AND s.client = $2", identity, client
    )
    return _subscribed(row) if row else None


async def of(database: Reader, client: str) -> list[Subscribed]:
    """All of a client's subscriptions."""
    rows = await database.fetch(f"SELECT {_COLUMNS} FROM subscription s WHERE s.client = $1 ORDER BY s.id", client)
    return [_subscribed(row) for row in rows]


async def delete(database: Reader, identity: str, client: str, version: int) -> bool:
    """Remove a client's subscription with all that waits for it. False: not there, or changed meanwhile (0: any)."""
    sql = "DELETE FROM subscription WHERE id = $1 AND client = $2 AND ($3 = 0 OR version = $3) RETURNING id"
    return await database.fetchval(sql, identity, client, version) is not None


async def claim_noted(connection: Connection, most: int) -> list[Noted]:
    """The next new versions, gone when the transaction is committed."""
    rows = sorted(await connection.fetch(_NOTED, most), key=lambda row: int(row["place"]))
    return [Noted(row["kind"], row["id"], row["version"]) for row in rows]


async def versions_of(connection: Connection, one: Noted) -> tuple[str, bytes | None, bytes | None]:
    """Of whom it is, the version before, and this one; None for what is not there."""
    rows = await connection.fetch(_BODIES, one.kind, one.id, one.version)
    bodies = {row["version"]: row["body"] for row in rows}
    return (rows[0]["citizen"] if rows else ""), bodies.get(one.version - 1), bodies.get(one.version)


async def whom(connection: Connection, topics: Collection[str], citizen: str, now: datetime) -> list[Subscribed]:
    """The active subscriptions to any of these topics that may be about this citizen."""
    return [_subscribed(row) for row in await connection.fetch(_WHOM, list(topics), citizen, now)]


async def known_to(connection: Connection, citizen: str, sources: Collection[str]) -> bool:
    """Whether any of these sources has told of this citizen."""
    return bool(await connection.fetchval(_KNOWN_TO, citizen, list(sources)))


async def put(connection: Connection, to: Sequence[str], kind: str, identity: str, now: datetime) -> None:
    """Let a notification about a resource wait for each of these subscriptions."""
    if to:
        await connection.execute(_PUT, list(to), NEWS, kind, identity, now)


async def beat(database: Database, now: datetime) -> None:
    """Let a heartbeat wait where nothing was sent for as long as was asked for."""
    await database.fetchval(_BEATS, now)


async def claim(database: Database, now: datetime, until: datetime, most: int) -> list[Due]:
    """What is due, one of each subscription, the clients in turn: who has many does not go before who has few."""
    if not await database.fetchval("SELECT EXISTS (SELECT FROM subscription_event WHERE state = 'waiting')"):
        return []
    return [
        Due(
            row["place"], row["event"], row["about"], row["what"], row["noticed_at"], row["tries"],
            row["leased_until"], _subscribed(row),
        )
        for row in await database.fetch(_CLAIM, now, until, most)
    ]  # fmt: skip


async def moved(database: Database, one: Due, state: str, due: datetime, reason: str, now: datetime) -> None:
    """What became of a notification, and of its subscription with it. Nothing, when the lease went to another node."""
    await database.fetchval(_MOVED, one.place, one.leased_until, state, due, reason, now)


async def dropped(database: Database, one: Due) -> None:
    """It is not told: it goes without a trace at the subscriber."""
    await database.fetchval(
        "DELETE FROM subscription_event WHERE place = $1 AND leased_until = $2", one.place, one.leased_until
    )


async def forget_sent(database: Database, before: datetime) -> None:
    """Notifications that were taken are of no more use: the access log tells of them."""
    await database.fetchval("DELETE FROM subscription_event WHERE state = 'sent' AND due < $1", before)


async def goals(database: Database, after: str, most: int) -> list[tuple[str, bytes, str]]:
    """Goals by their ids, from `after` on: id, content, citizen."""
    return [tuple(row) for row in await database.fetch(_GOALS, after, most)]


async def first_told(connection: Connection, goal: str, due: str) -> bool:
    """Whether this goal is told for the first time to be overdue by this date."""
    sql = "INSERT INTO goal_overdue (goal, due) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING goal"
    return await connection.fetchval(sql, goal, due) is not None


async def listed(database: Database, states: Sequence[str], most: int) -> list[Row]:
    """Notifications in these states, oldest first."""
    return [Row(**row) for row in await database.fetch(_LISTED, list(states), most)]


async def again(database: Database, places: Sequence[int], now: datetime) -> list[int]:
    """Let notifications that failed wait once more, and their subscriptions go on. The places of those that do."""
    sql = """
    WITH back AS (
      UPDATE subscription_event SET state = 'waiting', tries = 0, due = $2, leased_until = NULL
       WHERE state = 'failed' AND place = ANY($1::bigint[]) RETURNING place, subscription, event
    ), on_again AS (
      UPDATE subscription s SET status = CASE WHEN b.event = 'handshake' THEN 'requested' ELSE 'active' END,
             version = s.version + 1, updated = $2 FROM back b WHERE s.id = b.subscription AND s.status = 'error'
    )
    SELECT place FROM back ORDER BY place
    """
    return [row["place"] for row in await database.fetch(sql, list(places), now)]


def _subscribed(row: asyncpg.Record) -> Subscribed:
    names = (
        "id", "client", "version", "updated", "status", "topic", "citizen", "heartbeat", "ends", "caller", "body",
        "told", "sent_at", "error",
    )  # fmt: skip
    values = {name: row[name] for name in names}
    return Subscribed(**values | {"caller": wire.caller(row["caller"])})
