"""Consent-semantics 1, 14 and 15: when a consent counts, whose it is, and the form and the year of § 44."""

from __future__ import annotations

import pytest

from gateway.domain.consent import compile_consent, evaluate
from gateway.domain.consent.span import BEGINNING, END, period, span, year_after
from tests.domain.consent.making import (
    PSY,
    UNIT,
    N,
    actor,
    ask,
    at,
    consent,
    hear,
    rule,
    thing,
    word,
    written,
)

PERMIT, DENY = rule("permit"), rule("deny")


# 1. In force


@pytest.mark.parametrize("status", ["draft", "proposed", "inactive", "rejected", "entered-in-error", "", None])
def test_1_only_an_active_consent_counts(status: str | None) -> None:
    assert word(consent(PERMIT, status="active")) == "permit"
    assert word(consent(PERMIT, status=status)) == "silent"
    assert word(consent(DENY, status=status)) == "silent"


def test_1_it_is_the_citizens_own() -> None:
    elsewhere = {"reference": "https://example.org/Patient/p1"}
    for patient in ({"reference": "Patient/p2"}, elsewhere, {}, None, "Patient/p1"):
        assert word(consent(PERMIT, patient=patient)) == "silent"
        assert word(consent(DENY, patient=patient)) == "silent"
    assert word(consent(PERMIT, patient={"reference": "Patient/p1/_history/2"})) == "permit"


def test_1_merged_identities_count() -> None:
    same = {"p1": frozenset({"Patient/old", "urn:oid:1.2.208.176.1.2|2512489996"})}
    assert word(consent(DENY, patient={"reference": "Patient/old"}), same=same) == "deny"
    logical = {"identifier": {"system": "urn:oid:1.2.208.176.1.2", "value": "251248-9996"}}
    assert word(consent(DENY, patient=logical), same=same) == "deny"
    assert word(consent(DENY, patient=logical)) == "silent"


@pytest.mark.parametrize("code", ["treatment", "research", "adr"])
def test_1_scope_is_privacy(code: str) -> None:
    scope = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": code}]}
    assert word(consent(PERMIT, scope=scope)) == "silent"
    assert word(consent(DENY, scope=scope)) == "silent"


def test_1_a_scope_that_says_nothing_can_only_deny() -> None:
    assert word(consent(PERMIT, scope=None)) == "silent"
    assert word(consent(DENY, scope={"text": "privatliv"})) == "deny"


def test_1_date_time_not_after_now() -> None:
    for said in (PERMIT, DENY):
        assert word(consent(said, dateTime="2026-06-02")) == "silent"
        assert word(consent(said, dateTime="2026-06-01T10:00:01+02:00")) == "silent"
        assert word(consent(said, dateTime="2026-06-01T10:00:00+02:00")) == said["type"]
        assert word(consent(said, dateTime="2026-06-01")) == said["type"], "today's consent counts today"


@pytest.mark.parametrize("value", [None, "", "snart", "2026-13-01", 20260101])
def test_1_without_a_readable_date_time_it_can_only_deny(value: object) -> None:
    assert word(consent(PERMIT, dateTime=value)) == "silent"
    assert word(consent(DENY, dateTime=value)) == "deny"


def test_1_now_inside_the_root_period() -> None:
    for said in ("permit", "deny"):
        within = consent(rule(said, period={"start": "2026-02-01", "end": "2026-06-01"}))
        assert word(within, ask(now=at("2026-01-31T23:59:59+01:00"))) == "silent"
        assert word(within, ask(now=at("2026-02-01T00:00:00+01:00"))) == said
        assert word(within, ask(now=at("2026-06-01T12:00:00+02:00"))) == said


def test_1_days_are_danish_and_the_end_day_is_included() -> None:
    within = consent(rule("permit", period={"start": "2026-03-28", "end": "2026-03-29"}))  # the night of summer time
    assert word(within, ask(now=at("2026-03-27T23:00:00+00:00"))) == "permit"
    assert word(within, ask(now=at("2026-03-27T22:59:59+00:00"))) == "silent"
    assert word(within, ask(now=at("2026-03-29T21:59:59.999999+00:00"))) == "permit"
    assert word(within, ask(now=at("2026-03-29T22:00:00+00:00"))) == "silent"


def test_1_a_time_of_day_is_a_moment() -> None:
    within = consent(rule("permit", period={"end": "2026-06-01T12:00:00+02:00"}))
    assert word(within, ask(now=at("2026-06-01T10:00:00+00:00"))) == "permit"
    assert word(within, ask(now=at("2026-06-01T10:00:01+00:00"))) == "silent"


def test_1_no_end_as_danish_systems_write_it() -> None:
    assert word(consent(rule("permit", period={"start": "0001-01-01", "end": "9999-12-31"}))) == "permit"


@pytest.mark.parametrize("bad", [{}, {"start": "i går"}, {"start": "2027-01-01", "end": "2026-01-01"}, "2026", []])
def test_1_a_period_that_cannot_be_read_can_only_deny(bad: object) -> None:
    assert word(consent(rule("permit", period=bad))) == "silent"
    assert word(consent(rule("deny", period=bad))) == "deny"


def test_1_without_a_provision_it_permits_nothing() -> None:
    assert word(consent(None)) == "silent"
    assert word(consent({})) == "silent"


def test_spans_of_every_precision() -> None:
    for text in ("2026", "2026-02", "2026-02-03", "2026-02-03T04:05:06Z", "2026-02-03T04:05:06.5+01:00"):
        found = span(text)
        assert found is not None
        assert found.low <= found.high
        assert found.holds(found.low)
    assert span("9999-12-31") == (at("9999-12-30T23:00:00+00:00"), END)
    first = span("0001-01-01")
    assert first is not None
    assert first.low == BEGINNING
    assert span("2026-02-30") is None
    assert period({"start": "2026-01-01"}) is not None


def test_times_that_no_clock_reaches_are_the_ends_of_time() -> None:
    assert span("9999-12-31T23:59:59-05:00") == (END, END)
    first = span("0001-01-01T00:00:00+05:00")
    assert first is not None
    assert first.low == BEGINNING
    assert first.high < at("0001-01-02T00:00:00+00:00")
    open_end = consent(rule("permit", period={"end": "9999-12-31T23:59:59-05:00"}))
    assert word(open_end) == "permit"


def test_a_second_is_whole_and_a_part_of_it_is_itself() -> None:
    second, part = span("2026-06-01T10:00:00Z"), span("2026-06-01T10:00:00.5Z")
    assert second == (at("2026-06-01T10:00:00+00:00"), at("2026-06-01T10:00:00.999999+00:00"))
    assert part == (at("2026-06-01T10:00:00.5+00:00"),) * 2
    assert period({"start": "2026-06-01", "end": "?"}) is None


def test_9_a_purpose_of_another_system_is_not_known_by_a_consent_that_is_not_given_yet() -> None:
    own = "https://example.org/purposes|FooBar"
    system, _, code = own.rpartition("|")
    named = {"type": "permit", "purpose": [{"system": system, "code": code}]}
    for given, expected in (("2026-06-02", "deny"), ("2026-06-01T10:00:00+02:00", "permit")):
        assert word(consent(named, dateTime=given), ask(own)) == expected
    assert word(consent(named, status="inactive"), ask(own)) == "deny"


# 14. Merge


def test_14_consents_of_both_identities_apply_and_nothing_is_widened() -> None:
    same = {"p1": frozenset({"Patient/p0"})}
    old = consent(rule("deny", actor=actor(UNIT)), id="old", patient={"reference": "Patient/p0"})
    new = consent(PERMIT, id="new")
    assert word([new], same=same) == "permit"
    assert word([new, old], same=same) == "deny"
    assert word([old, new], same=same) == "deny"


def test_14_an_objection_of_the_former_identity_stands() -> None:
    old = objection(patient={"reference": "Patient/p0"})
    assert word(old, same={"p1": frozenset({"Patient/p0"})}) == "deny"


# 15. § 44 and § 41 (3)

SOCIAL = {"sector": "municipality", "role": "social"}
CASE = "CAREMGT"


def test_15_another_purpose_from_region_to_municipality_needs_written_form() -> None:
    assert word(written(PERMIT), ask(CASE, **SOCIAL)) == "permit"
    oral = hear(consent(PERMIT), ask(CASE, **SOCIAL))
    assert (oral.word, oral.rule, oral.consent) == ("silent", 15, "c1")
    said = consent(PERMIT, extension=[{"url": "https://faellesplan.dk/fhir/StructureDefinition/consent-form",
                                       "valueCode": "oral"}])  # fmt: skip
    assert word(said, ask(CASE, **SOCIAL)) == "silent"


def test_15_treatment_needs_no_form() -> None:
    assert word(consent(PERMIT), ask("TREAT", **SOCIAL)) == "permit"
    assert word(consent(PERMIT), ask("ETREAT", **SOCIAL)) == "permit"


def test_15_the_other_ways_need_no_form() -> None:
    assert word(consent(PERMIT), ask(CASE, sector="region", role="hospital")) == "permit"
    assert word(consent(PERMIT), ask(CASE, **SOCIAL), thing(sector="municipality")) == "permit"
    assert word(consent(PERMIT), ask(CASE, sector="region"), thing(sector="municipality")) == "permit"


def test_15_a_third_party_gets_no_more_than_a_municipality() -> None:
    assert word(consent(PERMIT), ask(CASE, sector="other", role="ngo")) == "silent"


def test_15_it_ends_one_year_after_it_was_given_whatever_its_period_says() -> None:
    long = written(rule("permit", period={"end": "2030-12-31"}), dateTime="2025-06-02")
    assert word(long, ask(CASE, **SOCIAL, now=at("2026-06-01T23:59:59+02:00"))) == "permit"
    assert word(long, ask(CASE, **SOCIAL, now=at("2026-06-02T00:00:00+02:00"))) == "silent"
    assert word(long, ask("TREAT", **SOCIAL, now=at("2028-06-02T00:00:00+02:00"))) == "permit"


def test_15_a_shorter_period_ends_earlier() -> None:
    short = written(rule("permit", period={"end": "2026-02-28"}))
    assert word(short, ask(CASE, **SOCIAL, now=at("2026-02-28T23:59:59+01:00"))) == "permit"
    assert word(short, ask(CASE, **SOCIAL, now=at("2026-03-01T00:00:00+01:00"))) == "silent"


def test_15_the_year_is_a_danish_calendar_year() -> None:
    assert year_after(at("2024-02-29T12:00:00+01:00")) == at("2025-02-28T12:00:00+01:00")
    assert year_after(at("2026-03-29T12:00:00+02:00")) == at("2027-03-29T12:00:00+02:00")
    assert year_after(END) == END


def test_15_a_deny_needs_no_form_and_no_year() -> None:
    assert word(consent(DENY, dateTime="2020-01-01"), ask(CASE, **SOCIAL)) == "deny"


def test_15_an_oral_exception_permits_nothing_but_a_deny_below_it_stands() -> None:
    said = consent(rule("permit", rule("deny", labels=[PSY])))
    assert word(said, ask(CASE, **SOCIAL), thing(N)) == "silent"
    assert word(said, ask(CASE, **SOCIAL), thing(N, PSY)) == "deny"


def test_15_the_caller_may_know_the_form() -> None:
    compiled = compile_consent(consent(PERMIT), written=True)
    assert evaluate([compiled], ask(CASE, **SOCIAL), thing()).word == "permit"


def objection(**more: object) -> dict[str, object]:
    system = "https://faellesplan.dk/fhir/CodeSystem/consent-category"
    return consent(None, category=[{"coding": [{"system": system, "code": "objection"}]}]) | more


def test_15_an_objection_is_a_deny() -> None:
    assert word(objection()) == "deny"
    assert word(objection(provision={})) == "deny"
    assert word(objection(provision=rule("", actor=actor(UNIT)))) == "deny"
    assert word(objection(provision=rule("deny", actor=actor("Organization/other")))) == "silent"
    assert word([consent(PERMIT, id="c2"), objection()]) == "deny"


def test_15_an_objection_may_have_exceptions_but_never_permits_by_itself() -> None:
    assert word(objection(provision=rule("deny", rule("permit", actor=actor(UNIT))))) == "permit"
    assert word(objection(provision=rule("", rule("permit", actor=actor(UNIT))))) == "permit", "a root needs no type"
    assert word(objection(provision=rule("permit"))) == "deny"
    assert word(objection(provision=rule("permit", rule("permit", actor=actor(UNIT))))) == "deny"


@pytest.mark.parametrize("code", ["OPTOUT", "OPTOUTE"])
def test_15_an_opt_out_by_policy_rule_is_an_objection(code: str) -> None:
    out = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code}]}
    assert word(consent(None, policyRule=out)) == "deny"
    assert word(consent(None, category=[out])) == "deny"
    opt_in = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]}
    assert word(consent(None, policyRule=opt_in)) == "silent"
