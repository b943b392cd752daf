"""Consent-semantics 2, 11 and 12: by which words of a consent a reader is meant."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.consent.actors import READER_ROLE, SUB_UNITS
from gateway.domain.consent.units import Units
from gateway.domain.identifier import SOR
from tests.domain.consent.making import THO, UNIT, WARD, actor, ask, consent, reference, rule, word

NUMBER = f"{SOR}|265161000016000"
BELOW: dict[str, Any] = {"organisations": frozenset({WARD}), "member_of": frozenset({UNIT})}


@pytest.mark.parametrize("code", ["IRCP", "PRCP"])
def test_2_a_recipient_is_a_recipient_whichever_of_the_two_codes_says_so(code: str) -> None:
    role = {"coding": [{"system": f"{THO}/v3-ParticipationType", "code": code}]}
    for says in ("permit", "deny"):
        said = consent(rule(says, actor=[{"role": role, "reference": reference(UNIT)}]))
        assert word(said) == says
        assert word(said, ask(organisations=frozenset({WARD}))) == "silent"


def test_2_an_organisation_is_no_person_who_comes_under_its_number() -> None:
    there = {"type": "Organization", **reference(NUMBER)}
    person, place = ask(actors=frozenset({NUMBER})), ask(organisations=frozenset({NUMBER}))
    assert [word(consent(rule("permit", actor=[{"reference": there}])), one) for one in (place, person)] == [
        "permit", "silent",
    ]  # fmt: skip
    assert [word(consent(rule("deny", actor=[{"reference": there}])), one) for one in (place, person)] == ["deny"] * 2


@pytest.mark.parametrize(
    "named",
    [{"identifier": {"system": "urn:x", "value": " "}}, {"identifier": {"system": "", "value": "7"}},
     {"identifier": {"system": 7, "value": "7"}}, {"identifier": {"system": "urn:x", "value": 7}},
     {"identifier": "urn:x|7"}, {"reference": "Practitioner/"}, {"reference": "/7"}, {"reference": 7}],
)  # fmt: skip
def test_11_half_a_number_or_a_name_is_nobody_of_a_permit_and_everybody_of_a_deny(named: dict[str, Any]) -> None:
    who = ask(actors=frozenset({"urn:x|7"}))
    assert word(consent(rule("permit", actor=[{"reference": named}])), who) == "silent"
    assert word(consent(rule("deny", actor=[{"reference": named}])), who) == "deny"


def of_world(says: str, code: str = "jobcenter") -> dict[str, Any]:
    """Said of one legal world of an organisation."""
    role = {"coding": [{"system": READER_ROLE, "code": code}]}
    return consent(rule(says, actor=[{"role": role, "reference": reference(UNIT)}]))


def test_12_a_word_of_one_legal_world_closes_its_sub_units_and_opens_none() -> None:
    assert word(of_world("deny"), ask(role="jobcenter", **BELOW)) == "deny"
    assert word(of_world("permit"), ask(role="jobcenter", **BELOW)) == "silent"
    assert word(of_world("deny"), ask(role="social", **BELOW)) == "silent"
    assert word(of_world("deny"), ask(role="", **BELOW)) == "deny", "who has no role may be of it"
    assert word(of_world("permit"), ask(role="")) == "silent"


@pytest.mark.parametrize(("units", "opened", "closed"), [(True, "permit", "deny"), (False, "silent", "silent")])
def test_12_a_word_of_one_legal_world_may_name_its_sub_units(units: bool, opened: str, closed: str) -> None:
    for says, expected in (("permit", opened), ("deny", closed)):
        said = of_world(says)
        said["provision"]["actor"][0]["extension"] = [{"url": SUB_UNITS, "valueBoolean": units}]
        assert word(said, ask(role="jobcenter", **BELOW)) == expected
        assert word(said, ask(role="jobcenter")) == says
        assert word(said, ask(role="social", **BELOW)) == "silent"


def test_12_only_its_own_word_names_the_sub_units() -> None:
    other = [{"url": "https://example.org/with-wards", "valueBoolean": True}]
    assert word(consent(rule("permit", actor=actor(UNIT, extension=other))), ask(**BELOW)) == "silent"
    off = [{"url": "https://example.org/without-wards", "valueBoolean": False}]
    assert word(consent(rule("deny", actor=actor(UNIT, extension=off))), ask(**BELOW)) == "deny"


def test_12_a_unit_that_a_reader_is_registered_for_is_below_what_the_directory_says() -> None:
    told = Units(told=[(WARD, UNIT)])
    who = {"organisations": frozenset({"Organization/x"}), "member_of": frozenset({WARD}), "units": told}
    assert word(consent(rule("deny", actor=actor(UNIT))), ask(**who)) == "deny"
    assert word(consent(rule("deny", actor=actor(UNIT))), ask(**who | {"units": Units()})) == "silent"


def test_12_a_permit_with_sub_units_reaches_them_whether_it_calls_the_whole_an_organisation_or_not() -> None:
    extension = [{"url": SUB_UNITS, "valueBoolean": True}]
    below = ask(organisations=frozenset({WARD}), units=Units([(WARD, NUMBER)]))
    for typed in ({}, {"type": "Organization"}):
        said = consent(rule("permit", actor=[{"reference": typed | reference(NUMBER), "extension": extension}]))
        assert word(said, below) == "permit"
        assert word(said, ask(organisations=frozenset({WARD}))) == "silent"


def test_12_a_deny_without_sub_units_is_of_whoever_acts_for_the_organisation_that_it_names() -> None:
    alone = [{"url": SUB_UNITS, "valueBoolean": False}]
    there = {"type": "Organization", **reference(NUMBER)}
    said = consent(rule("deny", actor=[{"reference": there, "extension": alone}]))
    assert word(said, ask(on_behalf_of=frozenset({NUMBER}))) == "deny"
    assert word(said, ask(actors=frozenset({NUMBER}))) == "deny"
    assert word(said, ask(organisations=frozenset({WARD}), member_of=frozenset({NUMBER}))) == "silent"


def test_2_a_group_is_meant_by_its_name() -> None:
    for says in ("permit", "deny"):
        said = consent(rule(says, actor=actor("Group/night-watch")))
        assert word(said, ask(member_of=frozenset({"Group/night-watch"}))) == says
        assert word(said, ask(member_of=frozenset({"Group/day-watch"}))) == "silent"


@pytest.mark.parametrize("action", ["access", "collect", "correct", "disclose", "use"])
def test_2_every_action_of_r4_is_known_and_is_itself_alone(action: str) -> None:
    assert word(consent(rule("permit")), ask(action=action)) == "permit"
    for named in ("access", "collect", "correct", "disclose", "use"):
        expected = "permit" if named == action else "silent"
        assert word(consent(rule("permit", action=[named])), ask(action=action)) == expected
