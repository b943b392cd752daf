"""The plan page in the words of its language, and what is said of a benefit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.domain.benefit import NUMBER
from gateway.inbound.console.plan_view import plan_view
from gateway.inbound.console.texts import texts
from tests.inbound.test_plan_view import NOW, PLAN, STAY, view


def test_our_words_and_times_are_those_of_the_language() -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": PLAN}, {"resource": STAY}]}
    view = plan_view(bundle, NOW, texts("en"))
    assert (view.status, view.when) == ("running", "from 7 January 2025")
    assert [(one.title, one.status, one.when) for one in view.interventions] == [
        ("Midlertidigt botilbud", "running", "7 January 2025 to 30 June 2025"),
        ("Misbrugsbehandling", "agreed", ""),
    ]
    problem = {"resourceType": "Condition", "recordedDate": "2025-01-07", "abatementDateTime": "2025-01-30"}
    over = plan_view({"resourceType": "Bundle", "entry": [{"resource": problem}]}, NOW, texts("en")).conditions[0]
    assert (over.title, over.when) == ("Condition", "from 7 January 2025 until 30 January 2025")
    (stay,) = view.stays
    assert (stay.title, stay.status) == ("Stay", "on leave")
    assert stay.when == "from 20 January 2025, 8:30"


def test_numbers_are_written_as_the_language_does() -> None:
    weight = {"value": Decimal("1.50"), "unit": "g"}
    measured = {"resourceType": "Observation", "code": {"text": "X"}, "valueQuantity": weight}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": measured}]}
    told = {language: plan_view(bundle, NOW, texts(language)).assessments[0].facts for language in ("da", "en")}
    assert told == {"da": ("1,50 g",), "en": ("1.50 g",)}


@pytest.mark.parametrize(("status", "word"), [("active", "bevilget"), ("unknown", ""), ("on-hold", "sat i bero")])
def test_whether_a_benefit_runs_is_told_where_it_is_known(status: str, word: str) -> None:
    (line,) = view(
        {"resourceType": "Account", "status": status, "name": "Kontanthjælp", "identifier": [{"system": NUMBER}]}
    ).benefits
    assert (line.title, line.status) == ("Kontanthjælp", word)


@pytest.mark.parametrize("code", ["R", "B", "C", "N", "U"])
@pytest.mark.parametrize("language", ["da", "en"])
def test_a_class_of_hl7_v2_that_fhir_has_no_code_for_is_told_in_words(code: str, language: str) -> None:
    stay = {"resourceType": "Encounter", "status": "in-progress", "class": {"code": code}}
    (line,) = plan_view({"resourceType": "Bundle", "entry": [{"resource": stay}]}, NOW, texts(language)).stays
    assert len(line.title) > 3
