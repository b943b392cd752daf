"""Of a case the joint plan shows the state whose effect covers the moment of reading, whenever that was registered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.plan import compose
from gateway.domain.registered import STATE

Json = dict[str, Any]
MEANT = {
    "Opstaaet": (0, {"status": "draft", "intent": "proposal"}),
    "Oplyst": (1, {"status": "draft", "intent": "plan"}),
    "Afgjort": (2, {"status": "active", "intent": "order"}),
    "Afsluttet": (3, {"status": "completed", "intent": "order"}),
}


def state(code: str, start: str, end: str = "") -> Json:
    period = {"start": start} | ({"end": end} if end else {})
    return {"url": STATE, "extension": [{"url": "state", "valueCode": code}, {"url": "period", "valuePeriod": period}]}


def case(*states: Json, status: str = "draft", intent: str = "proposal", **more: Any) -> Json:
    return {"resourceType": "CarePlan", "id": "c", "status": status, "intent": intent, "extension": [*states]} | more


AHEAD = (state("Opstaaet", "2025-01-01", "2025-05-31"), state("Afgjort", "2025-06-01"))


def shown(one: Json, month: int, year: int = 2025) -> tuple[str, str]:
    """The status of the joint plan, and of the case in it."""
    plan = compose([one], "p", datetime(year, month, 15, tzinfo=UTC), {}, MEANT)[0]
    return plan["status"], plan["activity"][0]["detail"]["status"]


def test_a_decision_that_was_registered_ahead_holds_from_its_day_on() -> None:
    assert shown(case(*AHEAD), 3) == ("active", "not-started")
    assert shown(case(*AHEAD), 6) == ("active", "in-progress")
    assert compose([case(*AHEAD)], "p", datetime(2025, 6, 15, tzinfo=UTC))[0]["activity"][0]["detail"]["status"] == (
        "not-started"
    ), "without tables it is as it was stored"


def test_an_end_that_was_registered_ahead_comes_on_its_day() -> None:
    ends = case(state("Afgjort", "2025-01-01", "2025-05-31"), state("Afsluttet", "2025-06-01"), status="active")
    assert shown(ends, 5) == ("active", "in-progress")
    assert shown(ends, 6) == ("completed", "completed")


def test_of_several_at_once_the_furthest_counts_whatever_the_order() -> None:
    several = (state("Afgjort", "2025-02-01"), state("Opstaaet", "2025-01-01"), state("Oplyst", "2025-01-10"))
    for listed in (several, several[::-1]):
        assert shown(case(*listed), 3) == ("active", "in-progress")
        assert shown(case(*listed), 1) == ("active", "not-started")


def test_what_no_state_covers_and_what_is_over_stays_as_it_is() -> None:
    assert shown(case(*AHEAD, status="active"), 12, 2024) == ("active", "in-progress")
    assert shown(case(*AHEAD, status="completed"), 6)[1] == "completed"
    assert shown(case(state("Ukendt", "2025-01-01"), status="active"), 6) == ("active", "in-progress")
    assert shown(case(status="active"), 6) == ("active", "in-progress")


@pytest.mark.parametrize(
    "written",
    [
        {"valueString": "x"},
        {"extension": [{"url": "state", "valueString": "Afgjort"}]},
        {"extension": [{"url": "period", "valuePeriod": {"start": "2025-01-01"}}]},
        {"extension": [{"url": "state", "valueCode": "Ukendt"}, {"url": "period", "valueString": "x"}]},
    ],
)
def test_a_state_in_another_shape_says_nothing(written: Json) -> None:
    """Whoever writes a plan by REST may write it so: the plan of the citizen is shown all the same."""
    assert shown(case({"url": STATE} | written), 3) == ("active", "not-started")
    assert shown(case({"url": STATE} | written, *AHEAD), 6) == ("active", "in-progress")
