"""What the parameters of a scope leave out is as if it were not there: two worlds that differ in nothing else answer
alike, byte for byte (twins.py)."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from gateway.inbound.rest.kinds import CLINICAL
from tests.attack.asked import a_look
from tests.attack.further import a_history, a_part, at_an_hour, said_by
from tests.attack.searches import deeper
from tests.attack.test_non_interference import FIRST, NAMELESS, goal
from tests.attack.twins import Request, Twins, open_twins
from tests.attack.two_worlds import Case
from tests.attack.world import SARAH, order, patient_of, stay

_OTHERS = " ".join(f"system/{kind}.rs" for kind in CLINICAL if kind != "Goal") + " system/Provenance.rs"
SCOPES = (
    f"system/Goal.rs?lifecycle-status=active {_OTHERS}",
    f"system/Goal.r?lifecycle-status=active system/Goal.s?lifecycle-status=active,completed {_OTHERS}",
)
_ASKED = (a_look, said_by, a_history, at_an_hour, a_part, deeper, deeper, deeper)


def other(number: int, status: str) -> tuple[str, bytes]:
    """The caller's own system tells of a goal that is not active."""
    told = goal(f"x{number}", f"Noget andet {number}") | {"lifecycleStatus": status}
    return "social", order(SARAH, told, number=str(70 + number), patient=NAMELESS)


_BOTH = (("social", FIRST), ("psyk", stay(SARAH)))
CASE = Case("social", _BOTH, tuple(other(at, one) for at, one in enumerate(("proposed", "planned", "rejected"))))


async def asked(twins: Twins, scope: str, count: int) -> None:
    for seed in range(count):
        dice = random.Random(seed)
        await twins.ask(replace(dice.choice(_ASKED)(dice, twins), scope=scope))
    for one, another in twins.pages[:20]:
        await twins.ask(Request("GET", one, scope=scope), Request("GET", another, scope=scope))


@pytest.mark.parametrize("scope", SCOPES, ids=("together", "apart"))
def test_what_a_scope_leaves_out_changes_no_byte(
    scope: str, database_url: str, second_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with AsyncExitStack() as stack:
            twins = await open_twins(stack, database_url, second_database_url, monkeypatch)
            await twins.begin(CASE)
            await asked(twins, scope, 120)
            assert {200, 404} <= twins.statuses.keys()

    asyncio.run(test())


def test_the_comparison_would_notice_it(
    database_url: str, second_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with AsyncExitStack() as stack:
            twins = await open_twins(stack, database_url, second_database_url, monkeypatch)
            await twins.begin(CASE)
            with pytest.raises(AssertionError):
                await twins.ask(Request("GET", f"/fhir/Goal?patient={patient_of(SARAH)}", scope="system/*.rs"))

    asyncio.run(test())
