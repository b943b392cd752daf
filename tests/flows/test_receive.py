"""Receive: kept once, answered after the commit; deleted where the law says so; in quarantine where not understood."""

from __future__ import annotations

import asyncio
import json

import asyncpg

from gateway.flows.parts import Answer, Gateway
from gateway.flows.receive import receive
from gateway.flows.replay import replay
from tests.conftest import database
from tests.flows.conftest import House, caller
from tests.flows.messages import CPR, adt, case

ADMITTED = adt("A01", 1, "20260302090000+0100")


async def told(gateway: Gateway, *messages: bytes) -> list[Answer]:
    return [await receive(gateway, "hl7v2" if m.startswith(b"MSH") else "oio", m) for m in messages]


async def everything(gateway: Gateway) -> str:
    """Every row of every table, as text, for what must not stand anywhere."""
    tables = await gateway.database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [r for t in tables for r in await gateway.database.fetch(f'SELECT t::text FROM "{t["tablename"]}" t')]
    blobs = await gateway.database.fetch(
        "SELECT body AS b FROM message UNION ALL SELECT answer FROM message UNION ALL SELECT reason FROM message"
        " UNION ALL SELECT body FROM statement UNION ALL SELECT body FROM resource"
        " UNION ALL SELECT body FROM access_record"
    )
    return "\n".join(r["t"] for r in rows) + "\n".join((r["b"] or b"").decode("latin-1") for r in blobs)


async def stays(gateway: Gateway) -> list[dict[str, object]]:
    rows = await gateway.database.fetch("SELECT body, version FROM resource WHERE kind = 'Encounter'")
    return [json.loads(row["body"]) | {"_version": row["version"]} for row in rows]


def test_without_a_municipal_case_the_content_is_deleted_and_the_answer_is_positive(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[Answer, str, int]:
        (answer,) = await told(gateway, ADMITTED)
        count = await gateway.database.fetchval("SELECT count(*) FROM message WHERE state = 'not-entitled'")
        return answer, await everything(gateway), count

    answer, stored, count = house.run(work)
    assert answer.accepted
    assert b"MSA|AA|M1" in answer.body
    assert CPR not in stored
    assert "Lind" not in stored
    assert count == 1


def test_what_was_deleted_stays_deleted_when_the_case_comes(house: House) -> None:
    async def work(gateway: Gateway) -> list[dict[str, object]]:
        await told(gateway, ADMITTED, case(), ADMITTED)
        return await stays(gateway)

    assert house.run(work) == []


def test_with_a_case_the_stay_is_kept_and_every_writing_is_on_record(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[list[dict[str, object]], int]:
        answers = await told(gateway, case(), ADMITTED)
        assert all(a.accepted for a in answers)
        records = await gateway.database.fetchval("SELECT count(*) FROM access_record WHERE interaction = 'import'")
        return await stays(gateway), records

    (stay,), records = house.run(work)
    assert stay["status"] == "in-progress"
    assert records == 2


def test_the_same_message_again_gets_the_same_answer_and_changes_nothing(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[list[Answer], list[dict[str, object]], int]:
        answers = await told(gateway, case(), ADMITTED, ADMITTED, ADMITTED)
        statements = await gateway.database.fetchval("SELECT count(*) FROM statement WHERE kind = 'Encounter'")
        return answers, await stays(gateway), statements

    answers, (stay,), statements = house.run(work)
    assert answers[1].body == answers[2].body == answers[3].body
    assert stay["_version"] == 1
    assert statements == 1


def test_the_same_number_with_other_content_is_another_message(house: House) -> None:
    async def work(gateway: Gateway) -> list[dict[str, object]]:
        await told(gateway, case(), ADMITTED, adt("A03", 1, "20260305120000+0100"))
        return await stays(gateway)

    (stay,) = house.run(work)
    assert stay["status"] == "finished"


def test_what_cannot_be_understood_waits_in_quarantine_with_its_place(house: House) -> None:
    nobody = ADMITTED.replace(CPR.encode(), b"0000000000")

    async def work(gateway: Gateway) -> tuple[list[Answer], list[dict[str, object]]]:
        answers = await told(gateway, nobody, nobody)
        rows = await gateway.database.fetch("SELECT state, reason, body FROM message")
        return answers, [dict(row) for row in rows]

    answers, rows = house.run(work)
    assert all(b"MSA|AE|M1" in a.body and b"ERR|" in a.body for a in answers)
    assert len(rows) == 1
    reason = json.loads(rows[0]["reason"])
    assert reason["kind"] == "NoCitizen"
    assert reason["where"].startswith("PID")
    assert rows[0]["body"] == nobody


def test_replay_after_mending(house: House) -> None:
    """A source that nobody had registered is registered; its message is understood without being sent again."""
    strange = adt("A01", 5, "20260302090000+0100", sender="NEW|SYS")

    async def before(gateway: Gateway) -> tuple[Answer, list[str]]:
        await told(gateway, case())
        (answer,) = await told(gateway, strange)
        return answer, [one.error for one in await replay(gateway)]

    answer, errors = house.run(before)
    assert not answer.accepted
    assert "registered" in errors[0]
    house.with_sender("NEW|SYS")

    async def after(gateway: Gateway) -> tuple[list[str], list[dict[str, object]], int]:
        errors = [one.error for one in await replay(gateway)]
        waiting = await gateway.database.fetchval("SELECT count(*) FROM message WHERE state = 'quarantined'")
        return errors, await stays(gateway), waiting

    errors, (stay,), waiting = house.run(after)
    assert errors == [""]
    assert stay["status"] == "in-progress"
    assert waiting == 0


def test_a_client_sends_only_as_the_sources_it_is_registered_for(house: House) -> None:
    async def work(gateway: Gateway) -> tuple[Answer, Answer, int]:
        refused = await receive(gateway, "oio", case(), caller("hospital"))
        accepted = await receive(gateway, "oio", case(), caller("social"))
        return refused, accepted, await gateway.database.fetchval("SELECT count(*) FROM message")

    refused, accepted, count = house.run(work)
    assert (refused.accepted, refused.status) == (False, 403)
    assert accepted.accepted
    assert count == 1


def test_a_database_that_is_away_is_told_as_transient_and_nothing_is_lost(house: House) -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"

    async def work(gateway: Gateway) -> tuple[Answer, Answer, list[dict[str, object]]]:
        await told(gateway, case())
        name = await gateway.database.fetchval("SELECT current_database()")
        operator = await asyncpg.connect(database(house.url, "postgres"))
        await operator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await operator.fetch(end, name)
        (first,) = await told(gateway, ADMITTED)
        await operator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await operator.close()
        (second,) = await told(gateway, ADMITTED)
        return first, second, await stays(gateway)

    first, second, kept = house.run(work)
    assert (first.accepted, first.transient, first.status) == (False, True, 503)
    assert b"MSA|AR|M1" in first.body
    assert second.accepted
    assert len(kept) == 1


def test_many_senders_about_one_citizen_lose_nothing(house: House) -> None:
    """Each has read before the others wrote; those who were too late work it out again."""
    leaves = [adt(event, n, f"202603{n:02}090000+0100") for n, event in enumerate(["A21", "A22"] * 6, 3)]

    async def work(gateway: Gateway) -> tuple[list[Answer], list[dict[str, object]], int]:
        await told(gateway, case(), ADMITTED)
        answers = await asyncio.gather(*(receive(gateway, "hl7v2", m) for m in leaves))
        statements = await gateway.database.fetchval("SELECT count(*) FROM statement WHERE kind = 'Encounter'")
        return list(answers), await stays(gateway), statements

    answers, (stay,), statements = house.run(work)
    assert all(a.accepted for a in answers)
    assert statements == 1 + len(leaves)
    periods = [e["valuePeriod"] for e in stay["extension"] if e["url"].endswith("leave-period")]  # type: ignore[attr-defined]
    assert len(periods) == 6
    assert all({"start", "end"} == period.keys() for period in periods)


def test_a_message_of_several_merges_is_answered_once_and_what_is_good_of_it_is_kept(house: House) -> None:
    head, _, _ = adt("A40", 7, "20260302090000+0100").partition(b"PID|")
    group = b"PID|||%s^^^&1.2.208.176.1.2&ISO||Lind^Anna\rMRG|%s^^^REGH\r"
    message = head + group % (CPR.encode(), b"L1") + group % (b"0000000000", b"L2") + group % (b"2505544849", b"L3")

    async def work(gateway: Gateway) -> tuple[list[Answer], list[str]]:
        answers = await told(gateway, case(), message, message)
        rows = await gateway.database.fetch("SELECT state FROM message WHERE language = 'hl7v2' ORDER BY state")
        return answers[1:], [row["state"] for row in rows]

    (first, again), states = house.run(work)
    assert first.body.count(b"MSA|AE|M7") == 1
    assert b"ERR||PID^2^3|" in first.body
    assert (first.accepted, first.status) == (False, 422)
    assert (again.accepted, again.status) == (False, 422)
    assert states == ["kept", "not-entitled", "quarantined"]


def test_a_group_in_quarantine_is_named_as_in_its_message_and_so_by_a_replay(house: House) -> None:
    """Its operator has the hospital's message before him, in which the third merge is the wrong one."""
    head, _, _ = adt("A40", 7, "20260302090000+0100").partition(b"PID|")
    group = b"PID|||%s^^^&1.2.208.176.1.2&ISO||Lind^Anna\rMRG|%s\r"
    numbers = ((CPR, "L1^^^REGH"), ("2505544849", "L3^^^REGH"), ("2502489989", "0000000000^^^^NNDNK"))
    message = head + b"".join(group % (one.encode(), former.encode()) for one, former in numbers)

    async def work(gateway: Gateway) -> tuple[list[Answer], str, str, list[dict[str, object]]]:
        answers = await told(gateway, case(), message)
        (again,) = await replay(gateway)
        rows = await gateway.database.fetch("SELECT reason, answer FROM message WHERE state = 'quarantined'")
        return answers, again.error, rows[0]["answer"].decode(), [json.loads(row["reason"]) for row in rows]

    (_, answer), replayed, told_again, (reason,) = house.run(work)
    assert b"ERR||MRG^3^1|" in answer.body
    assert reason["where"] == "MRG^3^1"
    assert " at MRG^3^1." in replayed
    assert "ERR||MRG^3^1|" in told_again
