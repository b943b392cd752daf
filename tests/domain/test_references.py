"""What refers to something hidden goes as if it had never been there."""

from __future__ import annotations

from typing import Any

from gateway.domain.references import without
from gateway.domain.team import MEMBER_FOR

GOAL, OTHER = "Goal/" + "a" * 32, "Goal/" + "b" * 32


def there_for(name: str, *goals: str) -> dict[str, Any]:
    ties = [{"url": MEMBER_FOR, "valueReference": {"reference": goal}} for goal in goals]
    return {"member": {"display": name}} | ({"extension": ties} if ties else {})


def names(*members: dict[str, Any]) -> list[str]:
    left = without({"resourceType": "CareTeam", "participant": list(members)}, {GOAL})
    return [one["member"]["display"] for one in left.get("participant", [])]


def test_who_is_in_the_team_for_something_hidden_alone_goes_with_it() -> None:
    assert names(there_for("Ea", GOAL), there_for("Ib", OTHER), there_for("Bo")) == ["Ib", "Bo"]
    assert names(there_for("Ea", GOAL)) == []


def test_who_is_there_for_something_else_as_well_stays_without_a_trace_of_it() -> None:
    team = {"resourceType": "CareTeam", "participant": [there_for("Ea", GOAL, OTHER)]}
    assert without(team, {GOAL}) == {"resourceType": "CareTeam", "participant": [there_for("Ea", OTHER)]}


def test_what_a_problem_is_goes_with_the_reference_to_it() -> None:
    link = {"reference": GOAL, "extension": [{"url": "x", "valueCodeableConcept": {"text": "Alkohol"}}]}
    assert without({"resourceType": "Goal", "addresses": [link]}, {GOAL}) == {"resourceType": "Goal"}


def test_other_extensions_of_a_participant_do_not_take_it_along() -> None:
    mixed = {"member": {"display": "Ea"}, "extension": [{"url": "x", "valueReference": {"reference": GOAL}}]}
    assert names(mixed) == ["Ea"]
