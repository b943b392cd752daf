"""Which stays the parts of a plan tell of."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.acting import acting_at, acting_over_time
from gateway.domain.municipality import extension, facts_of
from gateway.domain.placements import placements_of
from gateway.domain.when import END, instant

KLE, FFB = "https://data.gov.dk/id/classification/KLE", "urn:oid:1.2.208.176.2.22"
KINDS = {(KLE, "27.57.16"): "110", (FFB, "5af56051-8413-4115-aaa2-83a0767e1137"): "108"}


def plan(**more: Any) -> dict[str, Any]:
    body = {
        "resourceType": "CarePlan", "id": "p1", "status": "active", "intent": "order",
        "period": {"start": "2025-06-01"}, "category": [{"coding": [{"system": KLE, "code": "27.57.16"}]}],
    }  # fmt: skip
    return {name: value for name, value in (body | more).items() if value is not None}


def stay(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": "e1", "status": "in-progress", "class": {"code": "IMP"},
        "period": {"start": "2026-01-10T10:00:00+01:00"}, **more,
    }  # fmt: skip


def kinds_in(*parts: dict[str, Any]) -> list[str]:
    return [one.kind for one in placements_of(parts, KINDS, lambda part: "0101")]


def test_a_case_about_a_shelter_is_a_stay_there() -> None:
    (one,) = placements_of([plan()], KINDS, lambda part: "0101")
    assert (one.kind, one.helper, one.start, one.end) == ("110", "0101", instant("2025-06-01"), END)
    assert one.told == "CarePlan/p1"


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ({"category": [{"text": "Herberg, servicelovens § 110"}]}, ["110"]),  # FFB has no code for it
        ({"category": [{"coding": [{"display": "Midlertidigt botilbud, §107"}]}]}, ["107"]),
        ({"category": None, "activity": [{"detail": {"code": {"text": "Almen ældrebolig efter §105"}}}]}, ["105"]),
        ({"category": [{"text": "Almenboligloven § 105"}]}, ["105"]),
        ({"category": [{"text": "§ 105, almen plejebolig"}]}, ["105"]),
        # KL's own example: § 105 of serviceloven is transport, and nobody lives there
        ({"category": None, "activity": [{"detail": {"code": {"text": "Kørsel efter §105"}}}]}, []),
        ({"category": [{"text": "Serviceloven § 105"}]}, []),
        ({"category": [{"text": "Botilbudslignende, § 85"}]}, []),
        ({"category": [{"text": "§ 1100"}]}, []),
        ({"category": None}, []),
        ({"status": "draft"}, []),
        ({"status": "revoked"}, []),
        ({"status": "entered-in-error"}, []),
        ({"period": None}, []),
        ({"status": "completed"}, []),  # over, and nobody told since when
        ({"status": "completed", "period": {"start": "2025-06-01", "end": "2025-07-01"}}, ["110"]),
    ],
)
def test_what_is_such_a_stay(more: dict[str, Any], kinds: list[str]) -> None:
    assert kinds_in(plan(**more)) == kinds


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ({}, ["hospital"]), ({"status": "onleave"}, ["hospital"]), ({"class": {"code": "AMB"}}, []),
        ({"status": "planned"}, []), ({"status": "cancelled"}, []),
        ({"status": "finished", "period": {"start": "2026-01-10", "end": "2026-01-12"}}, ["hospital"]),
    ],
)  # fmt: skip
def test_admissions_are_stays_and_visits_are_none(more: dict[str, Any], kinds: list[str]) -> None:
    assert kinds_in(stay(**more)) == kinds


def test_the_municipality_that_helped_into_a_shelter_elsewhere_still_acts_during_an_admission_elsewhere() -> None:
    """The shelter lies in another municipality, the hospital in a third, and the home municipality's plan is over."""
    told = extension("acting", {"code": "0101"}, {"start": "2024-01-01", "end": "2025-12-31"}, "social")
    home = plan(id="p0", category=None, extension=[told], status="completed")
    parts = [home, plan(), stay()]
    spans = acting_over_time(placements_of(parts, KINDS, lambda part: "0101"), [], facts_of(home))
    for day in ("2025-07-01", "2026-01-11", "2026-06-01"):
        assert acting_at(spans, instant(day)).codes == ("0101",)
    assert acting_at(spans, instant("2026-06-01")).told == ("CarePlan/p1", "Encounter/e1")
