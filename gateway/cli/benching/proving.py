"""The log: what its record costs a read, how fast its tree grows and is verified, and the pace of an auditor's list."""

from __future__ import annotations

import asyncio
import random
import time
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import md5, sha256

import asyncpg

from gateway.cli.benching.figure import Figure, in_turns, say
from gateway.cli.benching.stage import Stage
from gateway.domain.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from gateway.domain.merkle import Range
from gateway.domain.record import AccessRecord, Decision
from gateway.store import keys
from gateway.store.log import APPEND_ONE, record_args
from gateway.store.log_reading import Search, find

RECORD_GOAL, VERIFY_GOAL, TREE_GOAL, AUDITOR_GOAL = 1 / 0.3, 1 / 3, 20.0, 1 / 3
LISTED = 200  # records of each citizen
_FILL = """
INSERT INTO access_record (recorded_at, citizen, client, user_key, organisation, decision, interaction, purpose, trace,
  body, salt, leaf)
SELECT now() - n * interval '1 second', md5((n % $2)::text), 'epj', 'staff|' || n % 1000, 'unit|' || n % 50, 'permit',
  'read', 'TREAT', '', $3, $4, sha256(n::text::bytea) FROM generate_series($5::bigint, $1::bigint) AS n
"""
_AT_ONCE = 500_000
_APPEND = f"{APPEND_ONE} RETURNING record_id"


def record(stage: Stage, read: Figure, rounds: int, count: int, connections: int) -> Figure:
    """The rate of durable records alone, against the rate of whole reads that was measured before."""
    statements = [(_APPEND, tuple(column[0] for column in record_args([_look(number)]))) for number in range(count)]
    found = []
    for number in range(rounds):
        took = stage.load.driver(stage.floor_url, statements, connections)
        found.append((count / took, read.rounds[number][0]))
        say(f"record: round {number + 1} of {rounds}: {found[-1][0]:,.0f} against {found[-1][1]:,.0f} a second")
    how = (
        f"durable records alone, {count} a round over {connections} connections, against the reads of this run: from "
        f"{RECORD_GOAL:.3g} on, a record costs at most 0.3 of a read's time"
    )
    return Figure("record", RECORD_GOAL, "records/s", how, tuple(found))


def verify(rounds: int, leaves: int) -> Figure:
    """From leaves to a root that a signed checkpoint has, against hashing each leaf once."""
    made = [sha256(number.to_bytes(8, "big")).digest() for number in range(leaves)]
    key = keys.make("bench.example/log")
    tree = Range().grow(made)
    note = sign_checkpoint(Checkpoint(key.origin, leaves, tree.root(), datetime.now(UTC)), key.public, key.sign)

    def ours(_: int) -> float:
        begun = time.perf_counter()
        point = open_checkpoint(note, [key.public], keys.verify)
        if Range().grow(made).root() != point.root or b64decode(note.split("\n")[2]) != point.root:
            raise ValueError("the log does not verify")
        return leaves / (time.perf_counter() - begun)

    def floor(_: int) -> float:
        begun = time.perf_counter()
        for leaf in made:
            sha256(b"\x00" + leaf).digest()
        return leaves / (time.perf_counter() - begun)

    how = f"{leaves:,} leaves are hashed to the root of a signed checkpoint, against hashing each of them once"
    return Figure("verify", VERIFY_GOAL, "leaves/s", how, in_turns("verify", rounds, ours, floor))


def tree(stage: Stage, rounds: int, leaves: int, commits: int, connections: int) -> Figure:
    """The tree's append with every node that is stored, against the commits that bring its leaves."""
    made = [sha256(number.to_bytes(8, "big")).digest() for number in range(leaves)]
    statements = [(_APPEND, tuple(column[0] for column in record_args([_look(number)]))) for number in range(commits)]

    def ours(_: int) -> float:
        begun = time.perf_counter()
        Range().extend(made)
        return leaves / (time.perf_counter() - begun)

    def floor(_: int) -> float:
        return commits / stage.load.driver(stage.floor_url, statements, connections)

    how = (
        f"{leaves:,} leaves appended to the tree with all nodes that are stored, against durable commits of one record "
        f"each over {connections} connections"
    )
    return Figure("tree", TREE_GOAL, "leaves/s", how, in_turns("tree", rounds, ours, floor))


def auditor(stage: Stage, rounds: int, records: int, lists: int) -> Figure:
    """The auditor's list of one citizen among many records, against the same among a hundredth of them."""
    urls = (stage.floor_url, stage.serving.settings.database_url)
    counts = (records, max(records // 100, LISTED))
    for url, count in zip(urls, counts, strict=True):
        say(f"auditor: {count:,} records are made")
        asyncio.run(_fill(url, count))

    def rate(side: int, number: int) -> float:
        return lists / asyncio.run(_lists(urls[side], counts[side] // LISTED, lists, number))

    how = (
        f"the newest 50 of a citizen's {LISTED} records, {lists} citizens one after the other a round, among "
        f"{records:,} records against among {counts[1]:,}"
    )
    found = in_turns("auditor", rounds, lambda number: rate(0, number), lambda number: rate(1, number))
    return Figure("auditor", AUDITOR_GOAL, "lists/s", how, found)


async def _fill(url: str, count: int) -> None:
    """Without the log's pending work: what is measured is the search."""
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        body, salt = _look(0).to_bytes(), bytes(16)
        for first in range(1, count + 1, _AT_ONCE):
            await connection.execute(_FILL, min(first + _AT_ONCE - 1, count), count // LISTED, body, salt, first)
        await connection.execute("ANALYZE access_record")
    finally:
        await connection.close()


async def _lists(url: str, citizens: int, lists: int, number: int) -> float:
    pick = random.Random(number)  # noqa: S311 - a benchmark
    wanted = [md5(str(pick.randrange(citizens)).encode(), usedforsecurity=False).hexdigest() for _ in range(lists)]
    connection = await asyncpg.connect(url)
    try:
        begun = time.perf_counter()
        sizes: Sequence[int] = [len(await find(connection, Search(citizens=[one]))) for one in wanted]
        took = time.perf_counter() - begun
    finally:
        await connection.close()
    if set(sizes) != {50}:
        raise ValueError("a list is not as long as it was made")
    return took


def _look(number: int) -> AccessRecord:
    return AccessRecord(
        time=datetime.now(UTC), interaction="read", decision=Decision.PERMIT, citizen=f"{number:032x}", kind="CarePlan",
        resources=(f"CarePlan/{number:032x}/_history/1",), user="urn:oid:1.2.208.176.1.1|265161000016000.kbo",
        user_name="Karla Bo", user_role="sygeplejerske", organisation="urn:oid:1.2.208.176.1.1|265161000016000",
        organisation_name="Region Test", sector="region", client="epj", client_name="Region Test, patientjournal",
        purposes=("TREAT",), basis=("sundhedsloven § 42 a",), rules=("access.csv:12",), trace=f"{number:032x}",
    )  # fmt: skip
