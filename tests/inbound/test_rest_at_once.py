"""Writes of one resource at the same moment, from several connections: each is answered as if it had come alone, before
or after the others, and says of nothing that it was kept which was not."""

from __future__ import annotations

import asyncio

from gateway.store.directory import writing
from gateway.store.pool import Database
from tests.inbound.http_world import http, run
from tests.inbound.rest_world import WRITERS, Rest, rest
from tests.inbound.test_rest_transactions import practitioner
from tests.inbound.test_rest_transactions_at_once import HELD, waiting


async def queued(database: Database, locktype: str, count: int) -> None:
    """Until so many wait for a lock of this type."""
    told = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = $1"
    while await database.fetchval(told, locktype) < count:  # noqa: ASYNC110 - it is the database's lock
        await asyncio.sleep(0.01)


def test_updates_by_one_condition_that_both_find_nothing(database_url: str) -> None:
    """In the directory: one makes it, the other changes what was made. It was told 200, with the other's content."""

    async def test() -> None:
        async with rest(database_url) as here:
            database = await Database.open(database_url, size=2)
            async with asyncio.timeout(20):
                async with writing(database):
                    sent = [
                        asyncio.create_task(
                            here.call("PUT", "/Practitioner?identifier=0A", practitioner("0A", name=[{"text": one}]))
                        )
                        for one in "ab"
                    ]
                    await queued(database, "advisory", 2)
                told = [await one for one in sent]
            await database.close()
            assert sorted(one.status_code for one in told) == [200, 201]
            assert [one.json()["name"][0]["text"] for one in told] == ["a", "b"], "each as it was sent"
            last = max(told, key=lambda one: one.json()["meta"]["versionId"]).json()
            assert (await here.call("GET", f"/Practitioner/{last['id']}")).json() == last
            assert await here.count("directory") == 1

    run(test)


def test_a_patch_of_what_goes_meanwhile(database_url: str) -> None:
    """It is found, and taken back before what was said of it is read: a word that takes back holds nothing to patch."""

    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            path, add = f"/Goal/{made['id']}", [{"op": "add", "path": "/startDate", "value": "2026-01-01"}]
            database = await Database.open(database_url, size=3)

            async def nobody_reads() -> None:
                async with database.transaction() as connection:
                    await connection.execute("LOCK TABLE statement IN ACCESS EXCLUSIVE MODE")

            async with asyncio.timeout(20):
                async with database.transaction() as connection:
                    await connection.execute(HELD, here.patient)
                    gone = asyncio.create_task(here.call("DELETE", path))
                    await waiting(database, 1)
                    closed = asyncio.create_task(nobody_reads())
                    await queued(database, "relation", 1)
                    patched = asyncio.create_task(here.call(
                        "PATCH", path, add, Content_Type="application/json-patch+json", If_Match='W/"1"'))  # fmt: skip
                    await queued(database, "relation", 2)
                told = [await gone, await patched]
                await closed
            await database.close()
            assert [one.status_code for one in told] == [204, 410], told[1].text

    run(test)


def test_a_writer_is_told_of_its_own_version(database_url: str) -> None:
    """Somebody else writes between a write and its answer: who was told of the other's ETag would overwrite that next
    without having read it."""

    async def test() -> None:
        async with rest(database_url) as here, http(database_url, *WRITERS) as doors:
            there = Rest(doors, here.patient)
            there.http.world.clock.forward(60)
            made = await here.made(here.goal("Før"))
            path, pool = f"/Goal/{made['id']}", here.http.gateway.database.pool
            database = await Database.open(database_url, size=2)
            async with asyncio.timeout(20):
                async with database.transaction() as connection:
                    await connection.execute(HELD, here.patient)
                    first = asyncio.create_task(here.call("PUT", path, here.goal("Mit"), If_Match='W/"1"'))
                    await waiting(database, 1)
                    taken = [await pool.acquire() for _ in range(pool.get_max_size() - 1)]
                    last = asyncio.ensure_future(pool.acquire())
                    await asyncio.sleep(0)
                taken.append(await last)  # of the write, which is kept by now
                other = await there.call("PUT", path, there.goal("Dit"), If_Match='W/"2"')
                for one in taken:
                    await pool.release(one)
                told = await first
            await database.close()
            assert other.status_code == 200, other.text
            assert (told.status_code, told.headers["etag"]) == (200, 'W/"2"')
            assert told.json()["description"] == {"text": "Mit"}
            assert told.headers["content-location"].endswith("/_history/2")

    run(test)


def test_who_changes_nothing_is_told_of_what_it_named(database_url: str) -> None:
    """As above: what stands is what it sent, and not what somebody else makes of it before the answer."""

    async def test() -> None:
        async with rest(database_url) as here, http(database_url, *WRITERS) as doors:
            there = Rest(doors, here.patient)
            there.http.world.clock.forward(60)
            body = here.goal("Mit")
            path, pool = f"/Goal/{(await here.made(body))['id']}", here.http.gateway.database.pool
            database = await Database.open(database_url, size=2)
            async with asyncio.timeout(20):
                async with database.transaction() as connection:
                    await connection.execute("LOCK TABLE access_record IN SHARE MODE")
                    first = asyncio.create_task(here.call("PUT", path, body, If_Match='W/"1"'))
                    await queued(database, "relation", 1)
                    taken = [await pool.acquire() for _ in range(pool.get_max_size() - 1)]
                    last = asyncio.ensure_future(pool.acquire())
                    await asyncio.sleep(0)
                taken.append(await last)
                other = await there.call("PUT", path, there.goal("Dit"), If_Match='W/"1"')
                for one in taken:
                    await pool.release(one)
                told = await first
            await database.close()
            assert other.status_code == 200, other.text
            assert (told.status_code, told.headers["etag"]) == (200, 'W/"1"')
            assert told.json()["description"] == {"text": "Mit"}

    run(test)
