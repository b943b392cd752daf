"""The legal policy as a table: which row holds, on which day, and that none is missing or told twice."""

from __future__ import annotations

from gateway.domain.policy import CLASSES, ROLES, SECTORS, Policy, contradictions
from tests.domain.deciding import row

DAY = "2026-06-01"


def rule_of(
    policy: Policy, sector: str = "region", purpose: str = "TREAT", day: str = DAY, role: str = "nursing"
) -> str:
    found = policy.row("health", sector, role, purpose, day)
    return found.rule.rpartition(":")[2] if found else ""


def test_an_exact_sector_goes_before_any_and_then_an_exact_purpose() -> None:
    policy = Policy(
        [
            row("health", "nursing", "consent", line=2),
            row("health", "nursing", "consent", purposes=("TREAT",), line=3),
            row("health", "nursing", "consent", sector="region", line=4),
            row("health", "nursing", "consent", sector="region", purposes=("TREAT", "ETREAT"), line=5),
        ]
    )
    assert rule_of(policy) == rule_of(policy, purpose="ETREAT") == "5"
    assert rule_of(policy, purpose="BTG") == "4"
    assert rule_of(policy, "municipality") == "3"
    assert rule_of(policy, "municipality", "BTG") == "2"
    assert rule_of(policy, role="ngo") == ""


def test_rows_hold_from_the_first_to_the_last_day() -> None:
    policy = Policy(
        [
            row("health", "nursing", "treatment", valid_to="2026-12-31", line=2),
            row("health", "nursing", "consent", valid_from="2027-01-01", line=3),
        ]
    )
    assert rule_of(policy, day="2026-12-31") == "2"
    assert rule_of(policy, day="2027-01-01") == "3"
    assert not contradictions(policy.rows)


def test_days_are_not_remembered_without_end() -> None:
    policy = Policy([row("health", "nursing", "treatment")])
    assert {rule_of(policy, day=f"2026-01-{day:02}") for day in range(1, 29)} == {"2"}
    assert len(policy._days) < 12


def test_two_rows_for_one_case_contradict_each_other() -> None:
    first = row("health", "nursing social", "treatment", line=2)
    for second, together in [
        (row("health", "social", "consent", line=3), True),
        (row("health", "social", "consent", sector="region", line=3), False),
        (row("health", "social", "consent", purposes=("TREAT",), line=3), False),
        (row("social", "social", "consent", line=3), False),
        (row("health", "ngo", "consent", line=3), False),
    ]:
        assert contradictions([first, second]) == ([(first, second)] if together else [])
    ended = row("health", "nursing", "treatment", valid_to="2026-05-31")
    assert not contradictions([ended, row("health", "nursing", "consent", valid_from="2026-06-01")])
    assert contradictions([ended, row("health", "nursing", "consent", valid_from="2026-05-31")])


def test_gaps_are_closed_cases() -> None:
    every = [row(one, " ".join(ROLES), "consent") for one in CLASSES]
    assert not Policy(every).gaps(DAY)
    assert len(Policy(every[1:]).gaps(DAY)) == len(SECTORS) * len(ROLES)
    treat_only = [*every[1:], row(CLASSES[0], " ".join(ROLES), "consent", purposes=("TREAT",))]
    assert Policy(treat_only).gaps(DAY), "a purpose that nobody thought of has no row"
