"""Consent-semantics 8, 9, 10 and 13: silence, purposes, the override as consents name it, several citizens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.consent import Evaluation, compile_consent
from gateway.domain.consent.ask import PURPOSES
from tests.domain.consent.making import (
    NURSE,
    PSY,
    REASON,
    UNIT,
    N,
    actor,
    ask,
    coding,
    consent,
    hear,
    rule,
    thing,
    word,
)

# 8. Nothing applicable


def test_8_without_a_consent_that_applies_consents_are_silent() -> None:
    assert hear([]).word == "silent"
    assert hear([]).rule == 8
    assert word(consent(rule("permit", actor=actor("Organization/other")))) == "silent"


# 9. Purpose


@pytest.mark.parametrize("purposes", [(), ("",), ("", "")])
def test_9_a_missing_purpose_is_denied(purposes: tuple[str, ...]) -> None:
    found = hear(consent(rule("permit")), replace(ask(), purposes=purposes))
    assert (found.word, found.rule) == ("deny", 9)


@pytest.mark.parametrize("purpose", ["TREET", "treat", "TREAT ", "IRCP", "*", "https://example.org|X"])
def test_9_an_unknown_purpose_is_denied_whatever_is_permitted(purpose: str) -> None:
    assert word(consent(rule("permit")), ask(purpose)) == "deny"
    assert word([], ask(purpose)) == "deny"


def test_9_a_purpose_of_another_system_is_known_where_a_consent_names_it() -> None:
    own = "https://example.org/purposes|FooBar"
    named = consent({"type": "permit", "purpose": [coding(own)]}, id="named")
    assert word(named, ask(own)) == "permit"
    assert word([named, consent(rule("deny"), id="c2")], ask(own)) == "deny"
    elsewhere = consent({"type": "permit", "purpose": [coding(own)], "actor": actor("Organization/x")}, id="other")
    assert word([elsewhere, consent(rule("permit"), id="c2")], ask(own)) == "silent", "all purposes are the known ones"


def test_9_naming_a_v3_code_that_does_not_exist_makes_it_no_purpose() -> None:
    assert word(consent(rule("permit", purpose=["NONSENSE"])), ask("NONSENSE")) == "deny"


def test_9_of_several_purposes_every_one_must_be_permitted() -> None:
    treat = consent(rule("permit", purpose=["TREAT"]))
    assert word(treat, ask("TREAT", "HRESCH")) == "silent"
    research = consent(rule("permit", purpose=["HRESCH"]), id="c2")
    assert word([treat, research], ask("TREAT", "HRESCH")) == "permit"
    none = consent(rule("deny", purpose=["HRESCH"]), id="c3")
    assert word([treat, none], ask("TREAT", "HRESCH")) == "deny"
    assert word([treat, none], ask("HRESCH", "TREAT")) == "deny"


def test_9_each_purpose_has_its_own_verdict() -> None:
    sitting = Evaluation([compile_consent(consent(rule("permit", purpose=["TREAT"])))], ask("TREAT", "HRESCH"))
    assert [sitting.verdict_for(p, thing()).word for p in sitting.purposes] == ["permit", "silent"]


def test_9_the_known_purposes_are_those_of_v3() -> None:
    assert {
        f"{REASON}|{code}" for code in "TREAT ETREAT BTG HPAYMT HOPERAT HRESCH PATRQT CAREMGT GOV".split()
    } <= PURPOSES
    assert f"{REASON}|HTEST" in PURPOSES


# 10. Override, as far as consents name it


def test_10_a_permit_that_names_btg_beats_denials() -> None:
    for denying in (rule("deny"), rule("deny", actor=actor(UNIT)), rule("permit", labels=[N])):
        both = [consent(denying, id="a"), consent(rule("permit", purpose=["BTG"]), id="b")]
        verdict = hear(both, ask("BTG"), thing(PSY))
        assert (verdict.word, verdict.rule, verdict.consent, verdict.breaks_glass) == ("permit", 10, "b", True)
        assert word(both, ask("TREAT"), thing(PSY)) == "deny"


def test_10_also_within_one_consent() -> None:
    said = rule("permit", rule("deny", labels=[PSY]), rule("permit", purpose=["BTG"], actor=actor(NURSE)))
    assert word(consent(said), ask("BTG"), thing(PSY)) == "permit"
    assert word(consent(said), ask("TREAT"), thing(PSY)) == "deny"


def test_10_except_a_deny_that_names_btg() -> None:
    named = consent(rule("deny", purpose=["BTG"]), id="a")
    verdict = hear([named, consent(rule("permit", purpose=["BTG"]), id="b")], ask("BTG"))
    assert (verdict.word, verdict.consent, verdict.breaks_glass) == ("deny", "a", True)


def test_10_a_permit_for_all_purposes_does_not_name_btg() -> None:
    both = [consent(rule("permit"), id="a"), consent(rule("deny"), id="b")]
    verdict = hear(both, ask("BTG"))
    assert (verdict.word, verdict.breaks_glass) == ("deny", False)
    assert not hear(consent(rule("permit")), ask("BTG")).breaks_glass


def test_10_etreat_is_a_purpose_of_its_own() -> None:
    both = [consent(rule("permit", purpose=["ETREAT"]), id="a"), consent(rule("deny", actor=actor(UNIT)), id="b")]
    assert word(both, ask("ETREAT")) == "deny"


# 13. Several citizens


def test_13_each_citizens_decision_must_permit() -> None:
    mine = consent(rule("permit"), id="a")
    theirs = consent(rule("permit"), id="b", patient={"reference": "Patient/p2"})
    about = thing(citizens=("p1", "p2"))
    assert word([mine], about=about) == "silent", "the table is asked for the other one"
    assert word([mine, theirs], about=about) == "permit"
    no = consent(rule("deny"), id="b", patient={"reference": "Patient/p2"})
    assert word([mine, no], about=about) == "deny"


def test_13_a_consent_speaks_for_its_own_citizen_only() -> None:
    stranger = consent(rule("deny"), patient={"reference": "Patient/p2"})
    assert word([stranger]) == "silent"
    assert word([stranger], about=thing(citizens=("p1", "p2"))) == "deny"
