"""Unusual looks: the log read for them, who works where, whom everybody knows, and the findings with what became of
them. People stand in all of it by the pseudonyms of the access log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from gateway.domain.resource import Facts
from gateway.domain.statement import Body
from gateway.domain.suspicion.finding import Finding
from gateway.domain.suspicion.known import KINDS
from gateway.domain.suspicion.look import Employee, Look, Shift
from gateway.store import wire
from gateway.store.pool import Database

_ORGANISATIONS = """
SELECT DISTINCT organisation FROM access_record
 WHERE recorded_at >= $1 AND citizen <> '' AND user_key <> '' ORDER BY organisation
"""
# A look stands under the id that the citizen went by at the time. One whose content is forgotten is no look any more.
_LOOKS = """
SELECT a.id, a.recorded_at, a.user_key, a.organisation, a.decision, coalesce(p.citizen, a.citizen) AS citizen, a.body
  FROM access_record a LEFT JOIN resource p ON p.kind = 'Patient' AND p.id = a.citizen
 WHERE a.organisation = $1 AND a.recorded_at >= $2 AND a.citizen <> '' AND a.user_key <> ''
   AND a.interaction <> ALL($3) AND octet_length(a.body) > 0
 ORDER BY a.recorded_at, a.id
"""
_NO_LOOKS = ["import", "export", "notify", "token", "create", "update", "patch", "delete"]
_KNOWN = "SELECT facts, body, citizen FROM resource WHERE citizen = ANY($1) AND kind = ANY($2) AND NOT withdrawn"
_CLASSES = """
SELECT DISTINCT kind || '/' || id FROM resource
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
 WHERE NOT EXISTS (SELECT FROM suspicion c WHERE c.user_key = n.user_key AND c.citizen = n.citizen
                      AND c.outcome <> '' AND c.last_at >= n.last_at)
ON CONFLICT (user_key, citizen) WHERE outcome = '' DO UPDATE
   SET last_at = excluded.last_at, weight = excluded.weight, reasons = excluded.reasons, looks = excluded.looks
RETURNING (xmax = 0) AS new
"""
_LISTED = """
SELECT id, user_key AS user, user_name, organisation, citizen, raised_at, last_at, weight, reasons, looks, found_at,
       outcome, note, concluded_by, concluded_at
  FROM suspicion WHERE ($1 = 0 OR id = $1) AND ($2 OR outcome = '') AND ($3 = '' OR organisation = $3)
 ORDER BY (outcome <> ''), weight DESC, raised_at, id LIMIT $4
"""
_CONCLUDE = """
UPDATE suspicion SET outcome = $2, note = $3, concluded_by = $4, concluded_at = $5 WHERE id = $1 AND outcome = ''
RETURNING id
"""


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


async def looks(database: Database, organisation: str, since: datetime) -> AsyncIterator[tuple[Look, tuple[str, ...]]]:
    """The looks of an organisation's people, each with what was shown (`Type/id`)."""
    for row in await database.fetch(_LOOKS, organisation, since, _NO_LOOKS):
        told = wire.decode(row["body"])
        shown = tuple("/".join(one.split("/", 2)[:2]) for one in told.get("resources", ()))
        yield Look(
            row["id"], row["recorded_at"], row["user_key"], told.get("user_name", ""), row["organisation"],
            told.get("user_role", ""), row["citizen"], row["decision"] != "deny", row["decision"] == "override",
        ), shown  # fmt: skip


async def known(database: Database, citizens: Sequence[str]) -> dict[str, list[tuple[Facts, Body]]]:
    """Of each citizen the resources that tell who has to do with the citizen."""
    found: dict[str, list[tuple[Facts, Body]]] = {one: [] for one in citizens}
    for row in await database.fetch(_KNOWN, list(citizens), list(KINDS)):
        found[row["citizen"]].append((wire.facts(row["facts"]), wire.decode(row["body"])))
    return found


async def of_classes(database: Database, citizens: Sequence[str], classes: Collection[str]) -> set[str]:
    """The resources (`Type/id`) of these citizens that are of one of these data classes."""
    return {row[0] for row in await database.fetch(_CLASSES, list(citizens), list(classes))}


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
    """The list as it is now: it replaces the one before, whole."""
    rows = [
        (one.user, one.name, one.unit, one.person, " ".join(sorted(one.addresses)), json.dumps(_shifts(one)))
        for one in people
    ]  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute("DELETE FROM staff")
        await connection.execute(_HIRE, *_columns(rows, 6))
    return len(rows)


async def well_known(database: Database) -> frozenset[str]:
    """The persons whom everybody has heard of."""
    return frozenset(row["person"] for row in await database.fetch("SELECT person FROM well_known"))


async def replace_well_known(database: Database, people: Collection[str]) -> None:
    """The list as it is now: it replaces the one before, whole."""
    async with database.transaction() as connection:
        await connection.execute("DELETE FROM well_known")
        await connection.execute("INSERT INTO well_known SELECT unnest($1::text[])", sorted(people))


async def raise_(database: Database, found: Iterable[tuple[Finding, str, str]], now: datetime) -> int:
    """Keep findings, each with the name and the organisation of whom it is about. How many are new."""
    rows = [
        (one.user, name, organisation, one.citizen, one.raised, one.last, one.weight, json.dumps(one.reasons),
         json.dumps(one.looks), now)
        for one, name, organisation in found
    ]  # fmt: skip
    return sum(row["new"] for row in await database.fetch(_RAISE, *_columns(rows, 10)))


async def listed(
    database: Database, *, one: int = 0, concluded: bool = False, organisation: str = "", most: int = 500
) -> list[Raised]:
    """Findings, the weightiest that are open first."""
    rows = await database.fetch(_LISTED, one, concluded, organisation, most)
    return [
        Raised(**{**row, "reasons": json.loads(row["reasons"]), "looks": tuple(json.loads(row["looks"]))})
        for row in rows
    ]  # fmt: skip


async def conclude(database: Database, one: int, outcome: str, note: str, by: str, now: datetime) -> bool:
    """Write down what came of asking; False where it is not open."""
    return await database.fetchval(_CONCLUDE, one, outcome, note, by, now) is not None


def _shifts(one: Employee) -> list[list[Any]]:
    return [[sorted(shift.days), shift.begins.isoformat(), shift.ends.isoformat()] for shift in one.shifts]


def _shift(told: list[Any]) -> Shift:
    return Shift(frozenset(told[0]), time.fromisoformat(told[1]), time.fromisoformat(told[2]))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
