"""Transactions of any content meet each other, and citizens are joined meanwhile: what is answered as made is what is
kept, once, and nobody is told that the gateway failed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from gateway.domain.identifier import X_ECPR
from tests.inbound.http_world import run
from tests.inbound.rest_world import Rest, rest
from tests.inbound.test_rest_bundles import bundle, entry
from tests.inbound.test_rest_transactions import AUTHORISATION, patient, practitioner, second

LOCAL = "urn:oid:1.2.208.176.1.2.1"  # a hospital's own numbers: two people who share one are one


def any_entry(dice: random.Random, here: Rest, people: list[str]) -> dict[str, Any]:
    who, number = dice.choice(people), dice.randrange(3)
    made = dice.randrange(8)
    if made < 4:
        return entry("POST", "Goal", here.goal("x", subject={"reference": f"Patient/{who}"}))
    if made == 4:
        goal = here.goal("y", subject={"reference": f"Patient/{who}"}, identifier=[{"system": "urn:u", "value": "1"}])
        return entry("POST", "Goal", goal, ifNoneExist=f"patient={who}&identifier=urn:u%7C1")
    if made == 5:
        staff, once = practitioner(f"0S{number}"), f"identifier={AUTHORISATION}%7C0S{number}"
        return entry("POST", "Practitioner", staff, ifNoneExist=once)
    told = patient(f"07039{number}1VJ{number}", system=X_ECPR)
    told["identifier"].append({"system": LOCAL, "value": str(dice.randrange(2))})
    return entry("POST", "Patient", told)


@pytest.mark.parametrize("seed", [3, 11])
def test_what_is_answered_as_made_is_what_is_kept(seed: int, database_url: str) -> None:
    async def test() -> None:
        async with rest(database_url) as here:
            dice = random.Random(seed)
            people = [here.patient, await second(here)]
            for number in range(3):
                people.append(
                    str((await here.made(patient(f"07039{number}1VJ{number}", system=X_ECPR), who="social"))["id"])
                )
            before, made = await here.count("statement"), Counter[tuple[str, str]]()
            for _ in range(4):
                several = [[any_entry(dice, here, people) for _ in range(dice.randint(1, 5))] for _ in range(5)]
                sent = (here.call("POST", "", bundle("transaction", *entries), who="social") for entries in several)
                for entries, answer in zip(several, await asyncio.gather(*sent), strict=True):
                    assert answer.status_code in (200, 412, 422), answer.text
                    answered = answer.json().get("entry", []) if answer.status_code == 200 else []
                    for one, told in zip(entries, answered, strict=False):
                        made[one["request"]["url"], told["response"]["status"]] += 1
            assert made["Goal", "201"] > 10
            assert await here.count("statement") - before == made["Goal", "201"] + made["Patient", "201"]
            assert await here.count("directory") == made["Practitioner", "201"]
            left = "SELECT count(*) FROM citizen WHERE revision = 0"
            assert not await here.http.gateway.database.fetchval(left)

    run(test)
