"""The outbox: what is to go out stands here from the commit that causes it until its receiver has it.

A message is claimed for a while (`leased_until`): a node that dies while it sends loses nothing, another takes over
when the lease is over. One node at a time sends to one destination, so that its messages go out in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.outgoing import Outgoing, Receipt, State
from gateway.domain.when import BEGINNING
from gateway.store.columns import columns
from gateway.store.pool import Database

LOCK = 0x464F5554  # one claim at a time, among all nodes: two could else both find a destination that nobody sends to
_NAMES = "destination, language, message_id, answers, about, body"
_TYPES = (*("text",) * 5, "bytea")
OUTBOX_WIDTH = len(_TYPES)  # parameters of `outbox_insert`
# What answers a message goes out a little later than the acknowledgement on the line on which that came.
_ANSWERS_AFTER = "interval '1 second'"


def outbox_insert(first: int, time: str, source: str) -> str:
    """A CTE that puts messages into the outbox; `$first` and five more are `outbox_args`, `time` an expression.

    `source` names a CTE of the statement: with no row in it, nothing is inserted.
    """
    arrays = ", ".join(f"${first + place}::{kind}[]" for place, kind in enumerate(_TYPES))
    return f"""outgoing AS (
  INSERT INTO outbox ({_NAMES}, state, tries, unreached, resends, made_at, due, changed_at, told)
  SELECT o.*, 'waiting', 0, false, 0, {time},
         {time} + CASE o.answers WHEN '' THEN interval '0' ELSE {_ANSWERS_AFTER} END, {time}, ''
    FROM {source}, unnest({arrays}) AS o({_NAMES})
  ON CONFLICT (destination, message_id) DO NOTHING
)"""


def outbox_args(outgoing: Sequence[Outgoing]) -> list[list[object]]:
    """The messages as the six columns that `outbox_insert` takes."""
    rows = [(o.destination, o.language, o.message_id, o.answers, o.about, o.body) for o in outgoing]
    return columns(rows, OUTBOX_WIDTH)


_PUT = f"""
WITH given AS (SELECT $1::timestamptz AS at), {outbox_insert(2, "given.at", "given")} SELECT 1
"""
_CLAIM = """
UPDATE outbox o SET leased_until = $2, tries = o.tries + 1
  FROM (SELECT DISTINCT destination FROM outbox WHERE state = 'waiting' AND due <= $1) AS d,
       LATERAL (SELECT w.id FROM outbox w
                 WHERE w.destination = d.destination AND w.state = 'waiting' AND w.due <= $1
                   AND (w.leased_until IS NULL OR w.leased_until <= $1)
                 ORDER BY w.id LIMIT $3 FOR UPDATE SKIP LOCKED) AS mine
 WHERE o.id = mine.id
   AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.destination = d.destination AND b.state = 'waiting'
                     AND (b.leased_until > $1 OR (b.unreached AND b.due > $1)))
RETURNING o.id, o.destination, o.language, o.message_id, o.answers, o.about, o.body, o.tries, o.resends,
          o.leased_until
"""
_MOVE = """
UPDATE outbox SET state = $3, due = $4, told = $5, changed_at = $6, unreached = $7, leased_until = NULL
 WHERE id = $1 AND state = 'waiting' AND leased_until = $2
"""
_RELEASE = """
UPDATE outbox SET leased_until = NULL, tries = tries - 1, due = $3
 WHERE state = 'waiting' AND (id, leased_until) IN (SELECT * FROM unnest($1::bigint[], $2::timestamptz[]))
"""
_MATCH = """
SELECT id, state, resends FROM outbox WHERE message_id = $1 AND destination = ANY($2::text[])
 ORDER BY destination = $3 DESC, id DESC LIMIT 1 FOR UPDATE
"""
_KEEP_RECEIPT = """
INSERT INTO receipt (fingerprint, received_at, source, language, message_id, answered, outcome, told, outbox)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (fingerprint) DO NOTHING RETURNING id
"""
_RECEIPTED = """
UPDATE outbox SET state = $2, due = $3, told = $4, changed_at = $5, leased_until = NULL, tries = 0, unreached = false,
                  resends = resends + CASE WHEN $2 = 'waiting' THEN 1 ELSE 0 END
 WHERE id = $1
"""
_SILENT = """
UPDATE outbox SET state = CASE WHEN resends < $4 THEN 'waiting' ELSE 'failed' END, due = $1, changed_at = $1, tries = 0,
                  resends = resends + 1, told = 'no receipt came'
 WHERE state = 'sent' AND language = ANY($2::text[]) AND due <= $3
RETURNING state
"""
_AGAIN = """
UPDATE outbox SET state = 'waiting', tries = 0, unreached = false, resends = 1, due = $2, changed_at = $2,
                  leased_until = NULL
 WHERE state IN ('failed', 'sent', 'withheld') AND id = ANY($1::bigint[]) RETURNING id
"""
_OVERDUE = "(state = 'sent' AND language = ANY({languages}::text[]) AND changed_at <= {since})"
_LIST = f"""
SELECT id, destination, language, message_id, shown AS state, tries, made_at, due, changed_at, told
  FROM (SELECT *, CASE WHEN {_OVERDUE.format(languages="$3", since="$4")} THEN 'overdue' ELSE state END AS shown
          FROM outbox WHERE state = ANY($1::text[] || CASE WHEN 'overdue' = ANY($1) THEN 'sent' END)) AS o
 WHERE shown = ANY($1) ORDER BY id LIMIT $2
"""
_NAMED = """
SELECT message_id, state, tries, body FROM outbox WHERE destination = $1 AND message_id = ANY($2::text[])
"""
_UNMATCHED = """
SELECT id, source, language, answered, outcome, received_at, told FROM receipt WHERE outbox IS NULL
 ORDER BY id DESC LIMIT $1
"""
_COUNTS = """
SELECT state, count(*), min(made_at) FROM outbox WHERE state IN ('waiting', 'failed') GROUP BY state
UNION ALL
SELECT 'unmatched', count(*), min(received_at) FROM receipt WHERE outbox IS NULL HAVING count(*) > 0
"""
_COUNTS += f"""UNION ALL
SELECT 'overdue', count(*), min(made_at) FROM outbox
 WHERE {_OVERDUE.format(languages="$1", since="$2")} HAVING count(*) > 0
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A message that this node has claimed. `tries` counts this one too; `resends` how often it was sent before and
    nothing, or a transient error, was heard of it."""

    id: int
    message: Outgoing
    tries: int
    resends: int
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """A receipt as it came in."""

    receipt: Receipt
    fingerprint: bytes
    source: str
    language: str
    message_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A message in the outbox as an operator sees it: without its content."""

    id: int
    destination: str
    language: str
    message_id: str
    state: str
    tries: int
    made_at: datetime
    due: datetime
    changed_at: datetime
    told: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A receipt of something that nothing here sent."""

    id: int
    source: str
    language: str
    answered: str
    outcome: str
    received_at: datetime
    told: str


@dataclass(frozen=True, slots=True)
class Silence:
    """In which languages a receipt follows a message that was sent, and the time before which it was sent when the
    receipt is overdue."""

    languages: Sequence[str] = ()
    since: datetime = BEGINNING


NO_RECEIPTS = Silence()


async def put(database: Database, outgoing: Sequence[Outgoing], now: datetime) -> None:
    """Put messages into the outbox that no arriving message causes; those a destination has already are passed over."""
    if outgoing:
        await database.fetchval(_PUT, now, *outbox_args(outgoing))


async def claim(database: Database, now: datetime, until: datetime, each: int) -> list[Due]:
    """What is due, at most `each` to one destination, oldest first; nothing to where another node is sending."""
    if not await database.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE state = 'waiting' AND due <= $1)", now):
        return []
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        rows = await connection.fetch(_CLAIM, now, until, each)
    found = [
        Due(
            row["id"],
            Outgoing(row["destination"], row["language"], row["message_id"], row["body"], row["about"], row["answers"]),
            row["tries"],
            row["resends"],
            row["leased_until"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda due: due.id)


async def move(
    database: Database, one: Due, state: State, due: datetime, told: str, now: datetime, *, unreached: bool = False
) -> None:
    """What became of a claimed message; `unreached`: nobody was there. Nothing, when a receipt was faster or the lease
    went to another node."""
    await database.fetchval(_MOVE, one.id, one.leased_until, state, due, told, now, unreached)


async def release(database: Database, claimed: Sequence[Due], due: datetime) -> None:
    """Give back what was claimed and not tried."""
    await database.fetchval(_RELEASE, [one.id for one in claimed], [one.leased_until for one in claimed], due)


async def match(
    database: Database,
    told: Told,
    destinations: Sequence[str],
    judge: Callable[[State, int], tuple[State, datetime]],
) -> bool:
    """Keep a receipt and let it move what it is about: `judge` gives the new state by the old one and its resends.

    False when nothing here was sent to `destinations` under that id; the receipt is kept all the same. The same
    receipt again changes nothing.
    """
    receipt = told.receipt
    async with database.transaction() as connection:
        row = await connection.fetchrow(_MATCH, receipt.of, list(destinations), told.source)
        new = await connection.fetchval(
            _KEEP_RECEIPT, told.fingerprint, told.received_at, told.source, told.language, told.message_id, receipt.of,
            receipt.outcome, receipt.text, row["id"] if row else None,
        )  # fmt: skip
        if row and new:
            state, due = judge(row["state"], row["resends"])
            if state != row["state"] or state == "waiting":
                await connection.execute(_RECEIPTED, row["id"], state, due, receipt.text, told.received_at)
    return row is not None


async def silent(database: Database, languages: Sequence[str], now: datetime, since: datetime, most: int) -> int:
    """Let wait once more what was sent before `since` in languages that are always receipted, and of which nothing was
    heard; `most` times each, then it failed. How many wait."""
    rows = await database.fetch(_SILENT, now, list(languages), since, most)
    return sum(row["state"] == "waiting" for row in rows)


async def again(database: Database, identities: Sequence[int], now: datetime) -> list[int]:
    """Let messages that failed, were withheld, or of which nothing was heard, wait once more. The ids of those that do
    now."""
    return [row["id"] for row in await database.fetch(_AGAIN, list(identities), now)]


async def listed(database: Database, states: Sequence[str], most: int, silence: Silence = NO_RECEIPTS) -> list[Row]:
    """What stands in the outbox in these states, oldest first; `overdue` is what was sent and should have had its
    receipt by now."""
    rows = await database.fetch(_LIST, list(states), most, list(silence.languages), silence.since)
    return [Row(**row) for row in rows]


async def named(database: Database, destination: str, ids: Sequence[str]) -> list[tuple[str, State, int, bytes]]:
    """Messages to a destination by their ids: id, state, tries and body."""
    return [tuple(row) for row in await database.fetch(_NAMED, destination, list(ids))]


async def unmatched(database: Database, most: int) -> list[Unmatched]:
    """Receipts of what nothing here sent, newest first."""
    return [Unmatched(**row) for row in await database.fetch(_UNMATCHED, most)]


async def counts(database: Database, silence: Silence = NO_RECEIPTS) -> dict[str, tuple[int, datetime]]:
    """How many wait, failed, are overdue, or are unmatched receipts, and since when the oldest of them does."""
    rows = await database.fetch(_COUNTS, list(silence.languages), silence.since)
    return {row[0]: (row[1], row[2]) for row in rows}
