"""What must have happened for a topic to be told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.topics import Row, Topics, overdue_since

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
TOPICS = Topics(
    [
        Row("stay-started", "Encounter", "started"),
        Row("leave", "Encounter", "leave"),
        Row("stay-ended", "Encounter", "ended"),
        Row("plan-changed", "Goal", "any"),
        Row("goal-overdue", "Goal", "overdue"),
    ]
)


def stay(status: str) -> dict[str, Any] | None:
    return {"status": status} if status else None


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "in-progress", ["stay-started"]),
        ("planned", "in-progress", ["stay-started"]),
        ("", "planned", []),
        ("in-progress", "in-progress", []),
        ("in-progress", "onleave", ["leave"]),
        ("", "onleave", ["stay-started", "leave"]),
        ("onleave", "in-progress", []),
        ("onleave", "finished", ["stay-ended"]),
        ("", "finished", ["stay-ended"]),
        ("finished", "finished", []),
        ("finished", "entered-in-error", []),
        ("entered-in-error", "in-progress", ["stay-started"]),
    ],
)
def test_what_happened_to_a_stay(before: str, after: str, told: list[str]) -> None:
    assert TOPICS.of("Encounter", stay(before), stay(after) or {}, NOW) == told


def goal(due: str, **more: Any) -> dict[str, Any]:
    return {"lifecycleStatus": "active", "target": [{"dueDate": due}], **more}


@pytest.mark.parametrize(
    ("body", "since"),
    [
        (goal("2026-03-14"), "2026-03-14"),
        (goal("2026-03-15"), ""),
        (goal("2026-02"), "2026-02"),
        (goal("2026-03"), ""),
        (goal("2025"), "2025"),
        (goal("2026-03-14", lifecycleStatus="completed"), ""),
        (goal("2026-03-14", lifecycleStatus="entered-in-error"), ""),
        (goal("2026-03-14", achievementStatus={"coding": [{"code": "achieved"}]}), ""),
        (goal("2026-03-14", achievementStatus={"coding": [{"code": "in-progress"}]}), "2026-03-14"),
        (goal("2026-03-14", target=[{"dueDate": "2026-03-14"}, {"dueDate": "2026-04-01"}]), "2026-03-14"),
        (goal("2026-03-14", target=[]), ""),
    ],
)
def test_a_goal_is_overdue_when_its_day_is_over(body: dict[str, Any], since: str) -> None:
    assert overdue_since(body, NOW) == since


def test_a_goal_that_was_overdue_before_is_no_news() -> None:
    late = goal("2026-03-14")
    assert TOPICS.of("Goal", None, late, NOW) == ["plan-changed", "goal-overdue"]
    assert TOPICS.of("Goal", late, late | {"note": []}, NOW) == ["plan-changed"]
    assert TOPICS.of("Goal", goal("2026-04-01"), late, NOW) == ["plan-changed", "goal-overdue"]


def test_the_day_is_over_at_danish_midnight() -> None:
    late = datetime(2026, 3, 14, 23, 30, tzinfo=UTC)  # 00:30 on the 15th in Denmark
    assert overdue_since(goal("2026-03-14"), late) == "2026-03-14"
    assert overdue_since(goal("2026-03-14"), late.replace(hour=22)) == ""
