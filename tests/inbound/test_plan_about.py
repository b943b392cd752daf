"""What the page says of KL's reports, which hold no free text: what a goal is for and how far it leads, how severe a
condition is, what an assessment is about. And who coordinates until a day to come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.domain.team import TEAM_ROLE
from gateway.inbound.console.plan_view import PlanView, plan_view
from gateway.inbound.console.texts import texts

NOW = datetime(2025, 2, 1, 9, tzinfo=UTC)


def coded(code: str, display: str = "") -> dict[str, Any]:
    return {
        "coding": [{"system": "urn:oid:1.2.208.176.2.22", "code": code} | ({"display": display} if display else {})]
    }


def shown(*resources: dict[str, Any], language: str = "da") -> PlanView:
    return plan_view({"entry": [{"resource": one} for one in resources]}, NOW, texts(language))


SHOPPING = {
    "resourceType": "Condition", "id": "c1", "code": coded("x", "Købe ind"),
    "severity": coded("y", "Moderat nedsat funktionsevne"),
}  # fmt: skip
GOAL = {
    "resourceType": "Goal", "id": "g1", "lifecycleStatus": "active",
    "category": [coded("k", "FFB indsatsmål")], "description": coded("410518001"),
    "addresses": [{"reference": "Condition/c1"}, {"reference": "Condition/hidden"}],
    "target": [
        {"measure": coded("m", "funktionsevneniveau"), "detailCodeableConcept": coded("d", "Let nedsat funktionsevne")},
        {"measure": coded("n", "måltype"), "detailCodeableConcept": coded("e", "Udvikle funktionsevne")},
        {"measure": coded("o", "uden værdi")}, {"detailString": "En gang om ugen"},
    ],
}  # fmt: skip


def test_a_goal_says_what_it_is_for_and_how_far_it_leads() -> None:
    (goal,) = shown(SHOPPING, GOAL).goals
    assert goal.facts == (
        "FFB indsatsmål", "om Købe ind", "funktionsevneniveau: Let nedsat funktionsevne",
        "måltype: Udvikle funktionsevne", "En gang om ugen",
    )  # fmt: skip
    assert shown(SHOPPING, GOAL, language="en").goals[0].facts[1] == "about Købe ind"
    (alone,) = shown(GOAL).goals
    assert not any("om " in fact for fact in alone.facts if "Købe" in fact), "what is not seen is not named"
    taken = SHOPPING | {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    assert "om Købe ind" not in shown(taken, GOAL).goals[0].facts


def test_a_condition_says_how_severe_it_is() -> None:
    assert shown(SHOPPING).conditions[0].facts == ("Moderat nedsat funktionsevne",)


def test_an_assessment_says_what_it_is_about() -> None:
    effort = {
        "resourceType": "CarePlan", "id": "p1", "status": "active",
        "activity": [{"detail": {"code": coded("z", "Dialyse"), "status": "in-progress"}}],
    }  # fmt: skip
    follow_up = {"resourceType": "Observation", "id": "o1", "status": "final", "code": coded("712744002")}
    follow_up |= {"valueCodeableConcept": coded("v", "Fortsættes")}
    joint = {"resourceType": "CarePlan", "id": "joint-p", "status": "active"}
    several = [follow_up | {"focus": [{"reference": focus}]} for focus in ("CarePlan/p1", "Condition/c1", "Goal/g1")]
    told = [one.facts for one in shown(joint, effort, SHOPPING, GOAL, *several).assessments]
    assert told == [
        ("Fortsættes", "om Dialyse"), ("Fortsættes", "om Købe ind"),
        ("Fortsættes", "om Mål, der ikke er beskrevet nærmere"),
    ]  # fmt: skip


def test_who_coordinates_until_a_day_to_come_coordinates_today() -> None:
    def coordinator(**period: str) -> dict[str, Any]:
        role = {"coding": [{"system": TEAM_ROLE, "code": "coordinator"}]}
        return {"role": [role], "member": {"display": "Karla"}, "period": period}

    def team(**period: str) -> dict[str, Any]:
        return {"resourceType": "CareTeam", "id": "t", "participant": [coordinator(**period)]}

    assert [one.title for one in shown(team(start="2025-01-01", end="2025-02-01")).coordinators] == ["Karla"]
    assert [one.title for one in shown(team(end="2026-12-31")).coordinators] == ["Karla"]
    assert shown(team(end="2025-01-31")).coordinators == ()


def test_a_role_that_is_a_uuid_says_nothing_to_a_reader() -> None:
    """Roles of cases that only Fælleskommunalt Klassifikationssystem publishes."""
    uuid = "0c0c0c0c-0000-4000-8000-000000000000"
    listed = [{"role": [{"text": uuid}, {"text": "Kontakt"}], "member": {"display": "Mogens"}},
              {"role": [{"text": uuid}], "member": {"display": "Karla"}}]  # fmt: skip
    team = shown({"resourceType": "CareTeam", "id": "t", "participant": listed}).team
    assert [(one.title, one.status) for one in team] == [("Mogens", "Kontakt"), ("Karla", "")]
