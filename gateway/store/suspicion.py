"""Unusual looks: the log read for them, who works where, whom everybody knows, and the findings with what became of
them. People stand in all of it by the pseudonyms of the access log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from sys import intern
from typing import Any

import asyncpg

from gateway.domain.resource import Facts
from gateway.domain.statement import Body
from gateway.domain.suspicion.finding import Finding
from gateway.domain.suspicion.known import KINDS
from gateway.domain.suspicion.look import Employee, Look, Shift
from gateway.store import wire
from gateway.store.columns import columns
from gateway.store.pool import Database

_ORGANISATIONS = """
SELECT DISTINCT organisation FROM access_record
 WHERE recorded_at >= $1 AND citizen <> '' AND user_key <> '' ORDER BY organisation
"""
# A look stands under the id that the citizen went by at the time. One whose content is forgotten is no look any more.
_LOOKS = """
SELECT a.id, a.recorded_at, a.user_key, a.organisation, a.client, a.decision, coalesce(p.citizen, a.citizen) AS citizen,
       a.body
  FROM (SELECT * FROM access_record
         WHERE organisation = $1 AND (recorded_at, id) > ($2, $3) AND citizen <> '' AND user_key <> ''
           AND interaction <> ALL($4) AND octet_length(body) > 0
         ORDER BY recorded_at, id LIMIT $5) AS a
  LEFT JOIN resource p ON p.kind = 'Patient' AND p.id = a.citizen
 ORDER BY a.recorded_at, a.id
"""
_NO_LOOKS = ["import", "export", "notify", "token", "create", "update", "patch", "delete"]
_AT_ONCE = 2000  # looks read in one statement
# What was taken back tied people to the citizen until it was.
_KNOWN = """
SELECT facts, body, citizen, updated, withdrawn FROM resource
 WHERE citizen = ANY($1) AND kind = ANY($2) AND NOT (withdrawn AND kind IN ('Patient', 'RelatedPerson'))
"""
_CLASSES = """
SELECT citizen, kind || '/' || id AS reference FROM resource
 WHERE citizen = ANY($1) AND convert_from(facts, 'UTF8')::jsonb ->> 'data_class' = ANY($2)
"""
_STAFF = "SELECT user_key, name, unit, person, addresses, shifts FROM staff ORDER BY user_key"
_HIRE = """
INSERT INTO staff (user_key, name, unit, person, addresses, shifts)
SELECT user_key, name, unit, person, string_to_array(nullif(addresses, ''), ' '), shifts
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS n(user_key, name, unit, person, addresses, shifts)
"""
# What is open is told anew; what was concluded stays so until there are later looks.
_RAISE = """
INSERT INTO suspicion AS s (user_key, user_name, organisation, citizen, raised_at, last_at, weight, reasons, looks,
                            found_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::float[],
                     $8::text[], $9::text[], $10::timestamptz[])
           AS n(user_key, user_name, organisation, citizen, raised_at, last_at, weight, reasons, looks, found_at)
 WHERE NOT EXISTS (SELECT FROM suspicion c WHERE c.user_key = n.user_key AND c.organisation = n.organisation
                      AND c.citizen = n.citizen AND c.outcome <> '' AND c.last_at >= n.last_at)
ON CONFLICT (user_key, organisation, citizen) WHERE outcome = '' DO UPDATE
   SET last_at = excluded.last_at, weight = excluded.weight, reasons = excluded.reasons, looks = excluded.looks
RETURNING (xmax = 0) AS new
"""
# Findings at identities that became one since are about one citizen; where one is open there already, both stay.
_MERGED = """
UPDATE suspicion s SET citizen = p.citizen FROM resource p
 WHERE p.kind = 'Patient' AND p.id = s.citizen AND p.citizen <> s.citizen
   AND (s.outcome <> '' OR s.id = (
     SELECT min(o.id) FROM suspicion o LEFT JOIN resource q ON q.kind = 'Patient' AND q.id = o.citizen
      WHERE o.outcome = '' AND o.user_key = s.user_key AND o.organisation = s.organisation
        AND coalesce(q.citizen, o.citizen) = p.citizen
     HAVING bool_and(o.citizen <> p.citizen)))
"""
_LISTED = """
SELECT id, user_key AS user, user_name, organisation, citizen, raised_at, last_at, weight, reasons, looks, found_at,
       outcome, note, concluded_by, concluded_at
  FROM suspicion
 WHERE ($1 = 0 OR id = $1) AND ($2::bool IS NULL OR $2 = (outcome <> '')) AND ($3 = '' OR organisation = $3)
 ORDER BY (outcome <> ''), concluded_at DESC, weight DESC, raised_at, id LIMIT $4 OFFSET $5
"""
_CONCLUDE = """
UPDATE suspicion SET outcome = $2, note = $3, concluded_by = $4, concluded_at = $5 WHERE id = $1 AND outcome = ''
RETURNING id
"""


_TIMES = "SELECT id, recorded_at FROM access_record WHERE id = ANY($1) ORDER BY recorded_at DESC, id DESC"
_FORGET = "WITH g AS (DELETE FROM suspicion WHERE last_at < $1 RETURNING 1) SELECT count(*) FROM g"
_ASK = """
INSERT INTO suspicion_run (asked_at, asked_by, looks, found) SELECT $1, $2, 0, 0
 WHERE NOT EXISTS (SELECT FROM suspicion_run WHERE ended_at IS NULL AND asked_at > $3) RETURNING id
"""
_BEGIN = """
UPDATE suspicion_run SET began_at = $1 WHERE id = (
  SELECT id FROM suspicion_run WHERE ended_at IS NULL AND (began_at IS NULL OR began_at < $2)
   ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
_RUNS = """
(SELECT * FROM suspicion_run WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1)
UNION ALL (SELECT * FROM suspicion_run WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One time that the log was looked through, or is to be. `asked_by` is "" where it was by itself; `looks` how many
    there were, `found` how many findings were new."""

    id: int
    asked_at: datetime
    asked_by: str
    began_at: datetime | None
    ended_at: datetime | None
    looks: int
    found: int


@dataclass(frozen=True, slots=True)
class Raised:
    """One finding as it stands. `looks` are the ids of records; `outcome` is empty until somebody concluded."""

    id: int
    user: str
    user_name: str
    organisation: str
    citizen: str
    raised_at: datetime
    last_at: datetime
    weight: float
    reasons: dict[str, str]
    looks: tuple[int, ...]
    found_at: datetime
    outcome: str
    note: str
    concluded_by: str
    concluded_at: datetime | None


async def claim(database: Database, day: date) -> bool:
    """Whether this node is the one that looks the log through on a day."""
    sql = "INSERT INTO suspicion_day (day) VALUES ($1) ON CONFLICT DO NOTHING RETURNING day"
    return await database.fetchval(sql, day) is not None


async def organisations(database: Database, since: datetime) -> list[str]:
    """Those whose people looked at citizens since then."""
    return [row["organisation"] for row in await database.fetch(_ORGANISATIONS, since)]


Shown = tuple[str, ...]


async def looks(
    database: Database, organisation: str, since: datetime, roles: Mapping[str, str]
) -> AsyncIterator[list[tuple[Look, Shown]]]:
    """The looks of an organisation's people in the order of time, some at once, each with what was shown (`Type/id`).
    `roles` are those of the registered systems. Who looks at the log, or at the queue of overrides, is no reader of
    citizens; nor are citizens and their own.
    """
    place = (since, -1)
    while rows := await database.fetch(_LOOKS, organisation, *place, _NO_LOOKS, _AT_ONCE):
        place = (rows[-1]["recorded_at"], rows[-1]["id"])
        yield [made for row in rows if (made := _look(row, roles)) is not None]


def _look(row: asyncpg.Record, roles: Mapping[str, str]) -> tuple[Look, Shown] | None:
    """Names are kept once, however often they stand in the log."""
    told, world = wire.look(row["body"]), roles.get(row["client"], "")
    apart = told.kind == "AuditEvent" or told.operation == "explain-access" or told.operation.startswith("override-")
    if apart or world in _NO_READERS:
        return None
    made = Look(
        row["id"], row["recorded_at"], intern(row["user_key"]), intern(told.user_name), intern(row["organisation"]),
        intern(told.user_role), intern(row["citizen"]), row["decision"] != "deny", intern(world),
    )  # fmt: skip
    return made, tuple("/".join(one.split("/", 2)[:2]) for one in told.resources)


_NO_READERS = ("citizen", "auditor", "operator")


async def known(database: Database, citizens: Sequence[str]) -> dict[str, list[tuple[Facts, Body]]]:
    """Of each citizen the resources that tell who has to do with the citizen."""
    found: dict[str, list[tuple[Facts, Body]]] = {one: [] for one in citizens}
    for row in await database.fetch(_KNOWN, list(citizens), list(KINDS)):
        body = wire.decode(row["body"]) | ({"status": "entered-in-error"} if row["withdrawn"] else {})
        found[row["citizen"]].append((wire.facts(row["facts"], row["updated"]), body))
    return found


async def of_classes(database: Database, citizens: Sequence[str], classes: Collection[str]) -> dict[str, set[str]]:
    """Of each of these citizens the resources (`Type/id`) that are of one of these data classes."""
    found: dict[str, set[str]] = {one: set() for one in citizens}
    for row in await database.fetch(_CLASSES, list(citizens), list(classes)):
        found[row["citizen"]].add(row["reference"])
    return found


async def staff(database: Database) -> list[Employee]:
    """Who may look, by the employers' lists."""
    return [
        Employee(
            row["user_key"], row["name"], row["unit"], row["person"], frozenset(row["addresses"] or ()),
            tuple(map(_shift, json.loads(row["shifts"]))),
        )
        for row in await database.fetch(_STAFF)
    ]  # fmt: skip


async def replace_staff(database: Database, people: Iterable[Employee]) -> int:
    """The list as it is now: it replaces the one before, whole. Of two that are taken at once the later stands: without
    the lock neither would see, and delete, what the other puts in."""
    rows = [
        (one.user, one.name, one.unit, one.person, " ".join(sorted(one.addresses)), json.dumps(_shifts(one)))
        for one in people
    ]  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE")
        await connection.execute("DELETE FROM staff")
        await connection.execute(_HIRE, *columns(rows, 6))
    return len(rows)


async def well_known(database: Database) -> frozenset[str]:
    """The persons whom everybody has heard of."""
    return frozenset(row["person"] for row in await database.fetch("SELECT person FROM well_known"))


async def replace_well_known(database: Database, people: Collection[str]) -> None:
    """The list as it is now: it replaces the one before, whole."""
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE well_known IN SHARE ROW EXCLUSIVE MODE")
        await connection.execute("DELETE FROM well_known")
        await connection.execute("INSERT INTO well_known SELECT unnest($1::text[])", sorted(people))


async def raise_(database: Database, found: Iterable[tuple[Finding, str, str]], now: datetime) -> int:
    """Keep findings, each with the name and the organisation of whom it is about. How many are new."""
    rows = [
        (one.user, name, organisation, one.citizen, one.raised, one.last, one.weight, json.dumps(one.reasons),
         json.dumps(one.looks), now)
        for one, name, organisation in found
    ]  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute(_MERGED)
        return sum(row["new"] for row in await connection.fetch(_RAISE, *columns(rows, 10)))


async def listed(
    database: Database, *, one: int = 0, concluded: bool | None = False, organisation: str = "", first: int = 0,
    most: int = 500,
) -> list[Raised]:  # fmt: skip
    """Findings from place `first` on, the weightiest that are open first; those that are concluded, or not, or both
    (None)."""
    rows = await database.fetch(_LISTED, one, concluded, organisation, most, first)
    return [
        Raised(**{**row, "reasons": json.loads(row["reasons"]), "looks": tuple(json.loads(row["looks"]))})
        for row in rows
    ]  # fmt: skip


async def conclude(database: Database, one: int, outcome: str, note: str, by: str, now: datetime) -> bool:
    """Write down what came of asking; False where it is not open."""
    return await database.fetchval(_CONCLUDE, one, outcome, note, by, now) is not None


async def times(database: Database, records: Sequence[int]) -> list[tuple[int, datetime]]:
    """Which of these records there are still, each with its time, the newest first."""
    return [(row["id"], row["recorded_at"]) for row in await database.fetch(_TIMES, list(records))]


async def forget(database: Database, before: datetime) -> int:
    """Findings go with the looks that they rest on; how many went."""
    return int(await database.fetchval(_FORGET, before))


async def ask(database: Database, by: str, now: datetime, stale: datetime) -> bool:
    """Ask for the log to be looked through; False where that is asked for already (since `stale`)."""
    return await database.fetchval(_ASK, now, by, stale) is not None


async def begin(database: Database, now: datetime, stale: datetime) -> int | None:
    """The run that this node does now; None where none is asked for. One that began before `stale` has died."""
    found: int | None = await database.fetchval(_BEGIN, now, stale)
    return found


async def end(database: Database, run: int, looks: int, found: int, now: datetime) -> None:
    """It is done."""
    sql = "UPDATE suspicion_run SET ended_at = $2, looks = $3, found = $4 WHERE id = $1 RETURNING id"
    await database.fetchval(sql, run, now, looks, found)


async def runs(database: Database) -> list[Run]:
    """The one that is asked for, and the newest that is done."""
    return [Run(**row) for row in await database.fetch(_RUNS)]


def _shifts(one: Employee) -> list[list[Any]]:
    return [[sorted(shift.days), shift.begins.isoformat(), shift.ends.isoformat()] for shift in one.shifts]


def _shift(told: list[Any]) -> Shift:
    return Shift(frozenset(told[0]), time.fromisoformat(told[1]), time.fromisoformat(told[2]))
