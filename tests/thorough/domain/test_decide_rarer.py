"""What decisions rest on besides the citizen's word: time and teller of an override, a duty, the limits of cases, rows
for one purpose, an address for one purpose, and who has handed the citizen over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.caller import Override
from gateway.domain.decide import Basis, Denial, Permit, Reason, decide_all, of_both
from gateway.domain.limits import Limits
from gateway.domain.policy import Ground, Policy
from gateway.domain.redact import ADDRESS_PATHS
from gateway.domain.security_label import PROTECTED_ADDRESS
from tests.domain.consent.making import R, actor, consent, rule, written
from tests.domain.deciding import CLINIC, NORMAL, NOW, POLICY, caller, decided, facts, row


@pytest.mark.parametrize(
    ("ago", "held"),
    [(0, True), (3599, True), (3600, False), (-1, True), (-2, False), (86_400, False)],
)
def test_an_override_holds_from_its_token_for_as_long_as_its_reason(ago: int, held: bool) -> None:
    reason = Override("emergency", "Fundet bevidstløs", NOW - timedelta(seconds=ago))
    answer = decided(caller("nursing", "BTG", override=reason), facts())
    assert isinstance(answer, Permit) is held
    assert held or (isinstance(answer, Denial) and answer.reason is Reason.OVERRIDE_ENDED)


def test_an_override_without_a_time_or_without_somebody_to_tell_the_citizen() -> None:
    timeless = decided(caller("nursing", "BTG", override=Override("emergency", "Fundet bevidstløs")), facts())
    assert isinstance(timeless, Denial)
    assert timeless.reason is Reason.OVERRIDE_ENDED
    untold = decided(caller("nursing", "BTG", sends=()), facts())
    assert isinstance(untold, Denial)
    assert untold.reason is Reason.OVERRIDE_UNTOLD


def test_a_reason_is_taken_by_its_code_its_roles_and_its_days() -> None:
    grounds = [
        Ground("emergency", "Akut før", ("nursing",), 60, 14, "§ 41", "overrides.csv:2", valid_to="2026-05-31"),
        Ground("emergency", "Akut", ("nursing", "social"), 60, 14, "§ 41", "overrides.csv:3", valid_from="2026-06-01"),
        Ground("other", "Andet", ("nursing",), 60, 14, "§ 41", "overrides.csv:4", valid_from="2026-06-02"),
    ]
    policy = Policy(POLICY.rows, POLICY.owners, grounds)
    found = policy.ground("emergency", "nursing", "2026-05-31"), policy.ground("emergency", "nursing", "2026-06-01")
    assert [one and one.rule[-1] for one in found] == ["2", "3"]
    assert policy.ground("emergency", "social", "2026-05-31") is None
    assert policy.grounds_of("nursing", "2026-06-01") == ("emergency",)
    assert policy.grounds_of("nursing", "2026-06-02") == ("emergency", "other")
    assert policy.grounds_of("hospital", "2026-06-02") == ()
    assert [policy.reason("emergency", day) for day in ("2026-05-31", "2026-06-01")] == ["Akut før", "Akut"]
    assert policy.reason("nonsense", "2026-06-01") == "nonsense"
    reason = Override("other", "Fundet bevidstløs", NOW)
    for who in (caller("nursing", "BTG", override=reason), caller("hospital", "BTG")):
        refused = decided(who, facts(), policy=policy)
        assert isinstance(refused, Denial)
        assert refused.reason is Reason.OVERRIDE_REASON_UNKNOWN


def test_who_is_named_as_a_citizen_is_that_citizen_and_no_other() -> None:
    """A consent that names the citizen opens nothing for another citizen who looks."""
    named = written(rule("permit", actor=actor("Patient/p1")))
    same = {"p1": frozenset({"urn:x|1", "Patient/p1"})}
    assert isinstance(decided(caller("citizen", "PATRQT", user="urn:x|1"), facts(), named, same=same), Permit)
    assert isinstance(decided(caller("citizen", "PATRQT", user="urn:x|2"), facts(), named, same=same), Denial)


def test_a_deny_of_whoever_somebody_acts_for_is_one_of_them() -> None:
    said = consent(rule("deny", actor=actor("urn:x|boss")))
    assert isinstance(decided(caller("nursing"), facts(), said), Permit)
    assert isinstance(decided(caller("nursing", on_behalf_of="urn:x|boss"), facts(), said), Denial)


def test_of_several_purposes_each_may_be_the_override() -> None:
    for purposes in (("TREAT", "BTG"), ("BTG", "TREAT")):
        answer = decided(caller("nursing", *purposes), facts())
        assert isinstance(answer, Permit)
        assert answer.override


def test_a_duty_is_its_own_worlds_whatever_the_citizen_says_and_nobody_elses() -> None:
    policy = Policy([row("override", "social nursing", "duty")], POLICY.owners, POLICY.grounds)
    task = facts("override", "municipality", source="kk-case", kind="Task")
    for said in ([], [consent(rule("deny"))]):
        own = decided(caller("social", "CAREMGT"), task, *said, policy=policy)
        assert isinstance(own, Permit)
        assert own.basis is Basis.OWN
    other = decided(caller("nursing"), task, written(rule("permit")), policy=policy)
    assert isinstance(other, Denial)
    assert other.reason is Reason.NEVER


def test_a_row_may_be_of_one_purpose() -> None:
    policy = Policy(
        [row("health", "nursing", "treatment"), row("health", "nursing", "never", purposes=("HRESCH",), line=9)]
    )
    assert isinstance(decided(caller("nursing"), facts(), policy=policy), Permit)
    closed = decided(caller("nursing", "HRESCH"), facts(), written(rule("permit")), policy=policy)
    assert isinstance(closed, Denial)
    assert (closed.reason, closed.rule[-2:]) == (Reason.NEVER, ":9")


def test_what_all_of_an_authority_see_they_see_where_several_sectors_tell_of_it_too() -> None:
    policy = Policy([row("benefit", "social", "authority")], {"kk-ydelse": {(CLINIC.key, "benefit")}})
    for sector, seen in (("municipality", True), ("shared", True), ("region", False)):
        answer = decided(caller("social", "CAREMGT"), facts("benefit", sector, source="kk-ydelse"), policy=policy)
        assert isinstance(answer, Permit) is seen, sector


def test_what_a_case_system_limits_is_taken_out_of_what_is_permitted_and_told() -> None:
    secret = facts("social", "municipality", source="kk-case", id="c2", limits=Limits(CLINIC.key, "27.12.12", 3))
    plain = facts("social", "municipality", source="kk-case")
    permits, denials = decide_all(caller("social", "CAREMGT"), [secret, plain], [], POLICY, NOW)
    assert [one.id for one in permits] == ["c1"]
    (closed,) = denials
    assert (closed.kind, closed.id, closed.reason) == ("Condition", "c2", Reason.CASE_LIMITS)
    assert closed.law.startswith("SF1470")
    permits, denials = decide_all(caller("social", "CAREMGT"), [plain], [], POLICY, NOW)
    assert ([one.id for one in permits], denials) == (["c1"], [])


# Where a protected citizen lives


def patient(*labels: str, **more: Any) -> Any:
    return facts(
        "identity", "shared", kind="Patient", id="p1", labels=frozenset(labels or (R, PROTECTED_ADDRESS)), **more
    )


def taken(answer: Permit | Denial) -> frozenset[str]:
    assert isinstance(answer, Permit), answer
    return answer.redactions


def test_who_treats_sees_an_address_for_treatment_alone() -> None:
    said = written(rule("permit", actor=actor(CLINIC.key)))
    assert taken(decided(caller("hospital"), patient())) == frozenset()
    assert taken(decided(caller("hospital", "HRESCH"), patient(), said)) == ADDRESS_PATHS["Patient"]
    assert taken(decided(caller("nursing"), patient(NORMAL))) == frozenset(), "an address that nobody protects"
    both = decided(caller("hospital", "TREAT", "HRESCH"), patient(), said)
    assert taken(both) == ADDRESS_PATHS["Patient"], "what either purpose takes away is taken away"


def test_who_has_handed_the_citizen_over_sees_the_own_and_no_address() -> None:
    who = replace(caller("hospital"), sends=("here",))
    own, others = patient(source="here"), patient(source="there")
    assert taken(decided(who, own, away=True)) == ADDRESS_PATHS["Patient"]
    refused = decided(who, others, away=True)
    assert isinstance(refused, Denial)
    assert refused.reason is Reason.HANDED_OVER
    kept = decided(who, own, away=True)
    assert isinstance(kept, Permit)
    assert kept.basis is Basis.OWN


@pytest.mark.parametrize(
    ("role", "sector", "more", "seen"),
    [("nursing", "municipality", {}, {"CareTeam.category"}), ("nursing", "region", {}, set()),
     ("social", "municipality", {"source": "kk-case"}, set())],
)  # fmt: skip
def test_who_treats_sees_of_a_municipal_team_not_what_it_is_for(
    role: str, sector: str, more: dict[str, Any], seen: set[str]
) -> None:
    policy = Policy([row("plan", "nursing", "treatment"), row("plan", "social", "own")], POLICY.owners)
    about = facts("plan", sector, kind="CareTeam", id="t1", **more)
    expected = (ADDRESS_PATHS["CareTeam"] | seen) if seen else frozenset()
    assert taken(decided(caller(role), about, policy=policy)) == expected
    plan = facts("plan", sector, kind="CarePlan", id="c1", **more)
    assert taken(decided(caller(role), plan, policy=policy)) == frozenset()


def test_of_what_stood_then_and_what_is_known_today_either_takes_away() -> None:
    whole, less = decided(caller("nursing"), patient(NORMAL)), decided(caller("nursing"), patient())
    assert isinstance(whole, Permit)
    assert isinstance(less, Permit)
    assert of_both(whole, less).redactions == of_both(less, whole).redactions == less.redactions
    assert of_both(whole, whole).redactions == frozenset()
