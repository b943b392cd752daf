"""Consent-semantics 3, 5, 11 and 12 where exceptions stand within exceptions: what each branch may say, and of what."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.consent import Evaluation, compile_consent, prepared
from gateway.domain.resource import Facts
from gateway.domain.security_label import UNREAD
from tests.domain.consent.making import (
    HTEST,
    NURSE,
    PSY,
    SUD,
    UNIT,
    UNKNOWN,
    WARD,
    N,
    R,
    actor,
    ask,
    at,
    coding,
    consent,
    data,
    dates,
    hear,
    rule,
    thing,
    word,
)

TYPES = "http://hl7.org/fhir/resource-types"
BELOW = {"organisations": frozenset({WARD}), "member_of": frozenset({UNIT})}


def test_3_a_deny_below_what_does_not_match_says_nothing() -> None:
    """From the second level a child counts only where its parent matches, a deny like a permit."""
    below = rule("permit", rule("deny", actor=actor(NURSE)), labels=[PSY])
    assert word(consent(rule("permit", below)), about=thing(N)) == "permit"
    assert word(consent(rule("permit", below)), about=thing(PSY)) == "deny"
    denied = rule("deny", rule("deny", actor=actor(NURSE)), classes=[f"{TYPES}|Goal"])
    assert word(consent(rule("permit", denied))) == "permit"


@pytest.mark.parametrize("says", ["permit", "deny"])
def test_3_an_exception_for_another_action_says_nothing_of_this_one(says: str) -> None:
    other = rule("deny" if says == "permit" else "permit", action=["correct"])
    for said in (rule(says, other), rule(says, rule(says, other))):
        assert word(consent(said)) == says
        assert word(consent(said), ask(action="correct")) == other["type"]


@pytest.mark.parametrize("says", ["permit", "deny"])
def test_3_an_exception_for_another_purpose_says_nothing(says: str) -> None:
    other = rule("deny" if says == "permit" else "permit", purpose=["HRESCH"])
    assert word(consent(rule(says, other))) == says
    assert word(consent(rule(says, rule(says, other)))) == says
    assert word(consent(rule(says, other)), ask("HRESCH")) == other["type"]


@pytest.mark.parametrize("filtered", [{"classes": [f"{TYPES}|Observation"]}, {"labels": [N]}])
@pytest.mark.parametrize("says", ["permit", "deny"])
def test_3_an_exception_for_others_leaves_the_filters_of_the_root_as_they_are(
    says: str, filtered: dict[str, Any]
) -> None:
    said = consent(rule(says, rule("deny", actor=actor("Practitioner/other")), **filtered))
    assert word(said) == says
    assert word(said, about=thing(R, kind="Goal")) == ("deny" if says == "permit" else "silent")


def test_5_what_a_deny_names_is_covered_by_no_permit_below_it() -> None:
    """Only the permits of a branch cover labels; a deny among them, by labels or not, covers none."""
    for deny in (rule("deny", labels=[PSY, SUD]), rule("deny")):
        said = consent(rule("permit", deny | {"provision": [rule("permit", labels=[PSY])]}, labels=[N]))
        assert word(said, about=thing(N, PSY, SUD)) == "deny"
        assert word(said, about=thing(N, PSY)) == "permit"


def test_5_an_exception_for_a_label_is_not_of_what_nobody_could_look_into() -> None:
    """A deny by labels hits it; a permit by labels does not, nor what stands below such a permit."""
    below = consent(rule("permit", rule("permit", rule("deny", actor=actor(NURSE)), labels=[PSY, HTEST])))
    for one in (thing(N, UNREAD), thing(HTEST), thing(N, HTEST)):
        assert word(below, about=one) == "permit"
    assert word(below, about=thing(N, PSY)) == "deny"
    denied = consent(rule("permit", rule("deny", labels=[PSY])))
    assert [word(denied, about=thing(N, *more)) for more in ((UNREAD,), (PSY,), ())] == ["deny", "deny", "permit"]
    listed = consent(rule("permit", labels=[N, UNREAD]))
    assert [word(listed, about=thing(N, *more)) for more in ((UNREAD,), (PSY, UNREAD))] == ["permit", "deny"]


def test_11_a_permit_that_is_not_understood_covers_no_label_beside_its_root() -> None:
    for odd in ({"modifierExtension": UNKNOWN}, {"decision": "permit"}, {"type": "allow"}):
        below = rule("permit", labels=[PSY]) | odd
        assert word(consent(rule("permit", below, labels=[N])), about=thing(N, PSY)) == "deny"
        assert word(consent(rule("permit", below, labels=[N])), about=thing(PSY)) == "deny"


@pytest.mark.parametrize("own", [{}, {"actor": actor(NURSE)}, {"period": {"start": "2026-01-01"}}])
def test_11_an_exception_for_a_purpose_that_is_not_understood_permits_nothing(own: dict[str, Any]) -> None:
    vague = {"type": "permit", "purpose": [{"code": "TREAT"}], "securityLabel": [coding(PSY)], **own}
    assert word(consent(rule("permit", vague, labels=[N])), about=thing(N, PSY)) == "deny"
    assert word(consent(rule("permit", vague | {"type": "deny"})), about=thing(N, PSY)) == "deny"
    assert word(consent(rule("permit", vague | {"type": "deny"})), about=thing(N)) == "permit"


@pytest.mark.parametrize("says", [None, "allow"])
def test_11_what_has_no_type_may_be_a_permit_that_leaves_out_the_rest(says: str | None) -> None:
    """So data that it is not about is denied as well: as not understood it can only narrow."""
    unclear = rule("permit", labels=[PSY]) | {"type": says}
    assert word(consent(unclear), about=thing(N)) == "deny"
    assert word(consent(rule("", unclear)), about=thing(N)) == "deny"
    assert hear(consent(rule("", unclear)), about=thing(N)).rule == 7
    assert word(consent(rule("", unclear)), ask(actors=frozenset()), thing(N)) == "deny"
    assert word(consent(rule("", unclear | {"actor": actor("Practitioner/x")})), about=thing(N)) == "silent"


def test_12_an_exception_of_a_permit_opens_nothing_for_a_sub_unit_that_the_permit_does_not_cover() -> None:
    """A permit for an organisation covers exactly it, and exceptions never reach outside their root's actors."""
    said = consent(rule("permit", rule("permit", actor=actor(WARD, NURSE), labels=[PSY]), actor=actor(UNIT)))
    assert word(said, ask(**BELOW), thing(PSY)) == "silent"
    assert word(said, about=thing(PSY)) == "permit"


# What was worked out for one resource or one moment is no answer for another


@pytest.mark.parametrize(
    ("filtered", "met", "other"),
    [({"data": data("instance", "Observation/o1")}, thing(), thing(id="o2")),
     ({"data": data("related", "Encounter/e1")}, thing(related=frozenset({"Encounter/e1"})), thing()),
     ({"data": data("authoredby", UNIT)}, thing(authors=frozenset({UNIT})), thing()),
     ({"dataPeriod": {"end": "2025-12-31"}}, thing(clinical=dates("2025-06-01")), thing())],
)  # fmt: skip
def test_6_resources_alike_in_all_else_are_told_apart_by_their_ids_writers_and_dates(
    filtered: dict[str, Any], met: Facts, other: Facts
) -> None:
    for said in (rule("deny", **filtered), rule("permit", rule("deny", **filtered))):
        evaluation = Evaluation([compile_consent(consent(said))], ask())
        words = [str(evaluation.verdict(one).word) for one in (met, other, met)]
        assert words == ["deny", "permit" if said["type"] == "permit" else "silent", "deny"]


def test_1_what_begins_and_ends_does_so_for_who_asked_before() -> None:
    year = {"start": "2026-02-01", "end": "2026-12-31"}
    for said in (rule("permit", period=year), rule("", rule("permit", period=year))):
        compiled = [compile_consent(consent(said))]
        for day, expected in (("01-31", "silent"), ("02-01", "permit"), ("12-31", "permit"), ("12-30", "permit")):
            asked = ask(now=at(f"2026-{day}T12:00:00+01:00"))
            assert prepared(compiled, asked).verdict(thing()).word == expected, day
        assert prepared(compiled, ask(now=at("2027-01-01T00:00:00+01:00"))).verdict(thing()).word == "silent"
