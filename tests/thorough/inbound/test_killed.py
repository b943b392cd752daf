"""A node is killed at random between decision, record, commit and answer: no answer without its record, no record
without its outcome, nothing half written. Four requests are on their way each time, and their records go in company.
`KILLS` in the environment says how often.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from gateway.domain.record import Decision, Outcome, from_bytes
from gateway.domain.verify_log import verify_log
from gateway.store import integrating, keys
from gateway.store.log_agreement import misfiled
from gateway.store.log_reading import export
from tests.thorough.inbound.killing import KINDS

KILLS = int(os.environ.get("KILLS", "200"))
PROJECT = Path(__file__).parents[3]


async def settled(url: str) -> asyncpg.Connection:
    """Once every session of a killed node has ended: what it had sent to commit may still be committed."""
    db = await asyncpg.connect(url)
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with asyncio.timeout(10):
        for _ in range(500):
            if not await db.fetchval(others):
                break
            await asyncio.sleep(0.02)
    return db


@pytest.mark.timeout(600)
def test_a_node_that_is_killed_at_any_moment(database_url: str) -> None:
    command = [sys.executable, "-m", "tests.thorough.inbound.killing", database_url, str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = {trace: (status, held) for trace, status, held in json.loads(done.stdout.splitlines()[-1])}
    assert len(answers) == KILLS * KINDS

    async def check() -> None:
        db = await settled(database_url)
        rows = await db.fetch("SELECT trace, body FROM access_record WHERE trace LIKE 'killed-%'")
        found = {row["trace"]: from_bytes(row["body"]) for row in rows}
        assert len(rows) == len(found), "one record for each"
        answered = {trace for trace, (status, _) in answers.items() if status}
        assert answered <= set(found), "no answer without its record"
        for trace, record in found.items():
            status, held = answers[trace]
            refused = trace.endswith("-1")
            assert record.decision == (Decision.DENY if refused else record.decision)
            assert record.outcome == (Outcome.MINOR if refused else Outcome.SUCCESS), "no record without its outcome"
            assert status in (0, 404 if refused else 200)
            assert held <= bool(record.resources), "what was shown stands in the record"
        kept = await db.fetch("SELECT message_id FROM message WHERE state = 'kept' AND message_id LIKE 'Kkilled-%'")
        messages = {trace for trace in found if trace.endswith("-3")}
        assert {row["message_id"][1:] for row in kept} == messages, "a message is kept with its record, or not at all"
        assert answered, "some were answered before they died"
        assert set(found) - answered, "some died between record and answer"
        assert set(answers) - set(found), "some died before their record"
        key = keys.make("log.example.dk/test")
        while await integrating.integrate(db, key, lambda: max(one.time for one in found.values())):
            pass
        log = [line async for line in export(db, key.vkey)]
        assert verify_log(log, keys.verify, keys=[key.public]).ok
        assert not [fault async for fault in misfiled(db)]
        await db.close()

    asyncio.run(check())
