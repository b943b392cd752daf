"""Acting, paying and residence municipality: three facts, told by sources, never worked out from one another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from gateway.domain.municipality import CODES, extension, facts_of, four_digits, residence_at, standing
from gateway.domain.plan import compose
from gateway.domain.when import instant

NOW = instant("2026-03-02T12:00:00+01:00")
COPENHAGEN, FREDERIKSBERG, ISHOEJ = ("0101", "0147", "0183")


def plan(number: int, *facts: dict[str, Any], author: str = "64942212", **more: Any) -> dict[str, Any]:
    who = {"type": "Organization", "identifier": {"system": "http://cvr.dk", "value": author}} if author else {}
    return {
        "resourceType": "CarePlan", "id": f"p{number}", "status": "active", "intent": "order",
        **({"author": who} if who else {}), "extension": list(facts), **more,
    }  # fmt: skip


def acting(code: str, start: str = "", end: str = "", area: str = "") -> dict[str, Any]:
    period = {edge: when for edge, when in (("start", start), ("end", end)) if when}
    return extension("acting", {"code": code}, period, area)


def shown(*plans: dict[str, Any], at: datetime = NOW) -> list[tuple[str, str, str, bool]]:
    facts = standing((fact for one in plans for fact in facts_of(one)), at)
    return [(fact.role, fact.area, fact.code, fact.disputed) for fact in facts]


@pytest.mark.parametrize(
    ("told", "code"),
    [("165", "0165"), ("0165", "0165"), (" 101 ", "0101"), ("0411", "0411"), ("411", "0411"), ("", ""), ("16", ""),
     ("01010", ""), ("DK-84", ""), ("٠١٠١", "")],
)  # fmt: skip
def test_a_code_has_four_digits_however_it_is_written(told: str, code: str) -> None:
    """Nexus writes "165", DK Core "0165": a number loses its first digit."""
    assert four_digits(told) == code


def test_the_shape_is_one() -> None:
    assert extension("paying", {"code": "165", "display": "Albertslund"}, {"start": "2026-01-01"}, "health") == {
        "url": "https://faellesplan.dk/fhir/StructureDefinition/municipality",
        "extension": [
            {"url": "role", "valueCode": "paying"},
            {"url": "municipality", "valueCoding": {"system": CODES, "code": "0165", "display": "Albertslund"}},
            {"url": "period", "valuePeriod": {"start": "2026-01-01"}},
            {"url": "area", "valueCode": "health"},
        ],
    }
    for role, area in (("opholdskommune", ""), ("acting", "housing")):
        with pytest.raises(ValueError, match="a municipality acts"):
            extension(role, {"code": "0101"}, area=area)


def test_what_is_no_code_is_kept_and_is_no_fact() -> None:
    told = extension("acting", {"display": "Korsbæk", "code": "Korsbæk"})
    assert told["extension"][1]["valueCoding"] == {"display": "Korsbæk", "code": "Korsbæk"}
    assert shown(plan(1, told)) == []


@pytest.mark.parametrize(
    "written",
    [
        {"valueString": "x"},
        {"extension": [{"url": "municipality", "valueCoding": {"code": COPENHAGEN}}]},
        {
            "extension": [
                {"url": "role", "valueCode": "guesses"},
                {"url": "municipality", "valueCoding": {"code": "101"}},
            ]
        },
        {"extension": [*acting(COPENHAGEN)["extension"], {"url": "area", "valueCode": "sports"}]},
    ],
)
def test_a_municipality_in_another_shape_tells_nothing(written: dict[str, Any]) -> None:
    """R4 lets whoever writes by REST write it so; it closed the joint plan of the citizen with a 500."""
    odd = {"url": acting(ISHOEJ)["url"]} | written
    assert shown(plan(1, odd, acting(ISHOEJ))) == [("acting", "", ISHOEJ, False)]
    joint = compose([plan(1, odd)], "a" * 32, NOW)[0]
    assert not [one for one in joint.get("extension", []) if one["url"] == odd["url"]]
    document = plan(1, acting(ISHOEJ)) | {"resourceType": "DocumentReference", "author": [{"display": "x"}]}
    assert [fact.teller for fact in facts_of(document)] == [""]


def test_three_facts_may_be_three_municipalities() -> None:
    told = [
        extension(role, {"code": code}) for role, code in (("residence", "183"), ("paying", "147"), ("acting", "101"))
    ]
    assert shown(plan(1, *told)) == [
        ("acting", "", COPENHAGEN, False), ("paying", "", FREDERIKSBERG, False), ("residence", "", ISHOEJ, False),
    ]  # fmt: skip


def test_a_residence_says_nothing_of_who_acts() -> None:
    home = plan(1, extension("residence", {"code": ISHOEJ}))
    citizen = {
        "resourceType": "Patient", "id": "a" * 32,
        "address": [{"city": "Frederiksberg", "district": "Frederiksberg", "use": "home"}],
    }  # fmt: skip
    joint = compose([home, citizen], "a" * 32, NOW)[0]
    assert [fact.role for fact in facts_of(joint)] == ["residence"]


def test_each_area_of_law_may_have_its_own() -> None:
    told = plan(1, acting(COPENHAGEN, area="social"), acting(ISHOEJ, area="employment"))
    assert shown(told) == [("acting", "employment", ISHOEJ, False), ("acting", "social", COPENHAGEN, False)]


def test_an_order_and_a_grant_contradict_each_other_in_one_area() -> None:
    """KL's order is of the social area by what it is, a Nexus grant by its paragraph: they speak of one thing."""
    order_, grant = acting(COPENHAGEN, area="social"), acting(ISHOEJ, area="social")
    assert [fact[3] for fact in shown(plan(1, order_), plan(2, grant, author="11931316"))] == [True, True]


def test_a_fact_holds_in_its_period_and_else_as_long_as_its_plan() -> None:
    own = plan(1, acting(COPENHAGEN, "2025-01-01", "2026-03-02"))
    whole = plan(2, acting(COPENHAGEN), period={"start": "2026-03-01", "end": "2026-03-02"})
    for one in (own, whole):
        assert shown(one) == [("acting", "", COPENHAGEN, False)]
        assert shown(one, at=instant("2026-03-03")) == []
        assert shown(one, at=instant("2024-12-31")) == []


def test_one_authority_corrects_itself_and_two_contradict_each_other() -> None:
    earlier, later = acting(COPENHAGEN, "2024-01-01"), acting(ISHOEJ, "2026-01-01")
    assert shown(plan(1, earlier), plan(2, later)) == [("acting", "", ISHOEJ, False)]
    assert shown(plan(1, earlier), plan(2, later, author="11931316")) == [
        ("acting", "", COPENHAGEN, True), ("acting", "", ISHOEJ, True),
    ]  # fmt: skip
    unnamed = plan(1, earlier, author=""), plan(2, later, author="")
    assert [fact[3] for fact in shown(*unnamed)] == [True, True]


def test_the_joint_plan_tells_who_says_it_and_that_they_disagree() -> None:
    parts = [
        plan(1, acting(COPENHAGEN, "2024-01-01")),
        plan(2, acting(COPENHAGEN, "2025-01-01"), author="11259979"),
        plan(3, acting(ISHOEJ), author="11931316"),
    ]
    joint = compose(parts, "a" * 32, NOW)[0]
    told = [e["extension"] for e in joint["extension"] if e["url"].endswith("/municipality")]
    assert [[part for part in one if part["url"] in ("told", "disputed", "period")] for one in told] == [
        [
            {"url": "period", "valuePeriod": {"start": "2024-01-01"}},
            {"url": "told", "valueReference": {"reference": "CarePlan/p1"}},
            {"url": "told", "valueReference": {"reference": "CarePlan/p2"}},
            {"url": "disputed", "valueBoolean": True},
        ],
        [
            {"url": "told", "valueReference": {"reference": "CarePlan/p3"}},
            {"url": "disputed", "valueBoolean": True},
        ],
    ]  # fmt: skip


def test_what_a_plan_that_is_over_said_no_longer_holds() -> None:
    joint = compose([plan(1, acting(COPENHAGEN), status="completed")], "a" * 32, NOW)[0]
    assert list(facts_of(joint)) == []


def test_where_a_citizen_lived_is_told_of_its_time_and_all_words_stand_where_they_contradict() -> None:
    here = {"code": "101", "display": "København"}
    there = {"code": "147", "display": "Frederiksberg"}
    moved = plan(
        1, extension("residence", here, {"end": "2025-12-31"}), extension("residence", there, {"start": "2026"})
    )
    assert residence_at([moved], NOW.replace(year=2025)) == "0101 København"
    assert residence_at([moved], NOW) == "0147 Frederiksberg"
    other = plan(2, extension("residence", here), author="29190623")
    assert residence_at([moved, other], NOW) == "0101 København, 0147 Frederiksberg"
    assert residence_at([plan(3, acting("101"))], NOW) == "", "who acts says nothing of where somebody lives"
