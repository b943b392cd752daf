"""A large circle: what a page, an order, a total and a condition do when not everybody can be looked at."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.errors import BadRequest
from gateway.flows import history, search
from gateway.flows.directory import Effort
from gateway.flows.search import circle
from tests.attack.world import ASK, NOBODY, SARAH, Doors, doors, order, patient_of, plan
from tests.flows.walking import caller_of, entries


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if three citizens were a large circle."""
    monkeypatch.setattr(circle, "BATCH", 1)
    monkeypatch.setattr(circle, "WALK", 2)
    monkeypatch.setattr(circle, "WHOLE", 2)


async def three(here: Doors) -> None:
    for at, number in enumerate((SARAH, ASK, NOBODY), 1):
        await here.arrive(("social", order(number, plan(f"p{at}"), number=str(at))))


@pytest.mark.usefixtures("narrow")
def test_a_page_that_ends_early_leads_onwards(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await three(here)
            gateway, caller = here.http.gateway, caller_of("social")
            told: list[Any] = []
            params: list[tuple[str, str]] = [("intent", "plan,order"), ("category:missing", "true")]
            for _ in range(4):
                page = await search.search(gateway, caller, "CarePlan", params)
                found, onwards = entries(page.body)
                told += found
                if not onwards:
                    break
                params = [("_page", onwards)]
            whose = [one["subject"]["reference"].partition("/")[2] for one in told]
            assert set(whose) == {patient_of(one) for one in (SARAH, ASK, NOBODY)}
            assert len({one["id"] for one in told}) == len(told)

    asyncio.run(test())


def test_a_page_is_filled_with_what_stands_behind_who_has_nothing_to_show(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who come first have nothing that this caller may see: they eat no page, however few are looked at first."""
    monkeypatch.setattr(circle, "BATCH", 1)

    async def test() -> None:
        async with doors(database_url) as here:
            await three(here)
            people = sorted((SARAH, ASK, NOBODY), key=patient_of)
            goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "Mål"}}
            await here.arrive(("social", order(people[2], goal, number="9")))
            page = await search.search(here.http.gateway, caller_of("social"), "Goal", [("_count", "1")])
            found, onwards = entries(page.body)
            assert [one["subject"]["reference"] for one in found] == [f"Patient/{patient_of(people[2])}"]
            assert not onwards

    asyncio.run(test())


@pytest.mark.usefixtures("narrow")
def test_what_needs_the_whole_circle_is_refused_with_how_to_narrow(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await three(here)
            gateway, caller = here.http.gateway, caller_of("social")
            for params in ([("_sort", "date")], [("_total", "accurate")], [("_summary", "count")]):
                with pytest.raises(BadRequest, match="patient"):
                    await search.search(gateway, caller, "CarePlan", params)
            named = [("patient", patient_of(SARAH)), ("_sort", "date"), ("_total", "accurate")]
            assert entries((await search.search(gateway, caller, "CarePlan", named)).body)[0]

    asyncio.run(test())


@pytest.mark.usefixtures("narrow")
def test_a_condition_never_takes_what_was_not_looked_at_for_what_is_not_there(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await three(here)
            gateway, caller = here.http.gateway, caller_of("social")
            with pytest.raises(BadRequest, match="patient"):
                await search.visible(gateway, caller, "CarePlan", [("identifier", "urn:x|not-there")], "", Effort())
            named = [("identifier", "urn:x|not-there"), ("patient", patient_of(SARAH))]
            found, looks = await search.visible(gateway, caller, "CarePlan", named, "", Effort())
            assert (found, [one.citizen for one in looks]) == ([], [patient_of(SARAH)])
            there, _ = await search.visible(gateway, caller, "CarePlan", named[1:], "", Effort())
            (kind, identity, version), *_ = there
            assert (kind, version) == ("CarePlan", 1)
            assert not identity.startswith("joint-")

    asyncio.run(test())


def test_a_history_of_many_hidden_versions_leads_onwards(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "CHUNK", 1)
    monkeypatch.setattr(history, "WALK", 1)

    async def test() -> None:
        async with doors(database_url) as here:
            await three(here)
            gateway, caller = here.http.gateway, caller_of("social")
            told: list[Any] = []
            params: list[tuple[str, str]] = []
            for _ in range(9):
                found, onwards = entries((await history.history(gateway, caller, "CarePlan", params)).body)
                told += found
                if not onwards:
                    break
                params = [("_page", onwards)]
            assert len(told) == 3
            assert len({one["id"] for one in told}) == 3

    asyncio.run(test())
