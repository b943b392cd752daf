"""Transactions in the directory: what their conditions may cost, as nobody else writes there meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.store.directory import writing
from gateway.store.pool import Database
from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.statements import counted
from tests.inbound.test_rest_bundles import answers, bundle, entry, statuses
from tests.inbound.test_rest_transactions import AUTHORISATION, counts, practitioner

LIMIT = "gateway.flows.directory.searching.CONDITION"


def there(body: dict[str, Any], number: str) -> dict[str, Any]:
    """A create of what is not there by its number."""
    return entry("POST", body["resourceType"], body, ifNoneExist=f"identifier={number}")


def test_the_conditions_of_a_transaction_have_one_budget(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each alone costs less than a condition may. What it is, where, and what to do; and nothing is kept."""

    async def test() -> None:
        async with rest(database_url) as here:
            staff = [entry("POST", "Practitioner", practitioner(f"0A{one}")) for one in range(10)]
            assert statuses(await answers(here, "transaction", *staff)) == ["201"] * 10
            monkeypatch.setattr(LIMIT, 35)
            scanning = [
                entry("POST", "Practitioner", practitioner(f"0B{one}"), ifNoneExist=f"name:contains=nobody{one}")
                for one in range(3)
            ]
            assert statuses(await answers(here, "transaction", *scanning)) == ["201"] * 3
            before = await counts(here)
            for last in (
                entry("PUT", "Practitioner?name:contains=x", practitioner("0D")),
                entry("PATCH", "Practitioner?name:contains=x", {"resourceType": "Parameters"}),
                entry("POST", "PractitionerRole", {
                    "resourceType": "PractitionerRole",
                    "practitioner": {"reference": "Practitioner?name:contains=x"}}),
            ):  # fmt: skip
                told = await here.call("POST", "", bundle("transaction", *scanning[:2], last))
                assert told.status_code == 400, told.text
                (issue,) = told.json()["issue"]
                assert issue["expression"] == ["Bundle.entry[2].resource"]
                assert "twenty thousand" in issue["details"]["text"]
                assert "divide" in issue["diagnostics"]
                assert await counts(here) == before
            numbers = [f"0A{one}" for one in range(10)]
            known = [there(practitioner(one), f"{AUTHORISATION}|{one}") for one in numbers]
            assert statuses(await answers(here, "transaction", *known)) == ["200"] * 10, "what is looked up costs one"
            monkeypatch.setattr(LIMIT, 10)
            units = [there({"resourceType": "Organization", "name": one}, f"urn:x|{one}") for one in "abc"]
            assert statuses(await answers(here, "transaction", *units)) == ["201"] * 3, "those of tables cost nothing"

    run(test)


def test_an_update_that_finds_none_takes_no_id(database_url: str) -> None:
    """The gateway gives the ids: it was made under another, and the caller's own was lost without a word."""

    async def test() -> None:
        async with rest(database_url) as here:
            body, where = practitioner("0X", id="mine"), "Practitioner?identifier=0X"
            alone = await here.call("PUT", f"/{where}", body)
            assert (alone.status_code, alone.json()["issue"][0]["expression"]) == (400, ["Practitioner.id"])
            told = await here.call("POST", "", bundle("transaction", entry("PUT", where, body)))
            assert (told.status_code, told.json()["issue"][0]["expression"]) == (400, ["Bundle.entry[0].resource.id"])
            assert await here.count("directory") == 0
            made = await here.call("PUT", f"/{where}", practitioner("0X"))
            assert made.status_code == 201
            other = await here.call("PUT", f"/{where}", body)
            assert other.status_code == 400, "the id is not that of what is found"

    run(test)


def referring(here: Rest, count: int, reference: str) -> dict[str, Any]:
    """A goal that refers `count` times, each time to something else; `%d` in the reference is the number."""
    more = [{"url": "https://epj.example/x", "valueReference": {"reference": reference % one}} for one in range(count)]
    return entry("POST", "Goal", here.goal(extension=more))


def test_the_references_of_a_transaction_have_that_budget_too(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Searches and ids, of one resource and of all together; a search counts as what it takes. What they find is told
    to nobody then, and alone each goes through."""

    async def test() -> None:
        async with rest(database_url) as here:
            made = await here.made(here.goal())
            search, by_id = f"Goal?_id={made['id']},x%d", f"Goal/{made['id']}/_history/%d"
            monkeypatch.setattr(LIMIT, 125)
            for one, fits, many in ((search, 3, 3), (by_id, 50, 3)):
                told = await answers(here, "transaction", *[referring(here, fits, one)] * (many - 1))
                assert statuses(told) == ["201"] * (many - 1)
                before = await counts(here)
                refused = await here.call("POST", "", bundle("transaction", *[referring(here, fits, one)] * many))
                (issue,) = refused.json()["issue"]
                assert (refused.status_code, issue["expression"]) == (400, [f"Bundle.entry[{many - 1}].resource"])
                assert "twenty thousand" in issue["details"]["text"]
                assert "divide" in issue["diagnostics"]
                assert await counts(here) == before

    run(test)


def test_so_have_conditions_over_the_circle(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each looks at everybody of whom the caller's own sources have told; one that names the citizen at nobody else."""

    async def test() -> None:
        async with rest(database_url) as here:
            wide, named = "identifier=urn:x|%d", f"patient={here.patient}&identifier=urn:x|%d"

            def sent(condition: str) -> list[dict[str, Any]]:
                return [entry("POST", "Goal", here.goal(), ifNoneExist=condition % one) for one in range(3)]

            monkeypatch.setattr(LIMIT, 5)
            told = await here.call("POST", "", bundle("transaction", *sent(wide)))
            assert (told.status_code, told.json()["issue"][0]["expression"][0][:12]) == (400, "Bundle.entry")
            assert "name citizens" in told.json()["issue"][0]["diagnostics"]
            assert statuses(await answers(here, "transaction", *sent(named))) == ["201"] * 3

    run(test)


def test_what_is_asked_where_nobody_else_writes_has_a_budget_of_its_own(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory has grown while a transaction waited for its turn: its conditions share what they may cost there
    too."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"

    async def test() -> None:
        async with rest(database_url) as here:
            monkeypatch.setattr(LIMIT, 35)
            staff = [entry("POST", "Practitioner", practitioner(f"0A{one}")) for one in range(10)]
            await answers(here, "transaction", *staff)
            scanning = [
                entry("POST", "Practitioner", practitioner(f"0B{one}"), ifNoneExist=f"name:contains=nobody{one}")
                for one in range(3)
            ]
            database = await Database.open(database_url, size=2)
            async with asyncio.timeout(20), writing(database) as connection:
                sent = asyncio.create_task(here.call("POST", "", bundle("transaction", *scanning)))
                while not await database.fetchval(waiting):  # noqa: ASYNC110 - it is the database's lock
                    await asyncio.sleep(0.01)
                await connection.execute(
                    "INSERT INTO directory"
                    " (kind, id, version, updated, source, withdrawn, protected, names, refs, body)"
                    " SELECT kind, id || n, version, updated, source, withdrawn, protected, names, refs,"
                    "        replace(convert_from(body, 'UTF8'), id, id || n)::bytea"
                    " FROM directory, generate_series(1, 2) AS n WHERE kind = 'Practitioner'"
                )
            told = await sent
            await database.close()
            assert (told.status_code, "twenty thousand" in told.text) == (400, True), told.text
            assert await here.count("directory") == 30, "nothing of it is kept"

    run(test)


def test_what_patches_make_counts_too(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is checked while others wait: many patches of something large held them up for minutes."""

    async def test() -> None:
        async with rest(database_url) as here:
            long = [{"url": "https://epj.example/x", "valueString": "x" * 9_000}]
            made = [await here.made(practitioner(f"0A{one}", extension=long)) for one in range(3)]
            part = [{"name": "type", "valueCode": "add"}, {"name": "path", "valueString": "Practitioner"},
                    {"name": "name", "valueString": "gender"}, {"name": "value", "valueCode": "male"}]  # fmt: skip
            patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}
            patches = [entry("PATCH", f"Practitioner/{one['id']}", patch, ifMatch='W/"1"') for one in made]
            monkeypatch.setattr(LIMIT, 40)
            told = await here.call("POST", "", bundle("transaction", *patches))
            (issue,) = told.json()["issue"]
            assert (told.status_code, issue["expression"]) == (400, ["Bundle.entry[2].resource"])
            assert "twenty thousand" in issue["details"]["text"]
            assert statuses(await answers(here, "transaction", *patches[:2])) == ["200", "200"]

    run(test)


def test_the_id_of_an_update_by_a_condition_is_that_of_what_is_found(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            one, other = [await here.made(practitioner(number)) for number in ("0A", "0B")]
            for body, status in ((one, 200), (other, 400)):
                sent = body | {"gender": "male", "identifier": one["identifier"]}
                told = await here.call(
                    "POST", "", bundle("transaction", entry("PUT", "Practitioner?identifier=0A", sent))
                )
                assert told.status_code == status, told.text

    run(test)


def test_nobody_climbs_twice(database_url: str) -> None:
    """Under one long chain many are written with few statements; and so many levels are too many in any order."""

    async def test() -> None:
        async with rest(database_url) as here:
            names = [f"urn:uuid:6f1f0f5e-0000-4000-8000-{one:012}" for one in range(101)]
            chain = [
                entry("POST", "Organization", {"resourceType": "Organization", "name": "Afsnit"}
                      | ({"partOf": {"reference": names[one - 1]}} if one else {}), names[one])
                for one in range(101)
            ]  # fmt: skip
            for order in (1, -1):
                told = await here.call("POST", "", bundle("transaction", *chain[::order]))
                assert (told.status_code, "a hundred levels" in told.text) == (422, True), told.text
            told = await answers(here, "transaction", *chain[:100])
            bottom = told[-1]["response"]["location"].split("/")[-3]
            leaf = {"resourceType": "Organization", "name": "Stue", "partOf": {"reference": f"Organization/{bottom}"}}
            refused = await here.call("POST", "/Organization", leaf)
            assert refused.status_code == 422
            await here.call("DELETE", f"/Organization/{told[0]['response']['location'].split('/')[-3]}")
            with counted(database_url) as statements:
                await answers(here, "transaction", *[entry("POST", "Organization", leaf)] * 20)
            climbing = [one for one in statements if "FROM directory d WHERE d.kind = $1 AND d.id = $2" in one]
            assert len(climbing) < 150, "not twenty times a hundred"

    run(test)
