"""A Bulk Data export that always fails: told at its status door, and in nobody's way."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from gateway.store import bulk, exports
from tests.inbound.http_world import run
from tests.inbound.test_bulk_export import begun, call, make, town


def test_a_job_that_always_fails_is_given_up_and_holds_nobody_up(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after the others at once, and is told as failed after some tries; others are asked for instead of it."""
    real = bulk.add

    async def test() -> None:
        async with town(database_url) as here:
            bad, *_ = [await begun(here, "social", "?_type=Goal") for _ in range(4)]
            good = await begun(here, "social", "?_type=CarePlan")

            async def add(connection: Any, job: str, *rest: Any) -> bool:
                if job not in good:
                    raise RuntimeError("it never works")
                return await real(connection, job, *rest)

            monkeypatch.setattr("gateway.store.bulk.add", add)
            for number in range(5 * exports.TRIES):
                assert number >= 5 * (exports.TRIES - 1) or (await call(here, "GET", bad, "social")).status == 202
                with suppress(RuntimeError):
                    await make(here)
                if number == 4:
                    told = await call(here, "GET", good, "social")
                    assert told.status == 200, "made after one try of the others, though it was asked for last"
                if number % 5 == 4:
                    here.http.world.clock.forward(exports.LEASE.total_seconds() + 1)
            told = await call(here, "GET", bad, "social")
            assert told.status == 500
            issue = json.loads(told.body)["issue"][0]
            assert (issue["severity"], issue["code"]) == ("fatal", "exception")
            assert "tried no more" in issue["details"]["text"]
            await begun(here, "social")
            monkeypatch.undo()
            await make(here)
            assert (await call(here, "GET", bad, "social")).status == 500, "it is not tried again"
            assert (await call(here, "DELETE", bad, "social")).status == 202
            assert (await call(here, "GET", bad, "social")).status == 404

    run(test)
