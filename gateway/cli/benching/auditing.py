"""The auditor's list of one citizen among very many records, against the same among a hundredth of them.

The records are made by the server itself: each is a real one that opens, as large as a look at a joint plan is on
record, with its place in the tree beside it. They are made without WAL and without waiting for the disk, and before the
indexes; what is measured is an ordinary durable server.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path

import asyncpg

from gateway.cli.benching.figure import Figure, in_turns, say
from gateway.domain.record import AccessRecord, Decision, Outcome, leaf
from gateway.errors import SettingsError, Unavailable
from gateway.flows.find_looks import PAGE, page_and_picture
from gateway.store import migrate
from gateway.store.embedded import EmbeddedPostgres
from gateway.store.log import searched
from gateway.store.log_reading import Found, Search

GOAL = 1 / 3
LISTED = 200  # records of each citizen, each on a page of its own
RECORD_BYTES = 2600  # on the disk, with its place in the tree and all indexes
_AT_ONCE, _MAKERS, _SAMPLE = 250_000, 2, 50
_TABLES = ("access_record", "log_leaf")
_MANY, _FEW = "many", "few"
_INDEXES = """
SELECT indexname AS name, indexdef AS made_by FROM pg_indexes
 WHERE tablename = ANY($1) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname) ORDER BY 1
"""
# OFFSET 0 keeps what is used twice from being computed twice.
_FILL = """
INSERT INTO access_record (id, recorded_at, citizen, client, user_key, organisation, decision, interaction, purpose,
  trace, body, salt, leaf) OVERRIDING SYSTEM VALUE
SELECT n, at, citizen, 'epj', user_key, organisation, decision, 'operation', 'TREAT', trace, body, salt,
       sha256(salt || body)
  FROM (SELECT m.*, substr(sha256(trace::bytea), 1, 16) AS salt, convert_to(
            replace(replace(replace(replace(replace(replace($1, '{citizen}', citizen), '{user}', user_key),
              '{organisation}', organisation), '{decision}', decision), '{trace}', trace), '{time}',
              to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), 'UTF8') AS body
          FROM (SELECT n, timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second' AS at,
                       md5((n % $2)::text) AS citizen, md5('trace ' || n) AS trace,
                       'urn:test|staff-' || n % 1000 AS user_key, 'urn:test|unit-' || n % 50 AS organisation,
                       CASE WHEN n % 50 = 7 THEN 'deny' ELSE 'permit' END AS decision
                  FROM generate_series($3::bigint, $4::bigint) AS n) AS m OFFSET 0) AS r
"""
_PLACE = """
INSERT INTO log_leaf (tree_index, record_id, leaf, list_key, list_place, list_head)
SELECT n - 1, n, sha256(n::text::bytea), sha256(convert_to('citizen', 'UTF8') || '\\x00' || md5((n % $1)::text)::bytea),
       n / $1 + 1, sha256(('head ' || n)::bytea) FROM generate_series($2::bigint, $3::bigint) AS n
"""


def measure(rounds: int, records: int, lists: int) -> Figure:
    """Rates of lists in both, each with the picture of who looked when, as the page of a search asks for them; that
    each record found opens is looked at afterwards, for it would take longer than the search. Raises SettingsError
    where the disk has no room for the records."""
    counts = {_MANY: records, _FEW: max(records // 100, LISTED)}
    with tempfile.TemporaryDirectory(prefix="faellesplan-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded PostgreSQL runs as another user where we are root
        if shutil.disk_usage(folder).free < sum(counts.values()) * RECORD_BYTES:
            raise SettingsError("There is no room for so many records", where=name, hint="Set TMPDIR, or ask for less.")
        _make(EmbeddedPostgres(folder / "postgres", durable=False), counts)
        server = EmbeddedPostgres(folder / "postgres")
        server.start()
        try:

            def rate(side: str, number: int) -> float:
                return lists / asyncio.run(_lists(server.url(side), counts[side] // LISTED, lists, number))

            found = in_turns("auditor", rounds, lambda number: rate(_MANY, number), lambda number: rate(_FEW, number))
        finally:
            server.stop()
    how = (
        f"the newest {PAGE} of a citizen's {LISTED} records and the picture of all of them, {lists} citizens one after "
        f"the other a round, among {records:,} records against among {counts[_FEW]:,}"
    )
    return Figure("auditor", GOAL, "lists/s", how, found)


# --- making -------------------------------------------------------------------------------------------------------


def _make(server: EmbeddedPostgres, counts: dict[str, int]) -> None:
    server.start()
    try:
        asyncio.run(_tables(server, counts))
        for side, count in counts.items():
            asyncio.run(_fill(server.url(side), count))
    finally:
        server.stop()
    say("auditor: the records are written to the disk")
    os.sync()  # what the system wrote later would fall into the rounds


async def _tables(server: EmbeddedPostgres, counts: dict[str, int]) -> None:
    """Empty tables as production has them."""
    await migrate.upgrade(server.url("postgres"))
    connection = await asyncpg.connect(server.url("template1"))
    try:
        for side in counts:
            await connection.execute(f"CREATE DATABASE {side} TEMPLATE postgres")
    finally:
        await connection.close()


async def _fill(url: str, count: int) -> None:
    """Records, their places in the tree, and then the indexes. Nothing waits for the log's own work: what is measured
    is the search."""
    say(f"auditor: {count:,} records are made")
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        indexes = await connection.fetch(_INDEXES, _TABLES)
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['name']}")
        for table in _TABLES:
            await connection.execute(f"ALTER TABLE {table} SET UNLOGGED")
        parts = iter(range(1, count + 1, _AT_ONCE))
        await asyncio.gather(*(_maker(url, parts, count) for _ in range(_MAKERS)))
        await connection.execute("SET maintenance_work_mem = '512MB'")
        for table in _TABLES:
            await connection.execute(f"VACUUM (FREEZE, ANALYZE) {table}")  # as autovacuum leaves it
        for index in indexes:
            say(f"auditor: {index['name']}")
            await connection.execute(index["made_by"])
        await _check(connection)
    finally:
        await connection.close()


async def _maker(url: str, parts: Iterator[int], count: int) -> None:
    connection = await asyncpg.connect(url, command_timeout=None)
    citizens, template = max(count // LISTED, 1), _template()
    try:
        for first in parts:
            last = min(first + _AT_ONCE - 1, count)
            await connection.execute(_FILL, template, citizens, first, last)
            await connection.execute(_PLACE, citizens, first, last)
            say(f"auditor: {last:,} of {count:,}")
    finally:
        await connection.close()


async def _check(connection: asyncpg.Connection) -> None:
    """Some of them, opened: they are what a gateway would have written."""
    rows = await connection.fetch("SELECT * FROM access_record ORDER BY id % 9973, id LIMIT $1", _SAMPLE)
    for row in rows:
        record = Found(row["id"], row["recorded_at"], row["body"], None).record
        if tuple(row)[1:10] != searched(record) or leaf(row["body"], row["salt"]) != row["leaf"]:
            raise Unavailable("A record that was made is filed otherwise than it says")


def _template() -> str:
    """A look at a joint plan, as long as they are at the median: what differs from record to record is in braces."""
    made = AccessRecord(
        time=datetime.now(UTC), interaction="operation", operation="joint-plan", decision=Decision.PERMIT,
        citizen="{citizen}", kind="CarePlan", outcome=Outcome.SUCCESS, user="{user}", user_name="Karla Bo",
        user_role="sygeplejerske", organisation="{organisation}", organisation_name="Region Test", sector="region",
        client="epj", client_name="Region Test, patientjournal", purposes=("TREAT",), basis=("sundhedsloven § 42 a",),
        resources=tuple(f"{kind}/{{trace}}/_history/1" for kind in ("CarePlan", "Encounter", "Goal") * 4),
        rules=("access.csv:12",), trace="{trace}",
    )  # fmt: skip
    told = made.to_bytes().decode()
    time_told = made.time.isoformat(timespec="microseconds")[:-6] + "Z"
    return told.replace(time_told, "{time}").replace(f'"{Decision.PERMIT.value}"', '"{decision}"')


# --- measuring ----------------------------------------------------------------------------------------------------


async def _lists(url: str, citizens: int, lists: int, number: int) -> float:
    pick = random.Random(number)  # noqa: S311 - a benchmark
    wanted = [md5(str(pick.randrange(citizens)).encode(), usedforsecurity=False).hexdigest() for _ in range(lists)]
    connection = await asyncpg.connect(url)
    try:
        begun = time.perf_counter()
        found = [await page_and_picture(connection, Search(citizens=[one])) for one in wanted]
        took = time.perf_counter() - begun
    finally:
        await connection.close()
    for citizen, (page, picture) in zip(wanted, found, strict=True):
        if len(page) != PAGE + 1 or len(picture) != LISTED or {one.record.citizen for one in page} != {citizen}:
            raise Unavailable("A list is not as it was made")
    return took
