"""The joint plan is a function of what the reader may see, and of nothing else."""

from __future__ import annotations

from typing import Any

from gateway.domain.plan import citizen_of_joint, compose, is_joint, joint_id
from gateway.domain.team import TEAM_ROLE
from tests.domain.stays import moment

CITIZEN = "9f" * 16
NOW = moment(0)


def part(kind: str, number: int, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": f"{kind.lower()}{number}", "meta": {}, **more}


def order(number: int, **more: Any) -> dict[str, Any]:
    return part("CarePlan", number, status="active", intent="order", title=f"Bestilling {number}", **more)


def effort(number: int, on: int, **more: Any) -> dict[str, Any]:
    detail = {"code": {"text": "Kørsel efter § 105"}, "status": "in-progress"}
    return part(
        "CarePlan", number, status="active", intent="order", activity=[{"detail": detail}],
        basedOn=[{"reference": f"CarePlan/careplan{on}"}], **more,
    )  # fmt: skip


def member(name: str, role: str = "", start: str = "", end: str = "") -> dict[str, Any]:
    period = {edge: when for edge, when in (("start", start), ("end", end)) if when}
    coding = [{"system": TEAM_ROLE, "code": role}] if role else [{"system": "urn:x", "code": "member"}]
    one: dict[str, Any] = {
        "role": [{"coding": coding, "text": role or "medlem"}],
        "member": {"type": "Practitioner", "identifier": {"system": "urn:x", "value": name}, "display": name},
    }
    return one | ({"period": period} if period else {})


def plan_of(*parts: dict[str, Any]) -> dict[str, Any]:
    return compose(parts, CITIZEN, NOW)[0]


def team_of(*parts: dict[str, Any]) -> dict[str, Any]:
    return compose(parts, CITIZEN, NOW)[1]


def test_every_kind_of_part_has_its_place() -> None:
    plan = plan_of(
        order(1), effort(2, 1), part("Goal", 1), part("Condition", 1), part("Encounter", 1, status="onleave")
    )
    assert plan["status"] == "active"
    assert plan["goal"] == [{"reference": "Goal/goal1"}]
    assert plan["addresses"] == [{"reference": "Condition/condition1"}]
    assert plan["supportingInfo"] == [{"reference": "Encounter/encounter1"}]
    assert [a["detail"]["code"]["text"] for a in plan["activity"]] == ["Kørsel efter § 105"]
    assert plan["careTeam"] == [{"reference": f"CareTeam/{joint_id(CITIZEN)}"}]


def test_a_plan_without_interventions_is_an_activity_itself() -> None:
    assert [a["detail"]["description"] for a in plan_of(order(1))["activity"]] == ["Bestilling 1"]


def test_an_intervention_that_ended_is_ended_though_its_status_is_active() -> None:
    """KL's own reporting example leaves ended interventions active and in progress."""
    done = effort(2, 1, period={"start": "2025-01-01", "end": "2026-03-01"})
    assert plan_of(order(1), done)["activity"][0]["detail"]["status"] == "completed"
    today = effort(2, 1, period={"start": "2025-01-01", "end": "2026-03-02"})
    assert plan_of(order(1), today)["activity"][0]["detail"]["status"] == "in-progress"


def test_what_was_entered_in_error_is_no_part() -> None:
    wrong = order(1) | {"status": "entered-in-error"}
    assert "activity" not in plan_of(wrong, part("Goal", 1))


def test_a_reference_to_a_hidden_goal_is_left_out() -> None:
    one = effort(2, 1, goal=[{"reference": "Goal/hidden"}, {"reference": "Goal/goal1"}])
    assert plan_of(order(1), one, part("Goal", 1))["activity"][0]["detail"]["goal"] == [{"reference": "Goal/goal1"}]


def test_all_over_means_completed_with_an_end() -> None:
    plan = plan_of(order(1, period={"start": "2024-01-01", "end": "2025-01-01"}))
    assert plan["status"] == "completed"
    assert plan["period"] == {"start": "2024-01-01", "end": "2025-01-01"}


def test_one_coordinator_at_a_time_and_the_history_is_kept() -> None:
    team = team_of(
        part("CareTeam", 1, participant=[member("anna", "coordinator", "2025-01-01"), member("bo")]),
        part("CareTeam", 2, participant=[member("carl", "coordinator", "2026-01-01")]),
    )
    periods = {p["member"]["display"]: p.get("period", {}) for p in team["participant"]}
    assert periods["anna"] == {"start": "2025-01-01", "end": "2026-01-01"}
    assert periods["carl"] == {"start": "2026-01-01"}
    assert len(team["participant"]) == 3


def test_a_person_in_two_parts_stands_once() -> None:
    team = team_of(part("CareTeam", 1, participant=[member("bo")]), part("CareTeam", 2, participant=[member("bo")]))
    assert len(team["participant"]) == 1


def test_the_joint_id_names_its_citizen() -> None:
    assert citizen_of_joint(joint_id(CITIZEN)) == CITIZEN
    assert is_joint("CarePlan", joint_id(CITIZEN))
    assert not is_joint("Goal", joint_id(CITIZEN))
    assert len(joint_id(CITIZEN)) <= 64
