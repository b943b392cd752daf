"""POST /fhir, a transaction: entries in any order, the same once more, and several transactions at the same moment."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from gateway.store.pool import Database
from tests.inbound.http_world import run
from tests.inbound.rest_world import rest
from tests.inbound.test_merged_citizen import arrive_without_cpr, merge
from tests.inbound.test_rest_bundles import ONE, TWO, answers, bundle, entry, statuses
from tests.inbound.test_rest_transactions import AUTHORISATION, THREE, counts, patient, placed, practitioner, second


def test_the_order_of_entries_changes_nothing(database_url: str) -> None:
    """Any order of the same entries comes to the same, entry by entry; and what is taken back first is there no more
    for a condition."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            chance = random.Random(7)
            for turn in range(6):
                number = [{"system": "https://epj.example/goal", "value": f"{turn}"}]
                old = await here.made(here.goal("Før", identifier=number))
                staff = await here.made(practitioner(f"0P{turn}"))
                named = [
                    ("204", entry("DELETE", f"Goal/{old['id']}")),
                    ("204", entry("DELETE", f"Practitioner/{staff['id']}")),
                    ("201", entry("POST", "Goal", here.goal("Nu", identifier=number), ONE,
                                  ifNoneExist=f"patient={here.patient}&identifier=https://epj.example/goal%7C{turn}")),
                    ("201", entry("POST", "Practitioner", practitioner(f"0P{turn}"), TWO,
                                  ifNoneExist=f"identifier={AUTHORISATION}%7C0P{turn}")),
                    ("201", entry("PUT", f"Practitioner?identifier={AUTHORISATION}%7C0Q{turn}",
                                  practitioner(f"0Q{turn}"), THREE)),
                    ("201", entry("POST", "Goal", here.goal(
                        f"Ro {turn}", subject={"reference": f"Patient/{other}"}, expressedBy={"reference": THREE}))),
                    ("201", entry("POST", "CarePlan", here.about(
                        "CarePlan", status="active", intent="plan", goal=[{"reference": ONE}],
                        author={"reference": TWO}))),
                    ("200", entry("GET", f"Goal?_id={old['id']}&_summary=count")),
                ]  # fmt: skip
                chance.shuffle(named)
                told = await answers(here, "transaction", *(one for _, one in named))
                assert statuses(told) == [status for status, _ in named]
                assert told[[status for status, _ in named].index("200")]["resource"]["total"] == 0, "it is gone then"
                pairs = [(one, answer) for (_, one), answer in zip(named, told, strict=True) if "resource" in one]
                places = {one.get("fullUrl", one["resource"]["resourceType"]): placed(answer) for one, answer in pairs}
                plan = (await here.call("GET", f"/{places['CarePlan']}")).json()
                assert plan["goal"] == [{"reference": places[ONE]}]
                assert plan["author"] == {"reference": places[TWO]}
                assert places[ONE] != f"Goal/{old['id']}"
                goal = (await here.call("GET", f"/{places['Goal']}")).json()
                assert goal["expressedBy"] == {"reference": places[THREE]}

    run(test)


def test_repetition_changes_nothing(database_url: str) -> None:
    """By number it is carried out once; by conditions what it made is found."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            number = [{"system": "https://epj.example/goal", "value": "1"}]
            entries = [
                entry("POST", "Practitioner", practitioner("0ABCD"), ONE,
                      ifNoneExist=f"identifier={AUTHORISATION}%7C0ABCD"),
                *(entry("POST", "Goal", here.goal(identifier=number, subject={"reference": f"Patient/{who}"},
                                                  expressedBy={"reference": ONE}),
                        ifNoneExist=f"patient={who}&identifier=https://epj.example/goal%7C1")
                  for who in (here.patient, other)),
            ]  # fmt: skip
            once = await answers(here, "transaction", *entries)
            assert statuses(once) == ["201"] * 3
            stands = await counts(here)
            again = await answers(here, "transaction", *entries)
            assert statuses(again) == ["200"] * 3
            assert [placed(one) for one in again] == [placed(one) for one in once]
            assert await counts(here) == stands
            plain = [{name: value for name, value in one.items() if name != "fullUrl"} for one in entries]
            for one in plain:
                one["request"] = {name: one["request"][name] for name in ("method", "url")}
                one["resource"].pop("expressedBy", None)
            sent = bundle("transaction", *plain) | {"identifier": {"system": "https://epj.example/b", "value": "1"}}
            told = await asyncio.gather(*(here.call("POST", "", sent) for _ in range(3)))
            assert [one.status_code for one in told] == [200] * 3
            assert len({str(one.json()["entry"]) for one in told}) == 1
            assert await here.count("directory") == stands[4] + 1
            assert await here.count("statement") == stands[1] + 2

    run(test)


def test_twice_the_same_condition_makes_one(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            staff = {"ifNoneExist": f"identifier={AUTHORISATION}%7C0ABCD"}
            search = f"patient={here.patient}&identifier=https://epj.example/goal%7C1"
            goal = here.goal(identifier=[{"system": "https://epj.example/goal", "value": "1"}])
            told = await answers(
                here, "transaction",
                entry("POST", "Practitioner", practitioner("0ABCD"), ONE, **staff),
                entry("POST", "Practitioner", practitioner("0ABCD"), TWO, **staff),
                entry("POST", "Goal", goal | {"expressedBy": {"reference": TWO}}, ifNoneExist=search),
                entry("POST", "Goal", goal, ifNoneExist=search),
            )  # fmt: skip
            assert statuses(told) == ["201", "200", "201", "200"]
            named = entry("POST", "Practitioner", practitioner("0ABCD"), ONE, **staff)
            assert (await here.call("POST", "", bundle("transaction", named, named))).status_code == 400
            assert placed(told[0]) == placed(told[1])
            assert placed(told[2]) == placed(told[3])

    run(test)


def test_transactions_that_cross_each_other_all_come_through(database_url: str) -> None:
    """(A, B) and (B, A), with the directory and single writes between them: nobody waits in a circle, nothing is lost,
    and what is made once under a condition is made once."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            both = [here.patient, other]

            def goals(*who: str, turn: int) -> list[Any]:
                return [
                    entry("POST", "Goal", here.goal(f"{turn}", subject={"reference": f"Patient/{one}"})) for one in who
                ]

            staff = entry("POST", "Practitioner", practitioner("0ABCD"),
                          ifNoneExist=f"identifier={AUTHORISATION}%7C0ABCD")  # fmt: skip
            before = await here.count("statement")
            for turn in range(3):
                sent = [
                    answers(here, "transaction", *goals(*both, turn=turn), staff),
                    answers(here, "transaction", staff, *goals(*reversed(both), turn=turn)),
                    answers(here, "transaction", *goals(*reversed(both), turn=turn)),
                    answers(here, "transaction", *goals(*both, turn=turn)),
                ]
                single = [here.made(here.goal("alene", subject={"reference": f"Patient/{one}"})) for one in both]
                told = await asyncio.gather(*sent, *single)
                assert {status for answer in told[:4] for status in statuses(answer)} <= {"200", "201"}  # type: ignore[arg-type]
            assert await here.count("directory") == 1
            assert await here.count("statement") == before + 3 * (8 + 2)
            for who in both:
                found = await here.call("GET", f"/Goal?patient={who}&_summary=count")
                assert found.json()["total"] >= 3 * 5

    run(test)


def test_two_versions_of_one_at_once(database_url: str) -> None:
    """If-Match holds at the commit: of several that change the same, one comes through, whole."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            made = [await here.made(here.goal("Før", subject={"reference": f"Patient/{one}"}))
                    for one in (here.patient, other)]  # fmt: skip
            staff = await here.made(practitioner("0ABCD"))

            def sent(turn: int) -> Any:
                entries = [
                    *(entry("PUT", f"Goal/{one['id']}", one | {"description": {"text": f"{turn}"}}, ifMatch='W/"1"')
                      for one in made),
                    entry("PUT", f"Practitioner/{staff['id']}", staff | {"name": [{"text": f"{turn}"}]},
                          ifMatch='W/"1"'),
                ]  # fmt: skip
                return bundle("transaction", *(entries if turn % 2 else reversed(entries)))

            told = await asyncio.gather(*(here.call("POST", "", sent(turn)) for turn in range(4)))
            won = [turn for turn, one in enumerate(told) if one.status_code == 200]
            assert len(won) == 1, [one.text for one in told]
            assert {one.status_code for one in told} == {200, 412}
            assert all("Bundle.entry[" in one.text for one in told if one.status_code == 412)
            texts = {(await here.call("GET", f"/Goal/{one['id']}")).json()["description"]["text"] for one in made}
            assert texts == {f"{won[0]}"}
            assert (await here.call("GET", f"/Practitioner/{staff['id']}")).json()["name"] == [{"text": f"{won[0]}"}]

    run(test)


def test_one_that_comes_again_while_it_is_carried_out_is_answered_as_made(database_url: str) -> None:
    """It is looked up before the first one is kept, and understood after: what its condition finds is gone by then."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::regclass"

    async def test() -> None:
        async with rest(database_url) as here:
            number = [{"system": "https://epj.example/goal", "value": "1"}]
            await here.made(here.goal(identifier=number))
            gone = entry("DELETE", f"Goal?patient={here.patient}&identifier=https://epj.example/goal%7C1")
            sent = bundle("transaction", gone) | {"identifier": {"system": "https://epj.example/b", "value": "1"}}
            database = await Database.open(database_url, size=3)

            async def until(table: str, count: int) -> None:
                while await database.fetchval(waiting, table) != count:  # noqa: ASYNC110 - it is the database's lock
                    await asyncio.sleep(0.01)

            async def nobody_reads() -> None:
                async with database.transaction() as connection:
                    await connection.execute("LOCK TABLE resource IN ACCESS EXCLUSIVE MODE")
                    await until("resource", 1)

            async with database.transaction() as connection, asyncio.timeout(20):
                await connection.execute("LOCK TABLE access_record IN SHARE MODE")
                first = asyncio.create_task(here.call("POST", "", sent))
                await until("access_record", 1)
                closed = asyncio.create_task(nobody_reads())
                await until("resource", 1)
                again = asyncio.create_task(here.call("POST", "", sent))
                await until("resource", 2)
            told = [await first, await again]
            await closed
            await database.close()
            assert [one.status_code for one in told] == [200, 200], told[1].text
            assert told[0].json()["entry"] == told[1].json()["entry"]

    run(test)


def test_a_transaction_needs_one_connection_and_no_second(database_url: str) -> None:
    """Whoever holds locks waits for no connection that others hold, who wait for the locks."""

    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            entries = [
                entry("POST", "Practitioner", practitioner("0ABCD"), ONE,
                      ifNoneExist=f"identifier={AUTHORISATION}%7C0ABCD"),
                *(entry("POST", "Goal", here.goal(subject={"reference": f"Patient/{who}"}))
                  for who in (here.patient, other)),
            ]  # fmt: skip
            pool = here.http.gateway.database.pool
            taken = [await pool.acquire() for _ in range(pool.get_max_size() - 1)]
            try:
                told = await asyncio.wait_for(answers(here, "transaction", *entries), 20)
            finally:
                for one in taken:
                    await pool.release(one)
            assert statuses(told) == ["201"] * 3

    run(test)


async def waiting(database: Database, count: int) -> None:
    """Until so many wait for a row that others hold."""
    told = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    while await database.fetchval(told) < count:  # noqa: ASYNC110 - it is the database's lock
        await asyncio.sleep(0.01)


HELD = "SELECT id FROM citizen WHERE id = $1 FOR UPDATE"


def test_a_version_that_goes_while_a_transaction_waits_is_told(database_url: str) -> None:
    """Its If-Match was met when it was understood; a write alone was first in the queue."""

    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal("Før"))
            place, first, then = f"Goal/{made['id']}", here.goal("Alene"), here.goal("Sammen")
            database = await Database.open(database_url, size=2)
            async with asyncio.timeout(20):
                async with database.transaction() as connection:
                    await connection.execute(HELD, here.patient)
                    alone = asyncio.create_task(here.call("PUT", f"/{place}", first, If_Match='W/"1"'))
                    await waiting(database, 1)
                    sent = bundle("transaction", entry("PUT", place, then, ifMatch='W/"1"'))
                    together = asyncio.create_task(here.call("POST", "", sent))
                    await waiting(database, 2)
                told = [await alone, await together]
            await database.close()
            assert [one.status_code for one in told] == [200, 412], told[1].text
            assert "Bundle.entry[0]" in told[1].text
            assert (await here.call("GET", f"/{place}")).json()["description"] == {"text": "Alene"}

    run(test)


def test_a_transaction_never_waits_in_a_circle_for_whom_others_became(database_url: str) -> None:
    """While it waits for its turn at one citizen, another of its citizens is merged with a third, whom somebody holds
    who waits for the first: it lets go of all, and begins anew with the third among those in their order."""

    async def test() -> None:
        async with rest(database_url) as here:
            stranger, other = await arrive_without_cpr(here.http), "~"
            for number in ("2509479989", "2505544849", "1502824933", "2512484916"):
                made = await here.made(patient(number), who="social")
                other = min(other, made["id"])
            assert other < stranger, "locks are taken in the order of ids: it holds nobody while it waits"
            about = {"subject": {"reference": f"Patient/{other}"}}
            await here.made(here.about("CarePlan", status="active", intent="plan", **about), who="social")
            goals = [
                entry("POST", "Goal", here.goal("Sammen", subject={"reference": f"Patient/{one}"}))
                for one in (stranger, other)
            ]
            database = await Database.open(database_url, size=3)
            async with asyncio.timeout(20):
                async with database.transaction() as third:
                    async with database.transaction() as connection:
                        await connection.execute(HELD, other)
                        together = asyncio.create_task(
                            here.call("POST", "", bundle("transaction", *goals), who="social")
                        )
                        await waiting(database, 1)
                        await merge(here.http)
                        await third.execute("SET LOCAL deadlock_timeout = '10ms'")
                        await third.execute(HELD, here.patient)
                        crossing = asyncio.create_task(third.execute(HELD, other))
                        await waiting(database, 2)
                    await crossing
                told = await together
            await database.close()
            assert told.status_code == 200, told.text
            for who in (here.patient, other):
                found = await here.call("GET", f"/Goal?patient={who}&_count=100", who="social")
                assert found.text.count('"Sammen"') == 1

    run(test)
