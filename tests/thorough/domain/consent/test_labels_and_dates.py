"""Consent-semantics 5, 6 and 7: labels, dates, codes and classes of data, and what a limit means."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.consent.making import (
    DATA_CLASS,
    ETHUD,
    HOUSING,
    HTEST,
    NURSE,
    PSY,
    SUD,
    UNIT,
    N,
    R,
    actor,
    ask,
    consent,
    data,
    dates,
    hear,
    rule,
    thing,
    word,
)

DOCTOR = actor(NURSE)
TYPES = "http://hl7.org/fhir/resource-types"


# 5. Labels


def test_5_a_label_scoped_permit_covers_only_if_every_counting_label_is_covered() -> None:
    said = consent(rule("permit", labels=[N, PSY]))
    assert word(said, about=thing(N)) == "permit"
    assert word(said, about=thing(N, PSY)) == "permit"
    assert word(said, about=thing(N, PSY, SUD)) == "deny"
    assert word(said, about=thing(R, PSY)) == "deny"
    assert word(said, about=thing(N, HOUSING)) == "deny"


@pytest.mark.parametrize("label", [PSY, SUD, ETHUD, R, HOUSING, "|PSY"])
def test_5_sensitivity_confidentiality_and_our_classes_count(label: str) -> None:
    assert word(consent(rule("permit", labels=[N])), about=thing(N, label)) == "deny"


def test_5_test_and_workflow_tags_do_not_count() -> None:
    assert word(consent(rule("permit", labels=[N])), about=thing(N, HTEST)) == "permit"
    assert word(consent(rule("permit", labels=[N])), about=thing(N, "https://example.org/workflow|printed")) == "permit"


def test_5_permits_on_one_branch_cover_together() -> None:
    said = consent(rule("permit", rule("permit", labels=[PSY], actor=DOCTOR), labels=[N]))
    assert word(said, about=thing(N, PSY)) == "permit"
    assert word(said, about=thing(PSY)) == "permit"
    assert word(said, about=thing(N)) == "permit"
    assert word(said, about=thing(N, PSY, SUD)) == "deny"
    deep = consent(rule("permit", rule("permit", rule("permit", labels=[SUD]), labels=[PSY]), labels=[N]))
    assert word(deep, about=thing(N, PSY, SUD)) == "permit"
    assert word(deep, about=thing(N, SUD)) == "deny", "the second level counts only where its parent matches"


def test_5_permits_on_different_branches_do_not() -> None:
    said = consent(rule("permit", rule("permit", labels=[PSY]), rule("permit", labels=[SUD]), labels=[N]))
    assert word(said, about=thing(N, PSY)) == word(said, about=thing(N, SUD)) == "permit"
    assert word(said, about=thing(N, PSY, SUD)) == "deny"


def test_5_a_root_that_is_about_another_purpose_covers_nothing() -> None:
    said = consent(rule("permit", rule("permit", labels=[R], purpose=["BTG"]), labels=[N], purpose=["TREAT"]))
    assert word(said, ask("BTG"), thing(R)) == "permit"
    assert word(said, ask("BTG"), thing(N, R)) == "deny"


def test_5_a_permit_without_labels_covers_all() -> None:
    said = consent(rule("permit", rule("permit", labels=[PSY], actor=DOCTOR)))
    assert word(said, about=thing(N, PSY, SUD)) == "permit"


def test_5_one_denied_label_is_enough() -> None:
    said = consent(rule("permit", rule("deny", labels=[PSY])))
    assert word(said, about=thing(N, PSY, SUD)) == "deny"
    assert word(said, about=thing(N, SUD)) == "permit"
    again = consent(rule("permit", rule("deny", rule("permit", labels=[PSY], actor=DOCTOR), labels=[PSY]), labels=[N]))
    assert word(again, about=thing(N, PSY)) == "permit", "a deny between two permits takes no label away"


def test_5_a_resource_without_a_counting_label_fails_closed() -> None:
    bare = thing(HTEST)
    assert word(consent(rule("permit", labels=[N])), about=bare) == "deny"
    assert word(consent(rule("deny", labels=[PSY])), about=bare) == "deny"
    assert word(consent(rule("permit", rule("permit", labels=[PSY]))), about=bare) == "permit"
    assert word(consent(rule("permit")), about=bare) == "permit"


# 6. Dates, codes, classes, references

YEAR = {"start": "2025-01-01", "end": "2025-12-31"}


def dated(*clinical: str, updated: str | None = "2026-03-01", **more: Any) -> Any:
    return thing(clinical=dates(*clinical), updated=dates(updated)[0] if updated else None, **more)


@pytest.mark.parametrize(
    ("clinical", "updated", "hit"),
    [
        (["2025-06-01"], "2026-03-01", True),
        (["2024-06-01"], "2025-06-01", True),
        (["2024-06-01"], "2026-03-01", False),
        (["2025-12-31"], None, True),
        (["2026-01-01"], None, False),
        (["2025-12"], "2026-03-01", True),
        (["2024-06-01", "2026-02-01"], "2026-03-01", True),  # a stay that lasted through the year
        ([], "2026-03-01", False),
        ([], None, True),
    ],
)
def test_6_a_deny_by_date_hits_what_lies_inside_and_what_has_no_date(
    clinical: list[str], updated: str | None, hit: bool
) -> None:
    said = consent(rule("permit", rule("deny", dataPeriod=YEAR)))
    assert word(said, about=dated(*clinical, updated=updated)) == ("deny" if hit else "permit")


@pytest.mark.parametrize(
    ("clinical", "updated", "covered"),
    [
        (["2025-06-01"], "2025-07-01", True),
        (["2025-06-01"], None, True),
        (["2025-06-01"], "2026-03-01", False),
        (["2024-06-01", "2025-06-01"], None, False),
        (["2024-06-01"], "2025-07-01", False),
        (["2025"], None, True),
        ([], "2025-06-01", True),
        ([], None, False),
    ],
)
def test_6_a_permit_by_date_needs_every_date_inside(clinical: list[str], updated: str | None, covered: bool) -> None:
    said = consent(rule("permit", dataPeriod=YEAR))
    assert word(said, about=dated(*clinical, updated=updated)) == ("permit" if covered else "deny")


def test_6_a_date_shorter_than_a_day_is_not_a_whole_day() -> None:
    said = consent(rule("permit", dataPeriod={"end": "2025-12-31T12:00:00+01:00"}))
    assert word(said, about=dated("2025-12-31", updated=None)) == "deny", "it may have been in the evening"


def test_6_the_first_and_the_last_moment_of_a_period_are_in_it() -> None:
    noon = "2025-06-01T12:00:00.0+02:00"
    for within in ({"start": noon}, {"end": noon}, {"start": noon, "end": noon}):
        denied, permitted = (consent(rule(says, dataPeriod=within)) for says in ("deny", "permit"))
        assert word(denied, about=dated(noon, updated=None)) == "deny"
        assert word(permitted, about=dated(noon, updated=None)) == "permit"
        assert word(denied, about=dated(updated=noon)) == "deny"
    before = consent(rule("deny", dataPeriod={"end": "2025-06-01T11:59:59.9+02:00"}))
    assert word(before, about=dated(noon, updated=None)) == "silent"


def test_6_a_deny_by_code_or_class_does_not_hit_data_without_a_code() -> None:
    coded = thing(codes=frozenset({"http://loinc.org|42828-4"}))
    for said in (rule("deny", code=["http://loinc.org|42828-4"]), rule("deny", classes=["http://loinc.org|42828-4"])):
        assert word(consent(said), about=coded) == "deny"
        assert word(consent(said), about=thing()) == "silent"


def test_6_a_permit_by_code_does_not_cover_data_without_a_code() -> None:
    said = consent(rule("permit", code=["http://loinc.org|1"]))
    assert word(said, about=thing(codes=frozenset({"http://loinc.org|1", "urn:x|y"}))) == "permit"
    assert word(said, about=thing(codes=frozenset({"http://loinc.org|2"}))) == "deny"
    assert word(said, about=thing()) == "deny"


def test_6_a_class_is_a_type_or_one_of_our_data_classes() -> None:
    plans = consent(rule("deny", classes=[f"{TYPES}|CarePlan"]))
    assert word(plans, about=thing(kind="CarePlan")) == "deny"
    assert word(plans, about=thing(kind="Goal")) == "silent"
    elsewhere = consent(rule("deny", classes=[f"{TYPES[:-1]}x|CarePlan", f"{DATA_CLASS[:-1]}x|health"]))
    assert word(elsewhere, about=thing(kind="CarePlan")) == "silent", "the system of a class counts"
    housing = consent(rule("permit", classes=[f"{DATA_CLASS}|housing"]))
    assert word(housing, about=thing(kind="CarePlan", data_class="housing")) == "permit"
    assert word(housing, about=thing(kind="CarePlan", data_class="health")) == "deny"


@pytest.mark.parametrize("meaning", ["instance", "related", "authoredby"])
def test_6_filters_by_reference(meaning: str) -> None:
    named = {"instance": "Observation/o1", "related": "Encounter/e1", "authoredby": "Organization/psych"}[meaning]
    about = thing(related=frozenset({"Encounter/e1"}), authors=frozenset({"Organization/psych"}))
    assert word(consent(rule("deny", data=data(meaning, named))), about=about) == "deny"
    assert word(consent(rule("permit", data=data(meaning, named))), about=about) == "permit"
    other = thing(id="o2", related=frozenset({"Encounter/e2"}), authors=frozenset({"Organization/other"}))
    assert word(consent(rule("deny", data=data(meaning, named))), about=other) == "silent"
    assert word(consent(rule("permit", data=data(meaning, named))), about=other) == "deny"


def test_6_related_covers_the_thing_itself() -> None:
    said = consent(rule("deny", data=data("related", "Encounter/e1")))
    assert word(said, about=thing(kind="Encounter", id="e1")) == "deny"


def test_6_authors_by_identifier() -> None:
    said = consent(rule("deny", data=data("authoredby", "urn:oid:1.2.208.176.1.1|953741000016009")))
    assert word(said, about=thing(authors=frozenset({"urn:oid:1.2.208.176.1.1|953741000016009"}))) == "deny"


# 7. A permit that is about this access but does not cover this data


@pytest.mark.parametrize(
    "limit",
    [{"labels": [N]}, {"classes": [f"{TYPES}|Goal"]}, {"code": ["http://loinc.org|1"]},
     {"dataPeriod": {"end": "2020-12-31"}}, {"data": data("instance", "Goal/1")}],
)  # fmt: skip
def test_7_what_the_citizen_left_out_is_denied(limit: dict[str, Any]) -> None:
    verdict = hear(consent(rule("permit", **limit)), about=thing(PSY))
    assert (verdict.word, verdict.rule, verdict.consent) == ("deny", 7, "c1")


def test_7_only_when_actor_action_and_purpose_match() -> None:
    limited = rule("permit", labels=[N], actor=actor(UNIT), purpose=["TREAT"], action=["access"])
    about = thing(PSY)
    assert word(consent(limited), about=about) == "deny"
    assert word(consent(limited), ask("HRESCH"), about) == "silent"
    assert word(consent(limited), ask(organisations=frozenset({"Organization/x"})), about) == "silent"
    assert word(consent(limited), ask(action="correct"), about) == "silent"


def test_7_not_where_another_permit_of_the_same_consent_covers_it() -> None:
    said = consent(rule("permit", rule("permit", labels=[PSY], actor=DOCTOR), labels=[N]))
    assert word(said, about=thing(N)) == "permit"
    apart = consent(
        rule("", rule("permit", classes=[f"{TYPES}|Goal"]), rule("permit", classes=[f"{TYPES}|Observation"]))
    )
    assert word(apart) == "permit"


def test_7_an_exception_alone_can_be_the_limit() -> None:
    assert word(consent(rule("", rule("permit", labels=[N]))), about=thing(PSY)) == "deny"


def test_7_a_limit_in_one_consent_is_a_deny_among_several() -> None:
    both = [consent(rule("permit"), id="c1"), consent(rule("permit", labels=[N]), id="c2")]
    verdict = hear(both, about=thing(PSY))
    assert (verdict.word, verdict.rule, verdict.consent) == ("deny", 7, "c2")
    assert word(both, about=thing(N)) == "permit"
