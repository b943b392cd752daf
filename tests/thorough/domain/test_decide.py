"""The order of a decision, what it rests on, and that nobody else makes a Permit."""

from __future__ import annotations

import copy
import dataclasses
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.caller import Override
from gateway.domain.consent import compile_consent
from gateway.domain.decide import Basis, Denial, Permit, Reason, decide_all
from gateway.domain.identifier import CPR
from gateway.domain.policy import Policy
from tests.domain.consent.making import PSY, N, R, actor, consent, rule, written
from tests.domain.consent.worlds import World
from tests.domain.deciding import CLINIC, NOW, POLICY, caller, decided, facts, row

HERE = actor(CLINIC.key)


def permitted(answer: Permit | Denial) -> Permit:
    assert isinstance(answer, Permit), answer
    return answer


def denied(answer: Permit | Denial) -> Denial:
    assert isinstance(answer, Denial), answer
    return answer


# What a permit rests on


def test_treatment_is_the_tables_word() -> None:
    permit = permitted(decided(caller("nursing"), facts()))
    assert (permit.kind, permit.id, permit.basis) == ("Condition", "c1", Basis.TREATMENT)
    assert (permit.law, permit.rule) == ("sundhedsloven § 42 a", "mappings/policy/access.csv:2")
    assert (permit.consent, permit.override, permit.redactions) == ("", False, frozenset())


@pytest.mark.parametrize("purpose", ["ETREAT", "HOPERAT", "HRESCH", "CAREMGT"])
def test_treatment_covers_purpose_treat_only(purpose: str) -> None:
    assert denied(decided(caller("nursing", purpose), facts())).reason is Reason.CONSENT_NEEDED


@pytest.mark.parametrize("action", ["correct", "disclose", "collect", "use"])
def test_treatment_covers_reading_only(action: str) -> None:
    assert denied(decided(caller("nursing"), facts(), action=action)).reason is Reason.CONSENT_NEEDED


def test_a_consent_opens_what_the_table_closes() -> None:
    said = written(rule("permit", actor=HERE, purpose=["CAREMGT"]), id="mine")
    permit = permitted(decided(caller("social", "CAREMGT"), facts(), said))
    assert (permit.basis, permit.consent) == (Basis.CONSENT, "mine")
    assert permit.rule.endswith(":3")


def test_a_jobcenter_is_refused_and_told_why() -> None:
    denial = denied(decided(caller("jobcenter", "CAREMGT"), facts("social", "municipality")))
    assert (denial.kind, denial.id, denial.reason) == ("Condition", "c1", Reason.CONSENT_NEEDED)
    assert (denial.rule, denial.law) == ("mappings/policy/access.csv:8", "sundhedsloven § 42 a")


def test_withdrawal_counts_on_the_next_request() -> None:
    said = written(rule("permit", actor=HERE, purpose=["CAREMGT"]))
    assert isinstance(decided(caller("social", "CAREMGT"), facts(), said), Permit)
    assert isinstance(decided(caller("social", "CAREMGT"), facts(), said | {"status": "inactive"}), Denial)


def test_the_consent_that_lacks_the_form_is_named() -> None:
    said = consent(rule("permit", actor=HERE, purpose=["CAREMGT"]), id="oral")
    denial = denied(decided(caller("social", "CAREMGT"), facts(), said))
    assert (denial.reason, denial.consent) == (Reason.CONSENT_NEEDED, "oral")


def test_a_deny_and_a_limit_name_the_consent_and_not_the_row() -> None:
    denial = denied(decided(caller("nursing"), facts(), consent(rule("deny"), id="no")))
    assert (denial.reason, denial.consent, denial.rule) == (Reason.CONSENT_DENIES, "no", "consent:no")
    limited = facts(labels=frozenset({R, PSY}))
    denial = denied(decided(caller("nursing"), limited, consent(rule("permit", labels=[N]), id="some")))
    assert (denial.reason, denial.rule) == (Reason.CONSENT_LIMITS, "consent:some")


# Before any consent


@pytest.mark.parametrize(
    ("purposes", "reason"),
    [((), Reason.NO_PURPOSE), (("",), Reason.NO_PURPOSE), (("TREAT", ""), Reason.NO_PURPOSE),
     (("TREET",), Reason.UNKNOWN_PURPOSE), (("TREAT", "X"), Reason.UNKNOWN_PURPOSE),
     (("https://example.org|X",), Reason.UNKNOWN_PURPOSE)],
)  # fmt: skip
def test_a_purpose_is_needed_and_known(purposes: tuple[str, ...], reason: Reason) -> None:
    who = dataclasses.replace(caller("nursing"), purposes=purposes)
    assert denied(decided(who, facts(), consent(rule("permit")))).reason is reason


def test_an_action_is_known() -> None:
    assert denied(decided(caller("nursing"), facts(), action="read")).reason is Reason.UNKNOWN_ACTION


def test_an_auditor_sees_no_content_whatever_is_permitted() -> None:
    denial = denied(decided(caller("auditor", "HOPERAT"), facts(), consent(rule("permit"))))
    assert (denial.reason, denial.rule) == (Reason.AUDITOR, "mappings/policy/access.csv:17")
    everything = Policy([row("health", "auditor", "treatment", override=True)])
    assert denied(decided(caller("auditor"), facts(), policy=everything)).reason is Reason.AUDITOR


def test_never_is_never() -> None:
    said = [consent(rule("permit"), id="a"), consent(rule("permit", purpose=["BTG"]), id="b")]
    for purpose in ("TREAT", "CAREMGT", "BTG"):
        denial = denied(decided(caller("ngo", purpose), facts(), *said))
        assert (denial.reason, denial.rule) == (Reason.NEVER, "mappings/policy/access.csv:5")


def test_what_no_row_speaks_of_is_closed() -> None:
    assert denied(decided(caller("nursing"), facts("criminal"), consent(rule("permit")))).reason is Reason.NO_RULE
    assert denied(decided(caller("nursing"), facts(""), consent(rule("permit")))).reason is Reason.NO_RULE


def test_rows_have_days() -> None:
    later = Policy([row("health", "nursing", "treatment", valid_from="2026-06-02")])
    earlier = Policy([row("health", "nursing", "treatment", valid_to="2026-05-31")])
    today = Policy([row("health", "nursing", "treatment", valid_from="2026-06-01", valid_to="2026-06-01")])
    assert isinstance(decided(caller("nursing"), facts(), policy=today), Permit)
    for policy in (later, earlier):
        assert denied(decided(caller("nursing"), facts(), policy=policy)).reason is Reason.NO_RULE


# Override


def test_an_override_opens_what_a_consent_denies_and_what_needs_one() -> None:
    for said in ([], [consent(rule("deny"))], [consent(rule("permit", labels=[PSY]))]):
        for role in ("nursing", "social"):
            permit = permitted(decided(caller(role, "BTG"), facts(), *said))
            assert (permit.basis, permit.override, permit.consent) == (Basis.OVERRIDE, True, "")


@pytest.mark.parametrize("reason", [None, Override("", "tekst"), Override("emergency", ""), Override(" ", " ")])
def test_only_with_a_reason_code_and_text(reason: Override | None) -> None:
    who = caller("nursing", "BTG", override=reason)
    for said in ([], [consent(rule("permit", purpose=["BTG"]))]):
        assert denied(decided(who, facts(), *said)).reason is Reason.OVERRIDE_WITHOUT_REASON


def test_a_reason_without_the_purpose_is_no_override() -> None:
    who = caller("nursing", "TREAT", override=Override("emergency", "tekst"))
    assert denied(decided(who, facts(), consent(rule("deny")))).reason is Reason.CONSENT_DENIES


def test_only_for_roles_and_classes_where_the_table_allows_it() -> None:
    assert denied(decided(caller("jobcenter", "BTG"), facts())).reason is Reason.CONSENT_NEEDED
    assert denied(decided(caller("jobcenter", "BTG"), facts(), consent(rule("deny")))).reason is Reason.CONSENT_DENIES


def test_a_deny_that_names_it_stands() -> None:
    denial = denied(decided(caller("nursing", "BTG"), facts(), consent(rule("deny", purpose=["BTG"]), id="no")))
    assert (denial.reason, denial.rule) == (Reason.OVERRIDE_FORBIDDEN, "consent:no")


def test_a_permit_that_names_it_needs_no_row_but_a_reason() -> None:
    said = [consent(rule("deny"), id="a"), written(rule("permit", purpose=["BTG"]), id="b")]
    permit = permitted(decided(caller("jobcenter", "BTG"), facts(), *said))
    assert (permit.basis, permit.consent, permit.override) == (Basis.CONSENT, "b", True)


def test_an_override_reads_and_does_nothing_else() -> None:
    assert denied(decided(caller("nursing", "BTG"), facts(), action="correct")).reason is Reason.CONSENT_NEEDED


def test_every_purpose_must_be_permitted() -> None:
    both = caller("nursing", "TREAT", "BTG")
    assert permitted(decided(both, facts())).override
    assert denied(decided(both, facts(), consent(rule("deny", purpose=["TREAT"])))).reason is Reason.CONSENT_DENIES
    research = consent(rule("permit", purpose=["HRESCH"]))
    assert isinstance(decided(caller("hospital", "TREAT", "HRESCH"), facts(), research), Permit)
    assert isinstance(decided(caller("hospital", "TREAT", "HRESCH"), facts()), Denial)


# Own data


def own(**more: Any) -> Any:
    return facts("social", "municipality", source="kk-case", **more)


def test_own_is_what_the_same_organisation_and_role_sent() -> None:
    assert permitted(decided(caller("social", "CAREMGT"), own())).basis is Basis.OWN
    unit = dataclasses.replace(CLINIC, value="1")
    below = caller("social", "CAREMGT", organisation=unit, member_of=(CLINIC.key,))
    assert permitted(decided(below, own())).basis is Basis.OWN
    other = caller("social", "CAREMGT", organisation=unit)
    assert denied(decided(other, own())).reason is Reason.CONSENT_NEEDED
    sender = caller("social", "CAREMGT", organisation=unit, sends=("kk-case",))
    assert permitted(decided(sender, own())).basis is Basis.OWN


def test_one_organisation_is_several_legal_worlds() -> None:
    assert denied(decided(caller("jobcenter", "CAREMGT"), own())).reason is Reason.CONSENT_NEEDED
    nursing = Policy([row("social", "nursing", "own")], POLICY.owners)
    assert isinstance(decided(caller("nursing"), own(), policy=nursing), Denial)


def test_own_stays_in_its_sector() -> None:
    assert isinstance(decided(caller("social", "CAREMGT"), facts("social", "region", source="kk-case")), Denial)
    shared = facts("social", "shared", source="rh", sources=("kk-case", "rh"))
    assert permitted(decided(caller("social", "CAREMGT"), shared)).basis is Basis.OWN
    assert isinstance(decided(caller("social", "CAREMGT"), facts("social", "shared", source="rh")), Denial)


def test_a_permit_for_others_data_takes_own_data_from_nobody_but_a_deny_does() -> None:
    health_only = consent(rule("permit", classes=["http://hl7.org/fhir/resource-types|Encounter"], actor=HERE))
    assert permitted(decided(caller("social", "CAREMGT"), own(), health_only)).basis is Basis.OWN
    assert denied(decided(caller("social", "CAREMGT"), own(), consent(rule("deny")))).reason is Reason.CONSENT_DENIES


def test_a_citizen_sees_the_citizens_own() -> None:
    number = f"{CPR}|2512489996"
    same = {"p1": frozenset({number, "Patient/p1"})}
    who = caller("citizen", "PATRQT", user=number)
    assert permitted(decided(who, facts(), same=same)).basis is Basis.OWN
    assert isinstance(decided(who, facts(), same={"p1": frozenset({"Patient/p1"})}), Denial)
    assert isinstance(decided(who, facts()), Denial)
    assert isinstance(decided(who, facts(citizens=("p1", "p2")), same=same), Denial)
    named = written(rule("permit", actor=actor("Patient/p1")), patient={"reference": "Patient/p2"})
    assert isinstance(decided(who, facts(citizen="p2"), named, same=same), Permit), "the other names this citizen"


# Everything at once


def test_many_at_once_are_decided_as_each_alone() -> None:
    listed = [facts(), facts("social", "municipality"), facts("social"), facts("criminal"), own()]
    listed = [dataclasses.replace(one, id=f"r{n}") for n, one in enumerate(listed)]
    said = [consent(rule("permit", labels=[N], actor=HERE, purpose=["CAREMGT"]), id="a")]
    compiled = [compile_consent(c) for c in said]
    who = caller("social", "CAREMGT")
    permits, denials = decide_all(who, listed, compiled, POLICY, NOW)
    alone = [decided(who, one, *said) for one in listed]
    assert permits == [one for one in alone if isinstance(one, Permit)]
    assert denials == [one for one in alone if isinstance(one, Denial)]
    assert decide_all(who, [], compiled, POLICY, NOW) == ([], [])


def test_several_citizens_each_need_their_own() -> None:
    both = facts(citizens=("p1", "p2"))
    mine, theirs = consent(rule("permit"), id="a"), consent(rule("permit"), id="b", patient={"reference": "Patient/p2"})
    who = caller("jobcenter", "TREAT")
    assert isinstance(decided(who, both, mine), Denial)
    assert isinstance(decided(who, both, mine, theirs), Permit)
    assert isinstance(decided(caller("nursing"), both, mine | {"provision": rule("deny")}), Denial)


def test_nobody_else_makes_a_permit() -> None:
    given_ = permitted(decided(caller("nursing"), facts()))
    fields = {f.name: getattr(given_, f.name) for f in dataclasses.fields(given_)}
    with pytest.raises(TypeError, match="decide"):
        Permit(**fields)
    with pytest.raises(TypeError, match="decide"):
        Permit(**fields, seal=object())
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(given_, id="c2")
    with pytest.raises(dataclasses.FrozenInstanceError):
        given_.id = "c2"  # type: ignore[misc]
    assert copy.copy(given_) == given_


ROLES = st.sampled_from(["hospital", "nursing", "social", "jobcenter", "ngo", "auditor"])


@given(ROLES, st.integers(0, 2**40))
def test_a_further_deny_permits_nobody_more(role: str, seed: int) -> None:
    for world in (World(seed), World(seed + 1)):
        draw = random.Random(seed)
        about = dataclasses.replace(world.thing, data_class=draw.choice(["health", "social"]))
        who = caller(role, *draw.sample(["TREAT", "BTG", "CAREMGT"], 1))
        before = decided(who, about, *world.consents)
        after = decided(who, about, *world.consents, consent(world.provision(9) | {"type": "deny"}, id="more"))
        assert not (isinstance(after, Permit) and isinstance(before, Denial))
        if isinstance(before, Permit) and role in ("ngo", "auditor"):
            pytest.fail("never and auditor are closed")
