"""Consent-semantics 2, 3, 4 and 12: what matches, how exceptions work, and who is meant by an organisation."""

from __future__ import annotations

import pytest

from gateway.domain.consent import compile_consent, evaluate, in_this_gateway
from gateway.domain.consent.actors import READER_ROLE, SUB_UNITS
from tests.domain.consent.making import (
    NURSE,
    PSY,
    REASON,
    SUD,
    THO,
    UNIT,
    WARD,
    N,
    R,
    actor,
    ask,
    consent,
    data,
    hear,
    reference,
    rule,
    thing,
    word,
)

SOR = "urn:oid:1.2.208.176.1.1|265161000016000"


# 2. Matching


def test_2_every_populated_element_must_match() -> None:
    full = consent(rule("permit", actor=actor(UNIT), purpose=["TREAT"], action=["access"], classes=[CLASS_OBSERVATION]))
    assert word(full) == "permit"
    assert word(full, ask("HRESCH")) == "silent"
    assert word(full, ask(organisations=frozenset({WARD}))) == "silent"
    assert word(full, ask(action="correct")) == "silent"
    assert word(full, about=thing(kind="CarePlan")) == "deny", "the citizen limited it (7)"


CLASS_OBSERVATION = "http://hl7.org/fhir/resource-types|Observation"


def test_2_values_of_one_element_are_alternatives() -> None:
    assert word(consent(rule("permit", purpose=["HRESCH", "TREAT"]))) == "permit"
    assert word(consent(rule("deny", actor=actor("Practitioner/bob", NURSE)))) == "deny"
    assert word(consent(rule("deny", code=["http://loinc.org|1", "http://loinc.org|2"])), about=coded("2")) == "deny"


def coded(code: str):
    return thing(codes=frozenset({f"http://loinc.org|{code}"}))


@pytest.mark.parametrize(("named", "asked"), [("TREAT", "BTG"), ("TREAT", "ETREAT"), ("HOPERAT", "HSYSADMIN")])
def test_2_codes_have_no_hierarchy(named: str, asked: str) -> None:
    assert word(consent(rule("permit", purpose=[named])), ask(asked)) == "silent"
    assert word(consent(rule("deny", purpose=[named])), ask(asked)) == "silent"


def test_2_confidentiality_has_no_rank() -> None:
    assert word(consent(rule("permit", labels=[R])), about=thing(N)) == "deny"
    assert word(consent(rule("permit", labels=[N, R])), about=thing(N)) == "permit"


def test_2_the_system_of_a_code_counts() -> None:
    other = {"type": "permit", "purpose": [{"system": "https://example.org/purposes", "code": "TREAT"}]}
    assert word(consent(other)) == "silent"
    assert word(consent(other), ask("https://example.org/purposes|TREAT")) == "permit"


def test_2_a_purpose_without_a_system_in_a_request_is_v3() -> None:
    said = consent(rule("permit", purpose=["TREAT"]))
    assert word(said, ask("TREAT")) == word(said, ask(f"{REASON}|TREAT")) == word(said, ask("|TREAT")) == "permit"


def test_2_an_action_is_compared_by_code() -> None:
    said = consent(rule("permit", action=["access"]))
    assert word(said, ask(action="access")) == "permit"
    assert word(said, ask(action="correct")) == "silent"
    assert word(consent(rule("deny", action=["disclose"])), ask(action="access")) == "silent"


def test_2_actors_by_identifier_in_any_spelling() -> None:
    spelled = consent(rule("permit", actor=[{"reference": reference("urn:oid:1.3.88|5790000120000")}]))
    assert word(spelled, ask(organisations=frozenset({"http://www.gs1.org/gln|5790000120000"}))) == "permit"
    assert word(consent(rule("permit", actor=actor(SOR))), ask(organisations=frozenset({SOR}))) == "permit"


def test_2_an_actor_in_contained() -> None:
    inside = {"resourceType": "Practitioner", "id": "bob", "identifier": [{"system": "urn:x", "value": "7"}]}
    said = consent(rule("deny", actor=actor("#bob")), contained=[inside])
    assert word(said, ask(actors=frozenset({"urn:x|7"}))) == "deny"
    assert word(said, ask(actors=frozenset({"urn:x|8"}))) == "silent"


def test_2_care_team_patient_and_role_as_actor() -> None:
    team = consent(rule("permit", actor=actor("CareTeam/t1")))
    assert word(team, ask(care_teams=frozenset({"CareTeam/t1"}))) == "permit"
    assert word(team, ask()) == "silent", "who has left the team is not in it"
    citizen = consent(rule("permit", actor=actor("Patient/p1")))
    assert word(citizen, ask(actors=frozenset({"Patient/p1"}))) == "permit"
    role = consent(rule("permit", actor=actor("PractitionerRole/r1")))
    assert word(role, ask(actors=frozenset({"PractitionerRole/r1"}))) == "permit"


def test_2_a_reader_role_narrows_an_organisation_to_one_legal_world() -> None:
    world = {"coding": [{"system": READER_ROLE, "code": "jobcenter"}]}
    for says in ("permit", "deny"):
        said = consent(rule(says, actor=[{"role": world, "reference": reference(UNIT)}]))
        assert word(said, ask(role="jobcenter")) == says
        assert word(said, ask(role="social")) == "silent"
        assert word(said, ask(role="jobcenter", organisations=frozenset({WARD}))) == "silent"


# 3. Exceptions


def test_3_an_exception_inherits_who_what_when_and_why() -> None:
    said = consent(rule("permit", rule("deny", labels=[PSY]), actor=actor(UNIT), purpose=["TREAT"], action=["access"]))
    assert word(said, about=thing(PSY)) == "deny"
    assert word(said, ask("HRESCH"), thing(PSY)) == "silent"
    assert word(said, ask(organisations=frozenset({"Organization/x"})), thing(PSY)) == "silent"
    assert word(said, ask(action="use"), thing(PSY)) == "silent"


@pytest.mark.parametrize(
    "own",
    [{"labels": [R]}, {"classes": [CLASS_OBSERVATION]}, {"code": ["http://loinc.org|1"]},
     {"dataPeriod": {"end": "2020-12-31"}}, {"data": data("instance", "Encounter/e9")}],
)  # fmt: skip
def test_3_filters_on_data_are_not_inherited(own: dict[str, object]) -> None:
    said = consent(rule("permit", rule("deny", actor=actor(NURSE)), **own))
    assert word(said, about=thing(N, PSY)) == "deny"
    assert word(said, about=thing(SUD, kind="Goal")) == "deny"


def test_3_first_level_exceptions_count_where_the_roots_purpose_or_data_do_not_match() -> None:
    said = consent(rule("permit", rule("permit", purpose=["HRESCH"]), purpose=["TREAT"], labels=[N]))
    assert word(said, ask("HRESCH")) == "permit"
    focused = consent(rule("permit", rule("permit", labels=[PSY], actor=actor(NURSE)), labels=[N]))
    assert word(focused, about=thing(PSY)) == "permit"


def test_3_but_never_outside_the_roots_period_actors_or_actions() -> None:
    inner = rule("permit", actor=actor(NURSE))
    assert word(consent(rule("deny", inner, period={"end": "2026-01-31"}))) == "silent"
    assert word(consent(rule("deny", inner, actor=actor("Organization/other")))) == "silent"
    assert word(consent(rule("permit", rule("deny", action=["access"]), action=["correct"]))) == "silent"


def test_3_from_the_second_level_a_child_counts_only_where_its_parent_matches() -> None:
    inner = rule("permit", actor=actor(NURSE))
    said = consent(rule("permit", rule("deny", inner, labels=[PSY]), purpose=["TREAT"]))
    assert word(said, about=thing(N)) == "permit"
    assert hear(said, about=thing(N)).path == "provision"
    assert hear(said, about=thing(PSY)).path == "provision.provision[0].provision[0]"
    elsewhere = consent(rule("deny", rule("deny", inner, actor=actor("Organization/other"))))
    assert word(elsewhere) == "deny"


def test_3_an_exception_has_its_own_period() -> None:
    ended = consent(rule("permit", rule("deny", period={"end": "2026-05-31"})))
    assert word(ended) == "permit"
    running = consent(rule("permit", rule("deny", period={"end": "2026-06-01"})))
    assert word(running) == "deny"


# 4. Depth


def test_4_the_deepest_matching_provision_decides_by_its_own_type() -> None:
    assert word(consent(rule("deny", rule("permit", actor=actor(NURSE))))) == "permit"
    assert word(consent(rule("permit", rule("permit", actor=actor(NURSE))))) == "permit", "nesting never flips a type"
    assert word(consent(rule("deny", rule("deny", actor=actor(NURSE))))) == "deny"
    three = rule("permit", rule("deny", rule("permit", actor=actor(NURSE)), actor=actor(UNIT)))
    assert word(consent(three)) == "permit"
    assert word(consent(three), ask(actors=frozenset({"Practitioner/other"}))) == "deny"


def test_4_branches_of_one_consent_deny_overrides() -> None:
    both = (rule("permit", actor=actor(NURSE)), rule("deny", actor=actor(UNIT)))
    assert word(consent(rule("permit", *both))) == "deny"
    assert word(consent(rule("permit", *reversed(both)))) == "deny"


def test_4_a_branch_that_does_not_match_does_not_bring_the_root_back() -> None:
    said = consent(rule("deny", rule("permit", actor=actor(NURSE)), rule("permit", actor=actor("Practitioner/alice"))))
    assert word(said) == "permit"


def test_4_several_consents_deny_overrides() -> None:
    newer = consent(rule("permit"), id="c2", dateTime="2026-05-01")
    older = consent(rule("deny"), id="c1", dateTime="2025-01-01")
    for listed in ([newer, older], [older, newer]):
        verdict = hear(listed)
        assert (verdict.word, verdict.consent) == ("deny", "c1"), "the newest does not win"


def test_4_a_root_may_leave_its_type_to_the_exceptions() -> None:
    said = consent(rule("", rule("permit", actor=actor(NURSE)), purpose=["TREAT"]))
    assert word(said) == "permit"
    assert word(said, ask(actors=frozenset({"Practitioner/x"}))) == "silent"


# 12. Organisations

BELOW = {"organisations": frozenset({WARD}), "member_of": frozenset({UNIT})}


def test_12_a_permit_covers_exactly_the_organisation_a_deny_its_sub_units_too() -> None:
    assert word(consent(rule("permit", actor=actor(UNIT))), ask(**BELOW)) == "silent"
    assert word(consent(rule("deny", actor=actor(UNIT))), ask(**BELOW)) == "deny"


def test_12_a_permit_covers_sub_units_where_it_says_so() -> None:
    for value, expected in ((True, "permit"), (False, "silent"), ("true", "silent")):
        said = rule("permit", actor=actor(UNIT, extension=[{"url": SUB_UNITS, "valueBoolean": value}]))
        assert word(consent(said), ask(**BELOW)) == expected
        assert word(consent(said)) == "permit"


def test_12_a_word_about_a_sub_unit_is_not_about_the_whole() -> None:
    for says in ("permit", "deny"):
        assert word(consent(rule(says, actor=actor(WARD)))) == "silent"


def test_12_an_exception_to_a_permit_hits_sub_units_too() -> None:
    said = consent(rule("permit", rule("deny", labels=[PSY]), actor=actor(UNIT)))
    assert word(said, ask(**BELOW), thing(PSY)) == "deny"
    assert word(said, ask(**BELOW), thing(N)) == "silent"


def test_12_an_exception_to_a_deny_that_inherits_its_organisation_covers_exactly_it() -> None:
    said = consent(rule("deny", rule("permit", purpose=["ETREAT"]), actor=actor(UNIT)))
    assert word(said, ask("ETREAT")) == "permit"
    assert word(said, ask("ETREAT", **BELOW)) == "deny"
    named = consent(rule("deny", rule("permit", actor=actor(WARD)), actor=actor(UNIT)))
    assert word(named, ask(**BELOW)) == "permit"


def test_12_a_deny_hits_whoever_acts_for_the_denied_a_permit_does_not() -> None:
    for says, expected in (("permit", "silent"), ("deny", "deny")):
        said = consent(rule(says, actor=actor("Organization/behind")))
        assert word(said, ask(on_behalf_of=frozenset({"Organization/behind"}))) == expected


# What a literal reference stands for


def test_staff_and_organisations_are_no_resources_of_this_gateway() -> None:
    def verdict(says: str, who: str) -> str:
        compiled = compile_consent(consent(rule(says, actor=actor(who))), resolve=in_this_gateway)
        return str(evaluate([compiled], ask(care_teams=frozenset({team})), thing()).word)

    team = f"CareTeam/{'a1' * 16}"

    assert verdict("deny", "Practitioner/dr-bob") == "deny", "it cannot be told who that is: everyone"
    assert verdict("permit", NURSE) == "silent"
    assert verdict("permit", team) == "permit"
    for nowhere in ("CareTeam/t1", f"CareTeam/joint-{'a1' * 16}", "Patient/x", "urn:uuid:a", "CareTeam?name=x"):
        assert verdict("deny", nowhere) == "deny", nowhere
        assert verdict("permit", nowhere) == "silent", nowhere


def test_a_number_of_a_system_that_is_none_may_be_anybodys() -> None:
    for system in ("SOR", "1.2.3", "sor nummer"):
        named = f"{system}|265161000016000"
        assert word(consent(rule("deny", actor=actor(named)))) == "deny", system
        assert word(consent(rule("permit", actor=actor(named)))) == "silent", system
    spelled = actor("1.2.208.176.1.1|265161000016000")  # an OID that is known without its prefix too
    assert word(consent(rule("deny", actor=spelled)), ask()) == "silent"


def test_a_role_that_receives_nothing_is_not_understood() -> None:
    custodian = {"coding": [{"system": f"{THO}/v3-ParticipationType", "code": "CST"}]}
    named = [{"role": custodian, "reference": reference(UNIT)}]
    assert word(consent(rule("permit", actor=named))) == "silent"
    assert word(consent(rule("deny", actor=named)), ask(organisations=frozenset({WARD}))) == "deny"
