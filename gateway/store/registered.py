"""Of every registered case and document the identities under which it was told, and when last."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.moved import Standing
from gateway.store.pool import Database

_REMEMBER = """
INSERT INTO registered AS r (kind, key, identity, moment, recorded, teller)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
ON CONFLICT (kind, key, identity) DO UPDATE
   SET moment = excluded.moment, recorded = excluded.recorded, teller = excluded.teller
 WHERE (r.moment, r.recorded) < (excluded.moment, excluded.recorded)
"""
_STANDING = """
SELECT r.kind, r.key, r.identity, r.moment, r.recorded, r.teller, coalesce(i.citizen, '') AS citizen
  FROM registered r LEFT JOIN identity i ON i.key = r.identity
 WHERE (r.kind, r.key) IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""


async def remember(database: Database, found: Sequence[Standing]) -> None:
    """Keep the newest registration of each thing under each identity; rows in one order, so that none waits for
    another."""
    rows = sorted((one.kind, one.key, one.identity, one.moment, one.recorded, one.by) for one in found)
    await database.fetch(_REMEMBER, *[list(column) for column in zip(*rows, strict=True)])


async def standing(database: Database, things: Sequence[tuple[str, str]]) -> tuple[list[Standing], dict[str, str]]:
    """Every registration of these things (kind, key), and to which citizen each identity belongs by now."""
    kinds, keys = [kind for kind, _ in things], [key for _, key in things]
    rows = await database.fetch(_STANDING, kinds, keys)
    found = [Standing(r["kind"], r["key"], r["identity"], r["moment"], r["recorded"], r["teller"]) for r in rows]
    return found, {row["identity"]: row["citizen"] for row in rows}
