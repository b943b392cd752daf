"""Messages that were not kept as statements: those the law has deleted, and those in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.outgoing import Outgoing
from gateway.store.intake import Arrival
from gateway.store.outbox import outbox_args, outbox_insert
from gateway.store.pool import Connection, Database

_INSERT = f"""
WITH kept AS (
  INSERT INTO message (language, source, message_id, event, fingerprint, received_at, state, accepted, body, answer,
                       reason)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (fingerprint) DO NOTHING RETURNING id
), {outbox_insert(12, "$6", "kept")}
SELECT id FROM kept
"""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that could not be understood. `reason` is JSON: kind, text, where, hint."""

    id: int
    language: str
    received_at: datetime
    body: bytes
    reason: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in quarantine without its content."""

    id: int
    language: str
    received_at: datetime
    reason: bytes


async def held(database: Database, most: int, first: int = 0) -> tuple[list[Kept], int]:
    """Those in quarantine from place `first` on, the oldest first, and how many there are."""
    rows = await database.fetch(
        "SELECT id, language, received_at, reason FROM message WHERE state = 'quarantined'"
        " ORDER BY id LIMIT $1 OFFSET $2",
        most, first,
    )  # fmt: skip
    count = await database.fetchval("SELECT count(*) FROM message WHERE state = 'quarantined'")
    return [Kept(**row) for row in rows], count


async def last_heard(database: Database, sources: Sequence[str]) -> dict[str, datetime]:
    """When each of these sources last told anything that was understood; without those that never did."""
    rows = await database.fetch(
        "SELECT s AS source, (SELECT max(received_at) FROM message WHERE source = s) AS last FROM unnest($1::text[]) s",
        list(sources),
    )
    return {row["source"]: row["last"] for row in rows if row["last"]}


async def answer_to(database: Database, fingerprint: bytes) -> bytes | None:
    """The answer that the message with this fingerprint got; None when none came."""
    answer: bytes | None = await database.fetchval("SELECT answer FROM message WHERE fingerprint = $1", fingerprint)
    return answer


async def keep_metadata(
    database: Database | Connection, arrival: Arrival, outgoing: Sequence[Outgoing] = (), *,
    state: str = "not-entitled",
) -> bool:  # fmt: skip
    """Retssikkerhedsloven § 12 c: no municipal case, so the content is deleted; that it came is all that is kept. So
    it is of a message that tells nothing of the citizen (`nothing-kept`). False where the same had come before."""
    row = _row(arrival, state, accepted=True, body=None)
    return await database.fetchval(_INSERT, *row, *outbox_args(outgoing)) is not None


async def quarantine(
    database: Database, arrival: Arrival, outgoing: Sequence[Outgoing] = (), *, content: bool = True
) -> None:
    """Keep a refused message with its reason; sent again it is one row, and what it causes is sent once. Without its
    content it is only `refused`: no mended mapping would change that."""
    state = "quarantined" if content else "refused"
    row = _row(arrival, state, accepted=False, body=arrival.body if content else None)
    await database.fetchval(_INSERT, *row, *outbox_args(outgoing))


async def waiting(database: Database) -> list[int]:
    """All messages in quarantine, oldest first."""
    rows = await database.fetch("SELECT id FROM message WHERE state = 'quarantined' ORDER BY id")
    return [row["id"] for row in rows]


async def quarantined(database: Database, identity: int) -> Quarantined | None:
    """One message in quarantine; None where it is there no more."""
    row = await database.fetchrow(
        "SELECT id, language, received_at, body, reason FROM message WHERE state = 'quarantined' AND id = $1", identity
    )
    return Quarantined(**row) if row else None


async def forget(database: Database, before: datetime) -> int:
    """Delete the content of what went into quarantine before this; what is left cannot be replayed (`forgotten`)."""
    return int(
        await database.fetchval(
            "WITH gone AS (UPDATE message SET state = 'forgotten', body = NULL"
            " WHERE state = 'quarantined' AND received_at < $1 RETURNING id) SELECT count(*) FROM gone",
            before,
        )
    )


async def release(database: Database, identity: int) -> None:
    """The message was understood after all: its statements stand under another row, this one loses its content."""
    await database.fetchval("UPDATE message SET state = 'replayed', body = NULL WHERE id = $1", identity)


async def tell_again(database: Database, identity: int, answer: bytes, reason: bytes) -> None:
    """Replayed and refused again, perhaps for another reason."""
    await database.fetchval("UPDATE message SET answer = $2, reason = $3 WHERE id = $1", identity, answer, reason)


def _row(arrival: Arrival, state: str, *, accepted: bool, body: bytes | None) -> tuple[object, ...]:
    return (
        arrival.language, arrival.source, arrival.message_id, arrival.event, arrival.fingerprint, arrival.received_at,
        state, accepted, body, arrival.answer, arrival.findings or None,
    )  # fmt: skip
