"""Which municipality acts, as an order says it: on its plan, and on the team of that plan as long as the plan runs."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.municipality import facts_of
from gateway.translate.kl import Kl
from tests.translate.kl.orders import of, order, raw, the

Json = dict[str, Any]


def facts(kl: Kl, bundle: Json, kind: str) -> list[tuple[str, str, str]]:
    """Role, area and code that the order's plan or its team tells."""
    found = kl.translate(raw(bundle))
    plan = the(bundle, "CarePlan", description="egen bolig")
    team = next(
        entry["resource"] for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "CareTeam" and entry["resource"]["id"] in str(plan["careTeam"])
    )  # fmt: skip
    body = of(found, plan if kind == "CarePlan" else team).body
    return [(fact.role, fact.area, fact.code) for fact in facts_of(body | {"resourceType": kind, "id": "x"})]


@pytest.mark.parametrize("kind", ["CarePlan", "CareTeam"])
def test_the_plan_and_its_team_tell_it(kl: Kl, kind: str) -> None:
    assert facts(kl, order(), kind) == [("acting", "social", "0101")]


def test_the_team_tells_it_as_long_as_the_plan_runs(kl: Kl) -> None:
    bundle = order()
    found = kl.translate(raw(bundle))
    plan = the(bundle, "CarePlan", description="egen bolig")
    team = next(s for s in found.statements if s.kind == "CareTeam" and "municipality" in str(s.body))
    (fact,) = facts_of(team.body | {"resourceType": "CareTeam", "id": "x"})
    assert dict(fact.period) == plan["period"]


@pytest.mark.parametrize(
    ("change", "teams"),
    [
        ({"status": "entered-in-error"}, []),
        ({"status": "revoked", "period": {"start": "2025-02-10"}}, []),
        (
            {"status": "completed", "period": {"start": "2025-02-10", "end": "2025-03-01"}},
            [("acting", "social", "0101")],
        ),
        ({"extension": []}, []),
    ],
)
def test_a_plan_that_is_over_on_no_day_leaves_nothing_on_its_team(kl: Kl, change: Json, teams: list[Any]) -> None:
    bundle = order()
    the(bundle, "CarePlan", description="egen bolig").update(change)
    if change.get("extension") == []:
        the(bundle, "CarePlan", description="egen bolig").pop("extension")
    assert facts(kl, bundle, "CareTeam") == teams


@pytest.mark.parametrize(("written", "codes"), [("101", ["0101"]), ("0101", ["0101"]), ("København", [])])
def test_a_code_is_read_as_it_is_meant_and_a_word_is_no_code(kl: Kl, written: str, codes: list[str]) -> None:
    bundle = order()
    the(bundle, "CarePlan", description="egen bolig")["extension"][0]["valueCoding"]["code"] = written
    for kind in ("CarePlan", "CareTeam"):
        assert [code for _, _, code in facts(kl, bundle, kind)] == codes


@pytest.mark.parametrize(
    ("code", "told", "name"), [("0165", "", "Albertslund"), ("165", "", "Albertslund"), ("0165", "Min by", "Min by")]
)
def test_a_municipality_that_came_without_a_word_gets_its_name(kl: Kl, code: str, told: str, name: str) -> None:
    bundle = order()
    plan = the(bundle, "CarePlan", description="egen bolig")
    (coding,) = [one["valueCoding"] for one in plan["extension"] if "actingMunicipality" in one["url"]]
    coding.pop("display", None)
    coding |= {"code": code} | ({"display": told} if told else {})
    found = kl.translate(raw(bundle))
    for body in (of(found, plan).body, next(s.body for s in found.statements if "municipality" in str(s.body))):
        assert [(f.code, f.display) for f in facts_of(body | {"resourceType": "CarePlan", "id": "x"})] == [
            ("0165", name)
        ]
