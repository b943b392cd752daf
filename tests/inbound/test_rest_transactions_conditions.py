"""POST /fhir, a transaction whose entries would find each other: a condition sees what there was, less what goes."""

from __future__ import annotations

from typing import Any

from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.test_rest_bundles import answers, bundle, entry, statuses
from tests.inbound.test_rest_transactions import AUTHORISATION, placed, practitioner


def named(number: str) -> str:
    return f"identifier={AUTHORISATION}%7C{number}"


def goal(here: Rest, number: str) -> tuple[dict[str, Any], str]:
    """A goal with a number, and the condition that finds it."""
    body = here.goal(identifier=[{"system": "https://epj.example/goal", "value": number}])
    return body, f"patient={here.patient}&identifier=https://epj.example/goal%7C{number}"


def test_no_condition_finds_what_another_entry_makes(database_url: str) -> None:
    """In the directory as of a citizen."""

    async def test() -> None:
        async with rest(database_url) as here:
            body, condition = goal(here, "1")
            for kind, one, where in (("Practitioner", practitioner("0A"), named("0A")), ("Goal", body, condition)):
                told = await answers(
                    here, "transaction", entry("POST", kind, one), entry("POST", kind, one, ifNoneExist=where)
                )
                assert statuses(told) == ["201"] * 2
                assert placed(told[0]) != placed(told[1])
            told = await answers(
                here, "transaction", entry("PUT", f"Practitioner?{named('0B')}", practitioner("0B")),
                entry("POST", "Practitioner", practitioner("0B")),
            )  # fmt: skip
            assert statuses(told) == ["201"] * 2
            told = await answers(here, "transaction", *(
                entry("POST", "Practitioner", practitioner("0C"), ifNoneExist=named("0D")) for _ in range(2)
            ))  # fmt: skip
            assert statuses(told) == ["201", "200"], "made once, though the condition finds neither"
            assert placed(told[0]) == placed(told[1])

    run(test)


def test_what_another_entry_changes_is_found_as_it_was(database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            first, second = [await here.made(practitioner(one, gender="male")) for one in ("0A", "0B")]
            changed = second | {"gender": "female"}
            told = await answers(
                here, "transaction",
                entry("PUT", f"Practitioner/{second['id']}", changed, ifMatch='W/"1"'),
                entry("PUT", "Practitioner?gender=female", practitioner("0C", gender="female")),
            )  # fmt: skip
            assert statuses(told) == ["200", "201"]
            assert (await here.call("GET", f"/Practitioner/{first['id']}")).json()["gender"] == "male"

    run(test)


def test_two_that_would_make_one_are_refused(database_url: str) -> None:
    """R4: nothing is written twice; what is told is not that it may be sent again."""

    async def test() -> None:
        async with rest(database_url) as here:
            body, condition = goal(here, "1")
            staff = practitioner("0A")
            for kind, one, where in (("Practitioner", staff, named("0A")), ("Goal", body, condition)):
                updated = entry("PUT", f"{kind}?{where}", one)
                for other in (updated, entry("POST", kind, one, ifNoneExist=where)):
                    told = await here.call("POST", "", bundle("transaction", updated, other))
                    assert (told.status_code, "Bundle.entry[1]" in told.text) == (422, True), told.text
            assert await here.count("directory") == 0

    run(test)


def test_a_resource_searches_for_no_more_than_it_may_refer_to(database_url: str) -> None:
    """Each search is a statement and a look: too many are refused before the first, which finds nothing here."""

    async def test() -> None:
        async with rest(database_url) as here:
            for many, words in ((200, "does not find exactly one"), (201, "too many references")):
                more = [{"url": "https://epj.example/x", "valueReference": {"reference": f"Goal?_id=x{one}"}}
                        for one in range(many)]  # fmt: skip
                sent = bundle("transaction", entry("POST", "Goal", here.goal(extension=more)))
                told = await here.call("POST", "", sent)
                assert (told.status_code, words in told.text) == (422, True), told.text

    run(test)
