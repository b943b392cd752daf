"""What is declared in docs/log.md for the day that something is wrong: each done to a real PostgreSQL.

Where the record cannot be written, there is no answer, and nothing that was recorded is lost.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway import bootstrap
from gateway.bootstrap import SteadyClock
from gateway.domain.verify_log import verify_log
from gateway.flows.log import integrate
from gateway.settings import Settings
from gateway.store import keys, log
from gateway.store.integrating import integrate as place
from gateway.store.log_reading import export
from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import CLIENTS, arrive, headers
from tests.store.log_stories import record

FULL = (
    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;"
    "CREATE TRIGGER full_disk BEFORE INSERT ON access_record EXECUTE FUNCTION full_disk()"
)


@pytest.mark.parametrize("fault", ["read-only", "full", "the table is locked away"])
def test_where_the_record_cannot_be_written_there_is_no_answer(database_url: str, fault: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            audit = await headers(here, "auditor", "HOPERAT")

            async def all_looks() -> set[int]:
                told = [
                    await here.web.get(f"/fhir/Patient/{patient}", headers=epj),
                    await here.web.get("/fhir/Encounter", params={"patient": patient}, headers=epj),
                    await here.web.get(f"/fhir/Patient/{patient}/$joint-plan", headers=epj),
                    await here.web.get("/fhir/AuditEvent", params={"patient": patient}, headers=audit),
                    await here.web.get(f"/log/lists/{patient}", headers=audit),
                ]
                assert all("Tangmose" not in answer.text for answer in told if answer.status_code != 200)
                return {answer.status_code for answer in told}

            await integrate(here.gateway)
            assert await all_looks() == {200}
            before = await here.gateway.database.fetchval("SELECT count(*) FROM access_record")
            admin = await asyncpg.connect(database_url)
            name = await admin.fetchval("SELECT current_database()")
            if fault == "read-only":
                await admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
                await here.gateway.database.pool.expire_connections()
            elif fault == "full":
                await admin.execute(FULL)
            else:
                await admin.execute(f"ALTER DATABASE \"{name}\" SET lock_timeout = '100ms'")
                await admin.execute("BEGIN; LOCK TABLE log_pending IN ACCESS EXCLUSIVE MODE")
                await here.gateway.database.pool.expire_connections()
            assert await all_looks() == {503}
            if fault == "read-only":
                await admin.execute("SET default_transaction_read_only = off")
                await admin.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
                await here.gateway.database.pool.expire_connections()
            elif fault == "full":
                await admin.execute("DROP TRIGGER full_disk ON access_record")
            else:
                await admin.execute("ROLLBACK")
            assert await here.gateway.database.fetchval("SELECT count(*) FROM access_record") == before, (
                "nothing half done"
            )
            assert await all_looks() == {200}
            await admin.close()

    run(test)


def test_health_says_that_nothing_is_signed_or_the_clock_is_behind(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:

            async def health() -> str:
                answer = await here.web.get("/health/ready")
                assert answer.status_code == 200
                return str(answer.text)

            async with here.gateway.database.connection() as connection:
                await log.append(connection, [record(1, time=here.world.clock())])
            assert await health() == "ready\n", "a second is not long"
            here.world.clock.forward(60)
            assert "the access log has not been signed since 2025-03-14T09:00:00" in await health()
            await integrate(here.gateway)
            assert await health() == "ready\n"
            here.world.clock.forward(-3600)
            assert "the clock is 3600 seconds behind the access log" in await health()

    run(test)


def test_without_its_key_the_log_goes_on_unsigned(database_url: str, tmp_path: Path) -> None:
    """No new key is made for a log that was signed before; when the file is back, everything is signed."""
    settings = Settings(data_folder=tmp_path, database_url=database_url, database_connections=2)

    async def count(table: str) -> int:
        connection = await asyncpg.connect(database_url)
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        finally:
            await connection.close()

    async def once(number: int) -> tuple[bool, str]:
        async with bootstrap.opened(settings) as gateway:
            async with gateway.database.connection() as connection:
                await log.append(connection, [record(number, time=gateway.clock())])
            try:
                await integrate(gateway)
            except log.LogBroken as error:
                return False, error.told()
            async with gateway.database.connection() as connection:
                lines = [line async for line in export(connection, gateway.log_key.vkey)]
            report = verify_log(lines, keys.verify, keys=[gateway.log_key.public])
            return report.ok, str(report.size)

    async def test() -> None:
        assert await once(1) == (True, "1")
        (tmp_path / "log-key.pem").rename(tmp_path / "away")
        signed, told = await once(2)
        assert not signed
        assert "Restore the signing key" in told
        assert not (tmp_path / "log-key.pem").exists()
        assert (await count("access_record"), await count("log_pending"), await count("checkpoint")) == (2, 1, 1)
        (tmp_path / "away").rename(tmp_path / "log-key.pem")
        assert await once(3) == (True, "3")

    asyncio.run(test())


KEY = keys.make("log.example.dk").vkey


@pytest.mark.parametrize(
    "wrong",
    [
        {"witness_logs": "nonsense"}, {"witness_logs": KEY.replace("+", " ")}, {"witnesses": KEY},
        {"witnesses": f"{KEY}@https://other.example/log/witness"}, {"witnesses": "x@y"},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_stop_the_start(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(bootstrap.SettingsError):
        bootstrap.witnessing_of(Settings(data_folder=tmp_path, **wrong))
    assert not list(tmp_path.iterdir())


def test_the_log_is_kept_for_half_a_year_at_least() -> None:
    with pytest.raises(bootstrap.SettingsError, match="at least 180"):
        bootstrap.check_retention(Settings(log_days=179))
    for days in (0, 180):
        bootstrap.check_retention(Settings(log_days=days))


def test_settings_of_a_witness(tmp_path: Path) -> None:
    there = keys.witness_key(tmp_path / "there.pem", "other.example/witness").vkey
    given = Settings(data_folder=tmp_path, witness_logs=f"{KEY}\n {KEY}", witnesses=f"{there}@https://other.example/w")
    made = bootstrap.witnessing_of(given)
    assert made.key is not None
    assert made.key.origin == "faellesplan.example/log/witness"
    assert [str(key) for key in made.logs] == [KEY, KEY]
    assert [(str(key), url) for key, url in made.witnesses] == [(there, "https://other.example/w")]
    assert bootstrap.witnessing_of(Settings(data_folder=tmp_path)).key is None, "nobody asks, nothing is made"


def test_a_missing_key_signs_nothing() -> None:
    missing = keys.MissingKey("log.example.dk")
    assert (missing.vkey, missing.origin) == ("", "log.example.dk")
    with pytest.raises(bootstrap.SettingsError, match="missing"):
        missing.sign(b"x")


def test_a_lost_checkpoint(database_url: str) -> None:
    """An old one is not missed; the newest one is: nothing is signed until it is put back, as a witness has it."""
    key = keys.make("log.example.dk/test")
    at = datetime(2026, 3, 1, tzinfo=UTC)

    async def test() -> None:
        db = await asyncpg.connect(database_url)
        for number in range(3):
            await log.append(db, [record(number, time=at)])
            await place(db, key, lambda: at)
        await db.execute("ALTER TABLE checkpoint DISABLE TRIGGER USER")
        kept = await db.fetchrow("DELETE FROM checkpoint WHERE size = 3 RETURNING *")
        await db.execute("DELETE FROM checkpoint WHERE size = 1")
        await log.append(db, [record(9, time=at)])
        with pytest.raises((log.LogBroken, asyncpg.UniqueViolationError)):
            await place(db, key, lambda: at)
        await db.execute("INSERT INTO checkpoint VALUES ($1, $2, $3, $4)", *kept)
        assert await place(db, key, lambda: at) == 1
        report = verify_log([line async for line in export(db, key.vkey)], keys.verify, keys=[key.public])
        assert (report.ok, report.size) == (True, 4), report.faults
        await db.close()

    asyncio.run(test())


def test_the_clock_is_set_back() -> None:
    wall, tick = [datetime(2026, 3, 1, 12, tzinfo=UTC)], [100.0]
    clock = SteadyClock(datetime(2026, 3, 1, tzinfo=UTC), lambda: wall[0], lambda: tick[0])

    def passes(real: float, shown: float) -> datetime:
        tick[0] += real
        wall[0] += timedelta(seconds=shown)
        return clock()

    first = passes(1, 1)
    assert first == wall[0]
    assert passes(1, 0.5) == wall[0], "a clock that is being corrected is followed"
    before = clock()
    assert passes(2, -3600) == before + timedelta(seconds=2), "an hour back: time goes on"
    assert passes(10, 10) == before + timedelta(seconds=12)
    assert passes(1, 3700) == wall[0], "once it has caught up it is followed again"
    assert passes(1, -0.4) >= wall[0]
    late = SteadyClock(datetime(2026, 3, 2, tzinfo=UTC), lambda: wall[0], lambda: tick[0])
    assert late() == datetime(2026, 3, 2, tzinfo=UTC), "no earlier than what is signed"
    times = [passes(0.01, shown) for shown in (0.01, -5, 0.01, 9, -9, 0)]
    assert times == sorted(times)
