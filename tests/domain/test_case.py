"""A case told by a case system and the KL plans that are documented in it: one effort, both words kept."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.case import CASE, NUMBER, SYSTEM, cases_among
from gateway.domain.plan import PART, is_intervention
from tests.domain.test_plan import effort, order, part, plan_of

UUID = "7d1f6d2e-0b55-4a7b-9a52-6b6d6a3e1f10"
COUNCIL = {"identifier": {"system": "urn:oid:1.3.184", "value": "64942212"}}
SAME_COUNCIL = {"identifier": {"system": "http://cvr.dk", "value": "64942212"}, "display": "Københavns Kommune"}
KLE = [{"coding": [{"system": "https://data.gov.dk/id/classification/KLE", "code": "27.57.16"}]}]


def case(number: int, **more: Any) -> dict[str, Any]:
    """A Sag as the case systems tell it."""
    told = [{"use": "official", "system": SYSTEM, "value": UUID}, {"use": "usual", "value": "S-7", "assigner": COUNCIL}]
    return part(
        "CarePlan", number, status="active", intent="order", identifier=told, category=KLE, title="Herberg", **more
    )


def documented(slot: str, identifier: dict[str, Any]) -> dict[str, Any]:
    return {"url": NUMBER, "extension": [{"url": slot, "valueIdentifier": identifier}]}


BY_UUID = documented("official", {"use": "official", "system": SYSTEM, "value": f"urn:uuid:{UUID.upper()}"})
BY_NUMBER = documented("municipalitySpecific", {"use": "usual", "value": "s-7 ", "assigner": SAME_COUNCIL})


@pytest.mark.parametrize("number", [BY_UUID, BY_NUMBER])
def test_a_case_and_its_plan_are_one_part(number: dict[str, Any]) -> None:
    plan = plan_of(case(1), order(2, extension=[number]))
    told = {
        "url": PART,
        "valueReference": {
            "reference": "CarePlan/careplan2",
            "extension": [{"url": CASE, "valueReference": {"reference": "CarePlan/careplan1"}}],
        },
    }
    assert [e for e in plan["extension"] if e["url"] == PART] == [told]
    assert [a["detail"]["extension"] for a in plan["activity"]] == [[told]]


def test_what_a_report_cannot_tell_of_its_plan_the_case_tells() -> None:
    bare = part("CarePlan", 2, status="active", intent="order", extension=[BY_UUID])
    (activity,) = plan_of(case(1), bare)["activity"]
    assert (activity["detail"]["code"], activity["detail"]["description"]) == (KLE[0], "Herberg")


def test_whoever_sees_only_one_of_the_two_sees_that_one() -> None:
    for one in (case(1), order(2, extension=[BY_UUID])):
        plan = plan_of(one)
        reference = {"reference": f"CarePlan/{one['id']}"}
        assert [e["valueReference"] for e in plan["extension"]] == [reference]
        assert len(plan["activity"]) == 1


def test_two_plans_of_one_case_stay_two_efforts() -> None:
    plan = plan_of(case(1), order(2, extension=[BY_UUID]), order(3, extension=[BY_NUMBER]))
    assert [a["detail"]["description"] for a in plan["activity"]] == ["Bestilling 2", "Bestilling 3"]


def test_a_plan_with_efforts_shows_what_its_case_is_about() -> None:
    """FFB has no code for § 110; KLE has, and the case tells it."""
    social = [{"coding": [{"system": "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes", "code": "e459386d"}]}]
    plan = plan_of(case(1), order(2, extension=[BY_UUID], category=social), effort(3, 2))
    first, second = (a["detail"]["code"] for a in plan["activity"])
    assert first == {"coding": [*KLE[0]["coding"], *social[0]["coding"]]}
    assert second == {"text": "Kørsel efter § 105"}
    assert [e["valueReference"]["reference"] for e in plan["extension"]] == ["CarePlan/careplan2", "CarePlan/careplan3"]


def test_a_number_that_nobody_gave_joins_nothing() -> None:
    bare = documented("municipalitySpecific", {"use": "usual", "value": "S-7"})
    other = documented(
        "municipalitySpecific",
        {"value": "S-7", "assigner": {"identifier": {"system": "http://cvr.dk", "value": "11259979"}}},
    )
    for number in (bare, other):
        assert cases_among([case(1), order(2, extension=[number])]) == {}


def test_a_number_of_the_systems_own_joins_by_its_system() -> None:
    own = {"system": "http://example.dk/identifier/case", "value": "Sag154689"}
    told = order(2, extension=[documented("municipalitySpecific", own)])
    found = cases_among([part("CarePlan", 1, identifier=[own]), told])
    assert [c["id"] for c in found["careplan2"]] == ["careplan1"]


def test_a_number_with_system_and_giver_joins_by_either() -> None:
    own = {"system": "http://example.dk/identifier/case", "value": "S-7", "assigner": SAME_COUNCIL}
    told = order(2, extension=[documented("municipalitySpecific", own)])
    by_system = part("CarePlan", 1, identifier=[{"system": own["system"], "value": "S-7"}])
    for one in (case(1), by_system):
        assert [c["id"] for c in cases_among([one, told])["careplan2"]] == ["careplan1"]


def test_the_case_of_another_citizens_plan_is_not_here() -> None:
    """What is no part is no case: only parts of one citizen that this reader sees are looked among."""
    assert cases_among([order(2, extension=[BY_UUID])]) == {}


# --- plans and interventions


FFB = {"system": "urn:oid:1.2.208.176.2.22", "code": "638f44df-6bf2-47f8-9935-b8fdc83e5bf5"}
EVALUATION = {
    "system": "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes",
    "code": "95ec4535-8fe8-4296-867c-35de421794cf",
}


@pytest.mark.parametrize(
    ("content", "intervention"),
    [
        ({}, False),
        ({"basedOn": [{"reference": "CarePlan/x"}]}, True),
        ({"activity": [{"detail": {"code": {"coding": [FFB]}, "status": "in-progress"}}]}, True),
        ({"activity": [{"detail": {"code": {"text": "Kørsel efter § 105"}, "status": "in-progress"}}]}, True),
        ({"activity": [{"detail": {"code": {"coding": [EVALUATION]}, "status": "completed"}}]}, False),
        ({"activity": [{"outcomeReference": [{"reference": "Observation/1"}]}]}, False),
        ({"category": KLE}, False),
    ],
)
def test_plans_and_interventions_are_told_apart_by_content(content: dict[str, Any], intervention: bool) -> None:
    assert is_intervention(part("CarePlan", 1, **content)) is intervention


def test_a_plan_that_was_evaluated_is_not_over() -> None:
    """Its evaluation is completed, and says nothing of the plan."""
    detail = {"code": {"coding": [EVALUATION]}, "status": "completed"}
    (activity,) = plan_of(order(1, activity=[{"detail": detail}]))["activity"]
    assert activity["detail"]["status"] == "in-progress"
    assert "code" not in activity["detail"]
