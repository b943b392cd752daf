"""Reads of a transaction: they see what it writes, and one that finds nothing is the end of all (R4 3.1.0.11.2)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.record import Decision
from tests.inbound.http_world import http, run
from tests.inbound.one_citizen import AUDITOR, HOSPITAL, arrive, headers
from tests.inbound.rest_world import WRITERS, Rest, rest
from tests.inbound.test_consent_doors import objection
from tests.inbound.test_override_told import WHY
from tests.inbound.test_rest_bundles import answers, bundle, entry, statuses
from tests.inbound.test_rest_transactions import ABSENT, counts, practitioner, second


def test_a_read_that_finds_nothing_keeps_everything_out(database_url: str) -> None:
    """Also of what the transaction takes back; and the looks are on record, as refused: nothing was shown."""

    async def test() -> None:
        async with rest(database_url) as here:
            goal = await here.made(here.goal())
            hidden = await here.made(here.goal(), who="social")
            mine, theirs = f"Goal/{goal['id']}", f"Goal/{hidden['id']}"
            writes = [entry("POST", "Goal", here.goal("Nyt")), entry("POST", "Practitioner", practitioner("0A"))]
            before = await counts(here)
            for read, status in (
                (entry("GET", f"Goal/{ABSENT}"), 404), (entry("GET", f"{mine}/_history/7"), 404),
                (entry("GET", f"Practitioner/{ABSENT}"), 404), (entry("HEAD", f"Goal/{ABSENT}"), 404),
                (entry("GET", "Goal?nonsense=1"), 400), (entry("GET", f"Patient/{ABSENT}/$everything"), 404),
                (entry("GET", "AuditEvent?patient=x"), 422), (entry("GET", f"Patient/{ABSENT}/AuditEvent"), 422),
            ):  # fmt: skip
                found = entry("GET", f"Patient/{here.patient}")
                told = await here.call("POST", "", bundle("transaction", read, found, *writes))
                assert told.status_code == status, told.text
                assert told.json()["issue"][0]["expression"][0].startswith("Bundle.entry[0]")
                assert await counts(here) == before
                assert ("nonsense" in told.text) == ("nonsense" in read["request"]["url"]), "which one it is"
                told = await here.call("POST", "", bundle("transaction", found, read))
                alone = 403 if "AuditEvent" in read["request"]["url"] else status
                assert (told.status_code, await counts(here)) == (alone, before), "and where nothing is written"
            looks = len(await here.records())
            gone = [entry("DELETE", mine), entry("GET", f"Patient/{here.patient}"), entry("GET", mine)]
            told = await here.call("POST", "", bundle("transaction", *gone))
            assert (told.status_code, told.json()["issue"][0]["expression"]) == (410, ["Bundle.entry[2].request"])
            assert (await here.call("GET", f"/{mine}")).status_code == 200, "nothing was taken back"
            records = [one for one in (await here.records())[looks:-1] if one.interaction in ("read", "delete")]
            assert {one.decision for one in records} == {Decision.DENY}
            assert {(one.interaction, one.kind) for one in records} >= {("read", "Patient"), ("read", "Goal")}
            assert {one.citizen for one in records} == {here.patient}
            assert not any(one.resources for one in records)
            as_hidden = await here.call(
                "POST", "", bundle("transaction", entry("GET", theirs), *writes), who="jobcenter"
            )
            as_absent = await here.call(
                "POST", "", bundle("transaction", entry("GET", f"Goal/{ABSENT}"), *writes), who="jobcenter"
            )
            assert (as_hidden.status_code, as_hidden.content) == (as_absent.status_code, as_absent.content)

    run(test)


def test_reads_see_what_is_written_and_are_on_record_with_it(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            goal = await here.made(here.goal())
            path = f"Goal/{goal['id']}"
            looks = len(await here.records())
            staff = entry("POST", "Practitioner", practitioner("0A"))
            told = await answers(
                here, "transaction", entry("GET", path), entry("GET", path, ifNoneMatch='W/"2"'),
                entry("GET", f"Goal?patient={here.patient}"), entry("GET", f"{path}/_history"),
                entry("GET", f"Patient/{here.patient}/$everything"),
                entry("GET", f"Patient/{here.patient}/$joint-plan"),
                entry("GET", "Practitioner?identifier=0A"), entry("GET", "Provenance?target=" + path),
                entry("PUT", path, here.goal("Nyt"), ifMatch='W/"1"'), staff,
            )  # fmt: skip
            assert statuses(told) == ["200", "304", *["200"] * 7, "201"]
            assert told[0]["resource"]["description"] == {"text": "Nyt"}
            assert told[6]["resource"]["total"] == 1
            shown = (await here.records())[looks:]
            assert {one.outcome for one in shown} == {"0"}
            assert {one.interaction for one in shown} >= {"read", "search-type", "update", "create", "operation"}

    run(test)


def test_two_that_read_and_write_across(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            other = await second(here)
            citizens = (here.patient, other)

            async def crossing(first: str, last: str) -> list[str]:
                goals = [here.goal("x", subject={"reference": f"Patient/{one}"}) for one in (first, last)]
                return statuses(await answers(
                    here, "transaction", *(entry("POST", "Goal", one) for one in goals),
                    *(entry("GET", f"Goal?patient={one}") for one in citizens),
                ))  # fmt: skip

            told = await asyncio.gather(*(crossing(*citizens[::step]) for step in (1, -1) * 4))
            assert told == [["201", "201", "200", "200"]] * 8

    run(test)


def test_reads_have_their_time(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            before = await counts(here)
            monkeypatch.setattr("gateway.flows.writing.transaction.READING", 0.0)
            entries = [entry("POST", "Goal", here.goal()), entry("GET", f"Goal?patient={here.patient}")]
            told = await here.call("POST", "", bundle("transaction", *entries))
            assert (told.status_code, "batch" in told.text) == (400, True)
            assert await counts(here) == before

    run(test)


def test_a_read_by_override_owes_its_task_with_the_commit(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            told = await here.call("POST", "/Consent", objection(here.patient, provision={"type": "deny"}))
            assert told.status_code == 201, told.text
            here.http.world.clock.forward(1)
            over = await headers(here.http, "epj", "BTG", **WHY)
            found, absent = entry("GET", f"Patient/{here.patient}"), entry("GET", f"Goal/{ABSENT}")
            staff = entry("POST", "Practitioner", practitioner("0A"))

            async def asked(*entries: object) -> int:
                sent = bundle("transaction", *entries)
                return (await here.http.web.post("/fhir", json=sent, headers=over)).status_code

            async def tasks() -> int:
                sql = "SELECT count(*) FROM resource WHERE kind = 'Task'"
                return int(await here.http.gateway.database.fetchval(sql))

            assert (await asked(found, absent, staff), await tasks()) == (404, 0), "nothing was shown, nothing is owed"
            assert not await here.records(decision=Decision.OVERRIDE)
            assert (await asked(found, staff), await tasks()) == (200, 1)
            (look,) = await here.records(decision=Decision.OVERRIDE)
            assert (look.citizen, look.interaction) == (here.patient, "read")

    run(test)


def test_the_log_is_not_read_among_writes(database_url: str) -> None:
    """By whichever path: it has connections of its own."""
    auditor = replace(AUDITOR, scopes=WRITERS[0].scopes, sends=HOSPITAL.sends, purposes=HOSPITAL.purposes)

    async def test() -> None:
        async with http(database_url, *WRITERS, auditor) as doors:
            here = Rest(doors, await arrive(doors))
            staff = entry("POST", "Practitioner", practitioner("0A"))
            before = await counts(here)
            for url in (
                f"AuditEvent?patient={here.patient}", f"Patient/{here.patient}/AuditEvent", f"AuditEvent/{ABSENT}",
            ):  # fmt: skip
                told = await here.call("POST", "", bundle("transaction", staff, entry("GET", url)), who="auditor")
                assert (told.status_code, told.json()["issue"][0]["expression"]) == (422, ["Bundle.entry[1]"])
                assert await counts(here) == before
            apart = bundle("batch", staff, entry("GET", f"Patient/{here.patient}/AuditEvent"))
            told = await here.call("POST", "", apart, who="auditor")
            assert statuses(told.json()["entry"]) == ["201", "200"]

    run(test)


def test_an_answer_holds_so_much_and_no_more(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is behind the limit is told so in a batch, and is the end of a transaction."""
    monkeypatch.setattr("gateway.inbound.rest.bundles._MOST_ANSWERED", 200)

    async def test() -> None:
        async with rest(database_url) as here:
            look, before = entry("GET", f"Patient/{here.patient}"), await counts(here)
            assert statuses(await answers(here, "batch", look, look)) == ["200", "413"]
            staff = entry("POST", "Practitioner", practitioner("0A"))
            told = await here.call("POST", "", bundle("transaction", staff, look, look))
            assert (told.status_code, told.json()["issue"][0]["expression"]) == (413, ["Bundle.entry[2].request"])
            assert await counts(here) == before

    run(test)
