"""The log: what its record costs a read, and how fast its tree grows and is verified."""

from __future__ import annotations

import time
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256

from gateway.cli.benching.figure import Figure, in_turns, say
from gateway.cli.benching.stage import Stage
from gateway.domain.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from gateway.domain.merkle import Range
from gateway.domain.record import AccessRecord, Decision
from gateway.store import keys
from gateway.store.log import append_sql, record_args

RECORD_GOAL, VERIFY_GOAL, TREE_GOAL = 1 / 0.3, 1 / 3, 20.0
_APPEND = f"{append_sql(1)} RETURNING record_id"


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


def _look(number: int) -> AccessRecord:
    return AccessRecord(
        time=datetime.now(UTC), interaction="read", decision=Decision.PERMIT, citizen=f"{number:032x}", kind="CarePlan",
        resources=(f"CarePlan/{number:032x}/_history/1",), user="urn:oid:1.2.208.176.1.1|265161000016000.kbo",
        user_name="Karla Bo", user_role="sygeplejerske", organisation="urn:oid:1.2.208.176.1.1|265161000016000",
        organisation_name="Region Test", sector="region", client="epj", client_name="Region Test, patientjournal",
        purposes=("TREAT",), basis=("sundhedsloven § 42 a",), rules=("access.csv:12",), trace=f"{number:032x}",
    )  # fmt: skip
