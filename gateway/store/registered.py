"""Of every registered case and document the identities under which it was told, and when last.

A row is written in the commit of the message that told it, unsettled: what older registrations told of other citizens
is taken back after that commit, by the same node or, when it died in between, by whichever node looks next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.moved import Standing, Thing
from gateway.store.columns import columns
from gateway.store.pool import Connection, Database

# The newest registration of each thing under each identity; in one order, so that none waits for another.
_REMEMBER = """
INSERT INTO registered AS r (kind, key, identity, moment, recorded, teller, message, settled)
SELECT n.*, false FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[],
                              $7::bytea[]) AS n
ON CONFLICT (kind, key, identity) DO UPDATE
   SET moment = excluded.moment, recorded = excluded.recorded, teller = excluded.teller, message = excluded.message,
       settled = false
 WHERE (r.moment, r.recorded) < (excluded.moment, excluded.recorded)
"""
_STANDING = """
SELECT r.kind, r.key, r.identity, r.moment, r.recorded, r.teller, r.message, coalesce(i.citizen, '') AS citizen
  FROM registered r LEFT JOIN identity i ON i.key = r.identity
 WHERE (r.kind, r.key) IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""
_UNSETTLED = "SELECT DISTINCT kind, key FROM registered WHERE NOT settled ORDER BY kind, key LIMIT $1"
# What was told anew in the meantime stays unsettled.
_SETTLED = """
UPDATE registered r SET settled = true
  FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[])
       AS s(kind, key, identity, moment, recorded)
 WHERE (r.kind, r.key, r.identity, r.moment, r.recorded) = (s.kind, s.key, s.identity, s.moment, s.recorded)
"""


@dataclass(frozen=True, slots=True)
class Teller:
    """The message that registered something."""

    language: str
    source: str
    message_id: str
    event: str


async def remember(connection: Connection, found: Sequence[Standing]) -> None:
    """Keep the newest registrations, in the commit of the message that tells them."""
    rows = sorted((one.kind, one.key, one.identity, one.moment, one.recorded, one.by, one.message) for one in found)
    await connection.execute(_REMEMBER, *columns(rows, 7))


async def standing(database: Database, things: Sequence[Thing]) -> tuple[list[Standing], dict[str, str]]:
    """Every registration of these things (kind, key), and to which citizen each identity belongs by now."""
    kinds, keys = [kind for kind, _ in things], [key for _, key in things]
    rows = await database.fetch(_STANDING, kinds, keys)
    return [Standing(*tuple(row)[:-1]) for row in rows], {row["identity"]: row["citizen"] for row in rows}


async def unsettled(database: Database, most: int) -> list[Thing]:
    """Things of which a registration came, and of which nobody has said yet that it is about one citizen alone."""
    return [(row["kind"], row["key"]) for row in await database.fetch(_UNSETTLED, most)]


async def settled(database: Database, found: Sequence[Standing]) -> None:
    """These registrations are about one citizen by now."""
    rows = sorted((one.kind, one.key, one.identity, one.moment, one.recorded) for one in found)
    await database.fetch(_SETTLED, *columns(rows, 5))


async def teller(database: Database, message: bytes) -> Teller | None:
    """The message with this fingerprint."""
    sql = "SELECT language, source, message_id, event FROM message WHERE fingerprint = $1"
    row = await database.fetchrow(sql, message)
    return Teller(*row) if row else None
