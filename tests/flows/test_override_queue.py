"""The work queue of overrides: its order, its pages, and that it follows what the tasks tell."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.domain import stretch
from gateway.domain.caller import Caller
from gateway.domain.override import Outcome, done, not_done
from gateway.flows import override_queue
from gateway.flows.joint_plan import joint_plan
from gateway.flows.override_queue import Overridden
from gateway.flows.parts import Gateway
from gateway.store import overrides
from gateway.store.overrides import Asked
from tests.flows.conftest import House, caller
from tests.flows.test_overrides import admitted, overriding
from tests.store.watched import Watched


def test_the_queue_is_in_order_and_goes_on_behind_any_row(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(override_queue, "LONGEST", 2)
    monkeypatch.setattr(stretch, "LONGEST", 2)

    async def work(gateway: Gateway) -> None:
        patient, chief = await admitted(gateway), caller("hospital", user="urn:test|chief")
        for number in range(7):
            house.clock.ahead = timedelta(days=number // 2, minutes=number)
            await joint_plan(gateway, overriding(gateway, user=f"urn:test|{number}"), patient)
        every = [one.row for one in await walk(gateway, chief)]
        assert [row.key for row in every] == sorted(row.key for row in every)
        assert len({row.task for row in every}) == 7
        first, second = every[0], every[1]
        for row in (first, second):
            await override_queue.take(gateway, chief, row.task)
            await override_queue.review(gateway, chief, row.task, Outcome.JUSTIFIED, "")
        await override_queue.tell(gateway, chief, first.task, why_not="Borgeren er død")
        again = [one.row.task for one in await walk(gateway, chief)]
        assert again == [*(row.task for row in every[1:]), first.task], "what is settled comes last"
        for filters, tasks_ in (
            ({"done": True}, [first.task]), ({"done": False}, again[:-1]), ({"state": "open"}, again[1:-1]),
            ({"state": "reviewed"}, [second.task, first.task]), ({"state": "taken"}, []), ({"overdue": True}, []),
        ):  # fmt: skip
            assert [one.row.task for one in await walk(gateway, chief, **filters)] == tasks_, filters
        house.clock.ahead = timedelta(days=30)
        late = await walk(gateway, chief, overdue=True)
        assert [one.row.task for one in late] == again[:-1]
        assert all(one.overdue for one in late)
        for wrong in ("x", "1_2_3", "1_2026-01-01_2026-01-01T00:00:00+00:00", "0_2026-13-01_x_y", "__"):
            page = await override_queue.queue(gateway, chief, behind=wrong)
            assert [one.row.task for one in page.rows] == again[:2], "no such place: from the beginning"
        assert [one.row.task for one in (await override_queue.queue(gateway, chief, first=5)).rows] == again[5:]

    house.run(work)


async def walk(gateway: Gateway, who: Caller, **filters: Any) -> list[Overridden]:
    found: list[Overridden] = []
    page = await override_queue.queue(gateway, who, **filters)
    while found.extend(page.rows) or page.more:
        page = await override_queue.queue(gateway, who, first=page.after, behind=page.key, **filters)
    return found


def test_what_a_task_tells_by_rest_counts_in_the_queue(house: House) -> None:
    """Told, told of a time to come, and taken back: the queue reads a task again whenever it changed."""

    async def work(gateway: Gateway) -> None:
        patient, chief = await admitted(gateway), caller("hospital", user="urn:test|chief")
        await joint_plan(gateway, overriding(gateway), patient)
        house.clock.ahead = timedelta(days=30)
        (one,) = await walk(gateway, chief, overdue=True)
        soon = gateway.clock() + timedelta(hours=1)
        said = done(soon.isoformat(), "Brev")
        for body, overdue in ((one.row.body | said, 1), (one.row.body | not_done("Død"), 0), (one.row.body, 1)):
            await changed(gateway, one.row.task, body)
            assert len(await walk(gateway, chief, overdue=True)) == overdue, body["status"]
        await changed(gateway, one.row.task, one.row.body | said)
        unread = "SELECT count(*) FROM override_review WHERE changed <> judged"
        assert len(await walk(gateway, chief, overdue=True)) == 1
        assert await gateway.database.fetchval(unread) == 1, "told of a time to come: read again"
        house.clock.ahead = timedelta(days=30, hours=2)
        assert not await walk(gateway, chief, overdue=True)
        assert await gateway.database.fetchval(unread) == 0

    house.run(work)


def test_who_reads_the_queue_waits_for_nobody_who_writes_tasks(house: House) -> None:
    """A transaction about several citizens holds several rows: two of each other's would wait in a circle."""

    async def work(gateway: Gateway) -> None:
        patient, chief = await admitted(gateway), caller("hospital", user="urn:test|chief")
        for user in ("urn:test|1", "urn:test|2"):
            await joint_plan(gateway, overriding(gateway, user=user), patient)
        one, other = await walk(gateway, chief)
        unread = "SELECT task FROM override_review WHERE changed <> judged"
        for row in (one.row, other.row):
            await changed(gateway, row.task, row.body)
        async with gateway.database.transaction() as connection:
            await connection.execute("UPDATE resource SET version = version WHERE id = $1", one.row.task)
            assert len((await asyncio.wait_for(override_queue.queue(gateway, chief), 5)).rows) == 2
            assert [row["task"] for row in await gateway.database.fetch(unread)] == [one.row.task]
        await override_queue.queue(gateway, chief)
        assert await gateway.database.fetch(unread) == []

    house.run(work)


async def changed(gateway: Gateway, task: str, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    await gateway.database.fetch("UPDATE resource SET body = $2 WHERE kind = 'Task' AND id = $1", task, raw)


def test_the_queue_is_read_by_its_indexes(house: House) -> None:
    async def work(gateway: Gateway) -> None:
        patient = await admitted(gateway)
        await joint_plan(gateway, overriding(gateway), patient)
        many = """
        WITH t AS (
          INSERT INTO resource SELECT (jsonb_populate_record(r, jsonb_build_object('id', md5(n::text)))).*
            FROM resource r, generate_series(1, 3000) AS n WHERE r.kind = 'Task' RETURNING id)
        INSERT INTO override_review SELECT (jsonb_populate_record(o, jsonb_build_object('task', t.id,
          'due', date '2020-01-01' + (random() * 900)::int, 'settled', random() < 0.9, 'told', true))).*
          FROM override_review o, t
        """
        await gateway.database.fetch(many)
        await gateway.database.fetch("UPDATE override_review SET judged = changed")
        await gateway.database.fetch("VACUUM ANALYZE override_review")
        await gateway.database.fetch("ANALYZE resource")
        for asked in (Asked("o", "r"), Asked(), Asked("o", "r", "open"), Asked("o", "r", "", date(2027, 1, 1))):
            for behind in (None, (False, date(2021, 1, 1), gateway.clock(), "x")):
                watched: Any = Watched(gateway.database)
                await overrides.listed(watched, asked, behind, 0, 101)
                (plan,) = watched.plans
                assert "ix_override_review" in plan, plan
                assert "Sort" not in plan, plan

    house.run(work)
