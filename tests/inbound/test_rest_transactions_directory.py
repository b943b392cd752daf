"""Transactions in the directory: what their conditions may cost, as nobody else writes there meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.inbound.http_world import run
from tests.inbound.rest_world import rest
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
