"""Consent-semantics 11: what is not understood can only narrow. And no Consent, however odd, breaks a decision."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.consent import compile_consent, evaluate, in_this_gateway
from tests.domain.consent.making import (
    NURSE,
    PSY,
    SUD,
    UNIT,
    UNKNOWN,
    N,
    actor,
    ask,
    coding,
    consent,
    data,
    hear,
    rule,
    thing,
    word,
)


def odd(provision: dict[str, Any]) -> dict[str, Any]:
    """The same with a modifier extension that nobody knows."""
    return provision | {"modifierExtension": UNKNOWN}


def test_11_an_unknown_modifier_voids_a_permit() -> None:
    assert word(consent(odd(rule("permit")))) == "silent"
    verdict = hear(consent(odd(rule("permit"))))
    assert (verdict.rule, verdict.consent) == (11, "c1")
    assert word(consent(rule("deny", odd(rule("permit", actor=actor(NURSE)))))) == "deny"


def test_11_and_everything_below_it() -> None:
    below = odd(rule("permit", rule("permit", actor=actor(NURSE)), labels=[PSY]))
    assert word(consent(rule("deny", below)), about=thing(PSY)) == "deny"
    assert word(consent(odd(rule("permit", rule("permit", actor=actor(NURSE)))))) == "silent"


def test_11_but_a_deny_below_a_voided_permit_still_narrows() -> None:
    assert word(consent(odd(rule("permit", rule("deny", labels=[PSY])))), about=thing(N, PSY)) == "deny"


def test_11_and_a_voided_permit_still_limits() -> None:
    assert word(consent(odd(rule("permit", labels=[N]))), about=thing(PSY)) == "deny"


def test_11_an_unknown_modifier_on_a_deny_changes_nothing() -> None:
    assert word(consent(odd(rule("deny")))) == "deny"
    assert word(consent(rule("permit", odd(rule("deny", labels=[PSY])))), about=thing(PSY)) == "deny"
    assert word(consent(rule("permit", odd(rule("deny", labels=[PSY])))), about=thing(N)) == "permit"


def test_11_what_a_deny_with_an_unknown_modifier_excepts_is_not_permitted() -> None:
    assert word(consent(odd(rule("deny", rule("permit", actor=actor(NURSE)))))) == "deny"


@pytest.mark.parametrize(
    "more",
    [{"modifierExtension": UNKNOWN}, {"implicitRules": "https://example.org/rules"},
     {"policy": [{"uri": "urn:x", "modifierExtension": UNKNOWN}]},
     {"verification": [{"verified": True, "modifierExtension": UNKNOWN}]}],
)  # fmt: skip
def test_11_on_the_consent_itself_it_can_only_deny(more: dict[str, Any]) -> None:
    assert word(consent(rule("permit"), **more)) == "silent"
    assert word(consent(rule("deny"), **more)) == "deny"
    assert word(consent(rule("deny", rule("permit")), **more)) == "deny"
    assert word(consent(rule("permit", rule("deny", actor=actor(NURSE))), **more)) == "deny"


UNRESOLVED = [
    {"reference": {"reference": "https://example.org/Practitioner/1"}},
    {"reference": {"reference": "Practitioner/1/x"}},
    {"reference": {"reference": "#nobody"}},
    {"reference": {"reference": "Basket/1"}},
    {"reference": {"display": "Dr. Bo"}},
    {"reference": {"identifier": {"value": "7"}}},
    {"reference": {}},
    {},
    "Practitioner/1",
    {"modifierExtension": UNKNOWN, "reference": {"reference": "Practitioner/else"}},
    {"role": {"coding": [{"system": "urn:x", "code": "?"}]}, "reference": {"reference": "Practitioner/else"}},
]


@pytest.mark.parametrize("who", UNRESOLVED)
def test_11_an_unresolvable_actor_of_a_permit_is_nobody_of_a_deny_everyone(who: Any) -> None:
    assert word(consent(rule("permit", actor=[who]))) == "silent"
    assert word(consent(rule("deny", actor=[who]))) == "deny"
    beside = [who, *actor(NURSE)]
    assert word(consent(rule("permit", actor=beside))) == "permit", "the one beside it is understood"
    other = ask(actors=frozenset({"Practitioner/other"}))
    assert word(consent(rule("permit", actor=beside)), other) == "silent"
    assert word(consent(rule("deny", actor=beside)), other) == "deny"


@pytest.mark.parametrize("actors", [[], {}, "all", None])
def test_11_actors_that_are_no_list_are_nobody_and_everyone(actors: Any) -> None:
    assert word(consent(rule("permit", actor=actors))) == "silent"
    assert word(consent(rule("deny", actor=actors))) == "deny"


@pytest.mark.parametrize("meaning", ["dependents", "", None, "RELATED", ["related"]])
def test_11_another_meaning_of_data_is_not_understood(meaning: Any) -> None:
    about = thing(related=frozenset({"Encounter/e1"}))
    named = data("x", "Encounter/e1")
    named[0]["meaning"] = meaning
    limited = hear(consent(rule("permit", data=named)), about=about)
    assert (limited.word, limited.rule) == ("deny", 7), "what the citizen permitted cannot be told to be this"
    assert word(consent(rule("deny", data=named)), about=about) == "deny"
    assert word(consent(rule("deny", data=named)), about=thing(related=frozenset())) == "deny"


@pytest.mark.parametrize(
    "reference",
    ["https://example.org/Encounter/e1", "#e1", "urn:x|7", "Encounter", "Encounter/", "/e1", "Encounter/e1/x", "e1/e1"],
)
def test_11_data_that_cannot_be_found_is_not_understood(reference: str) -> None:
    assert word(consent(rule("permit", data=data("instance", reference)))) == "deny"
    assert word(consent(rule("deny", data=data("instance", reference)))) == "deny"


def test_11_data_with_an_unknown_modifier_is_not_understood() -> None:
    named = [data("instance", "Observation/o1")[0] | {"modifierExtension": UNKNOWN}]
    assert word(consent(rule("permit", data=named))) == "deny"
    for about in (thing(), thing(id="o2")):
        assert word(consent(rule("deny", data=named)), about=about) == "deny"


def test_11_who_wrote_the_data_and_is_no_resource_here_is_not_understood() -> None:
    about = thing(authors=frozenset({"Practitioner/7"}))
    for says in ("permit", "deny"):
        said = consent(rule(says, data=data("authoredby", "Practitioner/7")))
        assert evaluate([compile_consent(said, resolve=in_this_gateway)], ask(), about).word == "deny"
        assert evaluate([compile_consent(said, resolve=in_this_gateway)], ask(), thing()).word == "deny"


@pytest.mark.parametrize("says", [None, "", "allow", "Permit", 1, ["permit"]])
def test_11_an_exception_without_a_type_never_permits(says: Any) -> None:
    exception = rule("permit", actor=actor(NURSE)) | {"type": says}
    assert word(consent(rule("deny", exception))) == "deny"
    assert word(consent(rule("permit", exception))) == "deny"
    assert word(consent(rule("permit", exception)), ask(actors=frozenset({"Practitioner/x"}))) == "permit"
    del exception["type"]
    assert word(consent(rule("permit", exception))) == "deny"


@pytest.mark.parametrize("says", ["allow", "Permit", 1, None])
def test_11_nor_does_a_root_with_an_unknown_type(says: Any) -> None:
    assert word(consent({"type": says})) == "deny"


@pytest.mark.parametrize("action", ["read", "", "Access", "http://terminology.hl7.org/CodeSystem/consentaction|access"])
def test_11_an_unknown_action_in_a_request_is_denied(action: str) -> None:
    verdict = hear(consent(rule("permit")), ask(action=action))
    assert (verdict.word, verdict.rule) == ("deny", 11)


INCOMPLETE = [
    {"code": "TREAT"},
    {"system": "urn:x"},
    {"display": "behandling"},
    {},
    "TREAT",
    None,
    {"system": "", "code": ""},
    {"system": "urn:x", "code": ""},
    {"system": "", "code": "TREAT"},
    {"system": 7, "code": "TREAT"},
    {"system": "urn:x", "code": 7},
]


@pytest.mark.parametrize("value", INCOMPLETE)
@pytest.mark.parametrize("element", ["purpose", "securityLabel", "class"])
def test_11_an_incomplete_code_permits_nothing_and_denies_everything(element: str, value: Any) -> None:
    assert word(consent({"type": "permit", element: [value]})) != "permit"
    assert word(consent({"type": "deny", element: [value]})) == "deny"


@pytest.mark.parametrize("element", ["action", "code"])
@pytest.mark.parametrize("value", [{"text": "læse"}, {"coding": []}, {"coding": [{}]}, {}, None, "x"])
def test_11_so_does_a_concept_without_a_code(element: str, value: Any) -> None:
    assert word(consent({"type": "permit", element: [value]})) != "permit"
    assert word(consent({"type": "deny", element: [value]}), about=thing(codes=frozenset({"a|b"}))) == "deny"


@pytest.mark.parametrize("element", ["purpose", "securityLabel", "class", "action", "code", "data", "provision"])
@pytest.mark.parametrize("value", [{}, "x", 1, None])
def test_11_an_element_that_is_no_list(element: str, value: Any) -> None:
    assert word(consent({"type": "permit", element: value})) != "permit"
    assert word(consent({"type": "deny", element: value})) == "deny"


def test_11_an_element_that_r4_does_not_have() -> None:
    assert word(consent(rule("permit", decision="permit"))) == "silent"
    assert word(consent(rule("deny", expression={}))) == "deny"
    assert word(consent(rule("permit", _type={"id": "a"}, extension=[{"url": "urn:x"}], id="p"))) == "permit"


def test_11_a_data_period_that_cannot_be_read() -> None:
    for bad in ({}, {"start": "?"}, {"start": "2027-01-01", "end": "2026-01-01"}, []):
        assert word(consent(rule("permit", dataPeriod=bad))) == "deny"
        assert word(consent(rule("deny", dataPeriod=bad))) == "deny"


def test_11_nesting_without_end_denies_below_the_floor() -> None:
    nested = rule("permit")
    for _ in range(200):
        nested = rule("permit", nested)
    assert word(consent(nested)) == "deny"
    shallow = rule("permit")
    for _ in range(30):
        shallow = rule("permit", shallow)
    assert word(consent(shallow)) == "permit"


def test_11_an_unclear_label_beside_a_clear_one() -> None:
    said = {"type": "permit", "securityLabel": [coding(N), {"code": "PSY"}]}
    assert word(consent(said), about=thing(N)) == "permit"
    assert word(consent(said), about=thing(N, PSY)) == "deny"
    denied = {"type": "deny", "securityLabel": [coding(SUD), {"code": "PSY"}]}
    assert word(consent(denied), about=thing(N)) == "deny"
    excepted = denied | {"provision": [rule("permit", actor=actor(NURSE))]}
    assert word(consent(rule("permit", excepted)), about=thing(N)) == "deny", "the exception is as sure as the deny"
    assert word(consent(rule("permit", excepted)), about=thing(SUD)) == "permit"


def test_11_an_unclear_purpose_of_a_deny_may_be_the_override() -> None:
    unclear = consent({"type": "deny", "purpose": [{"code": "BTG"}]}, id="a")
    named = consent(rule("permit", purpose=["BTG"], actor=actor(UNIT)), id="b")
    assert word([unclear, named], ask("BTG")) == "deny"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3) | st.sampled_from(["permit", "deny"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "provision", "actor", "reference", "coding", "system", "code", "start", "data"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    provision=values,
    more=st.dictionaries(
        st.sampled_from(["scope", "category", "patient", "dateTime", "extension", "contained", "policy", "policyRule"]),
        values, max_size=3,
    ),
)  # fmt: skip
def test_no_consent_breaks_a_decision(provision: Any, more: dict[str, Any]) -> None:
    compiled = compile_consent(consent(None) | {"provision": provision} | more)
    assert evaluate([compiled], ask("TREAT", "BTG"), thing(N, PSY)).word in ("permit", "deny", "silent")
