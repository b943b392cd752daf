"""Consent-semantics 2, 11 and 12: by which words of a consent a reader is meant."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.consent.actors import READER_ROLE, SUB_UNITS
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
