"""Terms of access records: written in the order of the tree, once, by one node, for records of before too."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.findable import term, terms
from gateway.domain.record import AccessRecord, Decision
from gateway.errors import SettingsError
from gateway.store import keys, wire
from gateway.store.access_terms import fill
from gateway.store.integrating import integrate
from gateway.store.log import append
from gateway.store.log_reading import Search, find
from gateway.store.pool import Database
from gateway.store.sealing import sealed, unsealed

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
KEY = keys.make("test.example/log")


def look(number: int, name: str = "Karla Bo", role: str = "læge") -> AccessRecord:
    at = START + timedelta(minutes=number)
    return AccessRecord(
        time=at, interaction="read", decision=Decision.PERMIT, user_name=name, user_role=role, trace=f"t{number}"
    )


def test_records_get_their_terms_once_they_have_their_place(database_url: str) -> None:
    async def test() -> None:
        database = await Database.open(database_url, size=3)
        async with database.connection() as one:
            await append(one, [look(number) for number in range(5)])
            assert await fill(one) == 0, "they have no place yet"
            await integrate(one, KEY, lambda: START)
            assert await fill(one, batch=2) == 5
            assert await fill(one) == 0
            await append(one, [look(number, role="vikar") for number in range(5, 9)])
            await integrate(one, KEY, lambda: START)
            async with database.connection() as other:
                assert sorted(await asyncio.gather(fill(one), fill(other))) == [0, 4], "each once"
            counted = "SELECT count(*), count(DISTINCT record_id) FROM access_term WHERE term = $1"
            assert tuple(await one.fetchrow(counted, term("person", "karla")) or ()) == (9, 9)
            found = await find(one, Search(terms=(term("person", "bo"), term("role", "vikar"))), 3)
            assert [row.record.trace for row in found] == ["t8", "t7", "t6"], "the newest first"
            rest = await find(one, Search(terms=(term("role", "vikar"),)), 3, found[-1].cursor)
            assert [row.record.trace for row in rest] == ["t5"]
            since = await find(one, Search(terms=(term("person", "bo"),), since=START + timedelta(minutes=7)))
            assert [row.record.trace for row in since] == ["t8", "t7"]
        await database.close()

    asyncio.run(test())


FULL = AccessRecord(
    time=datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), interaction="read", decision=Decision.OVERRIDE,
    citizen="c1", kind="Goal", resources=("Goal/g1/_history/3", "Task/t1/_history/1"), user="urn:x|u1",
    user_name="Åse Bo", user_role="læge", on_behalf_of="urn:x|u2", organisation="urn:oid:1.2.208.176.1.1|7",
    organisation_name="Region Øst", client="epj", client_name="Journal", purposes=("TREAT", "BTG"), consents=("k1",),
    rules=("access.csv:7",), override_code="acute", override_reason="\ud800", withheld=(("access.csv:9", 2),),
    messages=("m1",), trace="t1",
)  # fmt: skip


def test_the_bytes_of_a_record_have_its_terms(database_url: str) -> None:
    """As rows under the very time of the record, by which a search joins them; a damaged one has none and does no
    harm."""
    found = wire.found_by(FULL.to_bytes())
    assert found is not None
    assert terms(found) == terms(FULL)
    assert wire.found_by(FULL.to_bytes()[:-1]) is None

    async def test() -> None:
        database = await Database.open(database_url, size=1)
        async with database.connection() as one:
            await append(one, [FULL, *(look(number) for number in range(150))])
            await one.execute("ALTER TABLE access_record DISABLE TRIGGER ALL")
            await one.execute("UPDATE access_record SET body = 'torn' WHERE trace = 't5'")
            await integrate(one, KEY, lambda: START)
            assert await fill(one) == 151
            rows = await one.fetch(
                "SELECT t.term FROM access_term t JOIN access_record a ON a.id = t.record_id"
                " AND a.recorded_at = t.recorded_at WHERE a.recorded_at = $1",
                FULL.time,
            )
            assert {row["term"] for row in rows} == terms(FULL)
            told = "SELECT count(*), count(DISTINCT record_id) FROM access_term WHERE term = $1"
            assert tuple(await one.fetchrow(told, term("person", "karla")) or ()) == (149, 149)
        await database.close()

    asyncio.run(test())


def test_a_search_by_terms_walks_an_index(database_url: str) -> None:
    """It reads the page that it shows, not the log: what it touches does not grow with it."""

    async def test() -> None:
        database = await Database.open(database_url, size=1)
        async with database.connection() as one:
            await append(one, [look(number) for number in range(3000)])
            await integrate(one, KEY, lambda: START)
            await fill(one)
            await one.execute("ANALYZE access_record; ANALYZE access_term; ANALYZE log_leaf")
            plan = await one.fetch(
                "EXPLAIN SELECT a.id FROM access_term t JOIN access_record a ON a.id = t.record_id WHERE t.term = $1"
                " ORDER BY t.recorded_at DESC, t.record_id DESC LIMIT 50",
                term("person", "bo"),
            )
            told = "\n".join(row[0] for row in plan)
            assert "pk_access_term" in told
            assert "Sort" not in told
            assert "Seq Scan" not in told
        await database.close()

    asyncio.run(test())


def test_what_is_sealed_opens_for_its_purpose_and_secret_alone() -> None:
    box = sealed(b"s" * 32, b"saved-search", "Særligt".encode())
    assert "Særligt".encode() not in box
    assert unsealed(b"s" * 32, b"saved-search", box).decode() == "Særligt"
    assert sealed(b"s" * 32, b"saved-search", b"x") != sealed(b"s" * 32, b"saved-search", b"x")
    for secret, purpose, changed in (
        (b"t" * 32, b"saved-search", box), (b"s" * 32, b"export", box), (b"s" * 32, b"saved-search", box[:-1]),
        (b"s" * 32, b"saved-search", b""),
    ):  # fmt: skip
        with pytest.raises(SettingsError):
            unsealed(secret, purpose, changed)
