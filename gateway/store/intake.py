"""Read what a message touches in one statement, write all that it changes in another.

No lock is held between the two: every citizen has a revision, the write takes place only if no revision moved
since the read, and the flow tries again where one did. So one message costs two round trips and one commit. Who writes
about several citizens does both on the connection of a commit of its own (one_commit.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from gateway.domain.correspondence import Attached
from gateway.domain.intake import Change, Folded, Known, Touch
from gateway.domain.moved import Standing
from gateway.domain.outgoing import Outgoing
from gateway.domain.record import AccessRecord
from gateway.domain.telling import CASE
from gateway.store import attachments, registered, wire
from gateway.store.columns import columns
from gateway.store.log import RECORD_WIDTH, record_args, record_insert
from gateway.store.outbox import OUTBOX_WIDTH, outbox_args, outbox_insert
from gateway.store.pool import Connection, Database
from gateway.store.to_tell import to_tell_insert

# The touched citizens are an array, not rows to join: so they are looked up by index however many citizens there are.
_RECALL = """
WITH touched AS MATERIALIZED (
  SELECT array_agg(DISTINCT citizen) AS citizens FROM (
    SELECT citizen FROM identity WHERE identifiers && $2::text[]
    UNION ALL
    SELECT citizen FROM identity
     WHERE key = ANY(ARRAY(SELECT loser FROM merge WHERE survivor = ANY($2)
                           UNION ALL SELECT survivor FROM merge WHERE loser = ANY($2)))
  ) AS found
), identified AS MATERIALIZED (
  SELECT key, citizen, identifiers FROM identity WHERE citizen = ANY((SELECT citizens FROM touched)::text[])
)
SELECT 'answer' AS what, state AS a, '' AS b, accepted::int::bigint AS n, answer AS blob, NULL::text[] AS list
  FROM message WHERE fingerprint = $1
UNION ALL
SELECT 'identity', key, citizen, 0, NULL, identifiers FROM identified
UNION ALL
SELECT 'merge', survivor, loser, 0, NULL, NULL FROM merge WHERE survivor = ANY(ARRAY(SELECT key FROM identified))
UNION ALL
SELECT 'citizen', id, '', revision, NULL, NULL FROM citizen
 WHERE id = ANY((SELECT citizens FROM touched)::text[]) OR id = ANY($8)
UNION ALL
SELECT 'statement', identity, '', 0, body, NULL FROM statement
 WHERE citizen = ANY((SELECT citizens FROM touched)::text[])
   AND ($6 OR kind = ANY($3) OR (kind, key) IN (SELECT * FROM unnest($4::text[], $5::text[])))
UNION ALL
SELECT 'resource', kind, id, version, digest, NULL FROM resource
 WHERE citizen = ANY((SELECT citizens FROM touched)::text[]) AND ($6 OR kind = ANY($3) OR kind = ANY($4))
UNION ALL
SELECT 'file', a.id, '', 0, NULL, a.labels
  FROM resource r JOIN attachment a ON a.kind = r.kind AND a.owner = r.id
 WHERE ($6 OR $4 && ARRAY['Communication', 'DocumentReference']) AND a.labels IS NOT NULL
   AND r.citizen = ANY((SELECT citizens FROM touched)::text[]) AND r.kind IN ('Communication', 'DocumentReference')
UNION ALL
(SELECT 'entitled', '', '', 1, NULL, NULL FROM resource
  WHERE citizen = ANY((SELECT citizens FROM touched)::text[])
    AND kind = 'CarePlan' AND sector = 'municipality' AND NOT withdrawn AND (ends IS NULL OR ends > $7)
  LIMIT 1)
"""

_SAVE_PARTS = """
WITH guard AS (
  INSERT INTO citizen AS c (id, revision)
  SELECT id, 1 FROM unnest($1::text[], $2::bigint[]) AS g(id, revision)
  ON CONFLICT (id) DO UPDATE SET revision = c.revision + 1
     WHERE c.revision = (SELECT g.revision FROM unnest($1::text[], $2::bigint[]) AS g(id, revision) WHERE g.id = c.id)
  RETURNING id
), kept AS (
  INSERT INTO message (language, source, message_id, event, fingerprint, received_at, state, accepted, citizen, body,
                       answer, reason)
  SELECT $3, $4, $5, $6, $7, $8, 'kept', true, $9, $10, $11, $12
   WHERE (SELECT count(*) FROM guard) = cardinality($1)
     AND NOT EXISTS (SELECT FROM resource r, unnest($23::text[], $24::text[]) AS f(kind, id)
                      WHERE f.kind <> 'Patient' AND r.kind = f.kind AND r.id = f.id AND r.citizen <> ALL($1))
  RETURNING id
), named AS (
  INSERT INTO identity AS i (key, citizen, identifiers)
  SELECT n.key, n.citizen, string_to_array(n.identifiers, E'\\n')
    FROM kept, unnest($13::text[], $14::text[], $15::text[]) AS n(key, citizen, identifiers)
  ON CONFLICT (key) DO UPDATE SET citizen = excluded.citizen, identifiers = excluded.identifiers
), numbered AS (
  INSERT INTO identifier (key) SELECT n.key FROM kept, unnest($35::text[]) AS n(key)
), joined AS (
  INSERT INTO merge (survivor, loser)
  SELECT m.survivor, m.loser FROM kept, unnest($16::text[], $17::text[]) AS m(survivor, loser)
  ON CONFLICT DO NOTHING
), said AS (
  INSERT INTO statement (citizen, identity, kind, key, message, received_at, body)
  SELECT s.citizen, s.identity, s.kind, s.key, kept.id, $8, s.body
    FROM kept, unnest($18::text[], $19::text[], $20::text[], $21::text[], $22::bytea[])
      AS s(citizen, identity, kind, key, body)
), folded AS (
  INSERT INTO resource AS r (kind, id, citizen, version, updated, sector, withdrawn, ends, facts, body, digest)
  SELECT f.kind, f.id, f.citizen, n.version, $8, f.sector, f.withdrawn, f.ends, f.facts, f.body, f.digest
    FROM kept, unnest($23::text[], $24::text[], $25::text[], $26::int[], $27::text[], $28::bool[], $29::timestamptz[],
                      $30::bytea[], $31::bytea[], $32::bytea[])
      AS f(kind, id, citizen, version, sector, withdrawn, ends, facts, body, digest), {next}
  ON CONFLICT (kind, id) DO UPDATE SET citizen = excluded.citizen, version = excluded.version,
     updated = CASE WHEN excluded.version = r.version THEN r.updated ELSE excluded.updated END,
     withdrawn = excluded.withdrawn, ends = excluded.ends, facts = excluded.facts,
     body = excluded.body, digest = excluded.digest
), versions AS (
  INSERT INTO resource_version (kind, id, version, citizen, updated, facts, body)
  SELECT f.kind, f.id, n.version, f.citizen, $8, f.facts, f.body
    FROM kept, unnest($23::text[], $24::text[], $25::text[], $26::int[], $30::bytea[], $31::bytea[])
      AS f(kind, id, citizen, version, facts, body), {next}
  ON CONFLICT (kind, id, version) DO UPDATE SET facts = excluded.facts
), dropped AS (
  DELETE FROM resource r USING kept, unnest($33::text[], $34::text[]) AS g(kind, id)
   WHERE r.kind = g.kind AND r.id = g.id
), {record}{outgoing}
SELECT id FROM kept
"""

# When people join, what was said of either follows: rows name the identity they were said about.
_FOLLOW = """
UPDATE statement s SET citizen = i.citizen FROM identity i
 WHERE i.key = s.identity AND s.citizen <> i.citizen AND s.citizen = ANY($1)
"""
# A resource that came, went and comes again goes on with its history. A negative version is the one that there is.
_NEXT = """LATERAL (SELECT CASE WHEN f.version > 1 THEN f.version WHEN f.version < 0 THEN -f.version ELSE
      (SELECT coalesce(max(v.version), 0) + 1 FROM resource_version v WHERE v.kind = f.kind AND v.id = f.id)
    END AS version) AS n"""

_BEFORE_RECORD = 35  # parameters
_RECORD = record_insert(_BEFORE_RECORD + 1, "kept")
_PARTS = _SAVE_PARTS.replace("{next}", _NEXT).replace("{record}", _RECORD)
_SAVE = _PARTS.replace("{outgoing}", "")
# Few messages cause others: the rest does not pay for it.
_OUTGOING = outbox_insert(_BEFORE_RECORD + 1 + RECORD_WIDTH, "$8", "kept")
_SAVE_AND_SEND = _PARTS.replace("{outgoing}", f", {_OUTGOING}")
_NOTED = to_tell_insert(_BEFORE_RECORD + 1 + RECORD_WIDTH + OUTBOX_WIDTH, "$8", "kept")
_SAVE_SEND_AND_NOTE = _PARTS.replace("{outgoing}", f", {_OUTGOING}, {_NOTED}")


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer that a message got when it came the first time."""

    body: bytes
    accepted: bool
    state: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message at the moment it is kept."""

    language: str
    source: str
    message_id: str
    event: str
    fingerprint: bytes
    received_at: datetime
    body: bytes
    answer: bytes
    findings: bytes = b""
    attached: Sequence[Attached] = ()
    registered: Sequence[Standing] = ()


async def recall(
    database: Database | Connection, fingerprint: bytes, touch: Touch, now: datetime
) -> tuple[Answered | None, Known]:
    """What is known of the citizens a message touches, and its former answer when it came before."""
    objects = touch.objects
    rows = await database.fetch(
        _RECALL, fingerprint, list(touch.identifiers), list(touch.kinds),
        [kind for kind, _ in objects], [key for _, key in objects], touch.everything, now, list(touch.patients),
    )  # fmt: skip
    known = Known()
    answered = None
    for what, a, b, n, blob, several in rows:
        if what == "statement":
            known.statements.append((a, wire.statement(blob)))
        elif what == "resource":
            known.resources[a, b] = (blob, n)
        elif what == "identity":
            known.evidence[a], known.citizens[a] = tuple(several), b
        elif what == "citizen":
            known.revisions[a] = n
        elif what == "merge":
            known.merges.append((a, b))
        elif what == "file":
            known.files[a] = frozenset(several)
        elif what == "entitled":
            known.entitled = True
        else:
            answered = Answered(blob, bool(n), a)
    return answered, known


async def save(
    database: Database | Connection,
    arrival: Arrival,
    change: Change,
    known: Known,
    records: Sequence[AccessRecord],
    outgoing: Sequence[Outgoing] = (),
    tells: Collection[str] = (),
) -> bool:
    """Write everything that a message changes and causes to be sent, durably. Of the types in `tells` a hospital's
    resources and municipalities' cases that changed are noted: there may be something to tell. False: another writer
    was faster, read again; or a resource in it is `taken`. In a commit of the caller's own a faster writer may also end
    that (Overtaken)."""
    rows = _changed(change, known)
    arguments: list[object] = [
        *columns(change.revisions, 2),
        arrival.language, arrival.source, arrival.message_id, arrival.event, arrival.fingerprint, arrival.received_at,
        change.citizen, arrival.body, arrival.answer, arrival.findings or None,
        *columns([(key, citizen, "\n".join(said)) for key, citizen, said in change.identities], 3),
        *columns(change.merges, 2),
        *columns([(c, i, s.kind, s.key, wire.encode(s)) for c, i, s in change.statements], 5),
        *columns(rows, 10),
        *columns(change.gone, 2),
        _new_numbers(change, known),
        *record_args(records),
    ]  # fmt: skip
    to_tell = _to_tell(rows, change, tells) if tells else []
    sql = _SAVE_SEND_AND_NOTE if to_tell else _SAVE_AND_SEND if outgoing else _SAVE
    if outgoing or to_tell:
        arguments += outbox_args(outgoing)
    if to_tell:
        arguments += columns(to_tell, 2)
    if not isinstance(database, Database):
        return await _saved(database, sql, arguments, arrival, change)
    try:
        if not (change.moved or arrival.attached or arrival.registered):
            return await database.fetchval(sql, *arguments) is not None
        async with database.transaction() as connection:
            return await _saved(connection, sql, arguments, arrival, change)
    except asyncpg.UniqueViolationError:
        return False  # the same message on another connection, or the same new citizen, under another number too


def changes(change: Change, known: Known) -> bool:
    """Whether any resource becomes another, or goes."""
    return bool(change.gone or _changed(change, known))


async def taken(database: Database | Connection, change: Change) -> frozenset[tuple[str, str]]:
    """Resources (kind, id) of a change that are another citizen's: two citizens were told of under one number."""
    kinds, identities = [one.resource.kind for one in change.folded], [one.resource.id for one in change.folded]
    rows = await database.fetch(
        "SELECT r.kind, r.id FROM unnest($1::text[], $2::text[]) AS f(kind, id) JOIN resource r USING (kind, id)"
        " WHERE r.kind <> 'Patient' AND r.citizen <> ALL($3)",
        kinds, identities, [citizen for citizen, _ in change.revisions],
    )  # fmt: skip
    return frozenset((row["kind"], row["id"]) for row in rows)


async def _saved(connection: Connection, sql: str, arguments: list[object], arrival: Arrival, change: Change) -> bool:
    if await connection.fetchval(sql, *arguments) is None:
        return False
    if change.moved:
        await connection.execute(_FOLLOW, [citizen for citizen, _ in change.revisions])
    await attachments.insert(connection, arrival.attached)
    if arrival.registered:
        await registered.remember(connection, arrival.registered)
    return True


def _new_numbers(change: Change, known: Known) -> list[str]:
    """The identifiers that nobody had when the citizens were recalled."""
    held = {key for keys in known.evidence.values() for key in keys}
    return sorted({key for _, _, said in change.identities for key in said} - held)


def _changed(change: Change, known: Known) -> list[tuple[object, ...]]:
    """The rows of the resources whose content, facts or citizen differ from what is stored."""
    rows: list[tuple[object, ...]] = []
    for folded in change.folded:
        row = _row(folded, known)
        if row is not None:
            rows.append(row)
    return rows


def _row(folded: Folded, known: Known) -> tuple[object, ...] | None:
    resource = folded.resource
    body, facts = wire.body(resource.body), wire.facts_bytes(folded.facts)
    digest = wire.digest(body, facts, folded.citizen)
    before, version = known.resources.get((resource.kind, resource.id), (b"", 0))
    if before == digest:
        return None
    # Who else spoke of it is known to decisions and shown to nobody: no version may tell of it.
    next_ = -version if before[: wire.SHOWN] == digest[: wire.SHOWN] else version + 1
    return (
        resource.kind, resource.id, folded.citizen, next_, resource.sector, resource.withdrawn,
        folded.facts.ends, facts, body, digest,
    )  # fmt: skip


def _to_tell(rows: Sequence[tuple[object, ...]], change: Change, kinds: Collection[str]) -> list[tuple[object, ...]]:
    changed = [
        row[:2] for row in rows if row[0] in kinds and row[4] == ("municipality" if row[0] == CASE else "region")
    ]
    return [*changed, *(one for one in change.gone if one[0] in kinds)]
