"""Which limit of a case system closed something, in words for those who are cleared to be told."""

from __future__ import annotations

from gateway.domain.limits import Limits, told_why
from tests.domain.deciding import caller, facts


def test_which_limit_closes_is_told_in_words() -> None:
    stranger, other = "http://cvr.dk|11111111", "http://cvr.dk|22222222"
    secret = facts("social", "municipality", kind="CarePlan", id="a", limits=Limits(other, "27.57.16", 1, (stranger,)))
    vip = facts("social", "municipality", kind="CarePlan", id="b", limits=Limits(other, "27.57.16", 3))
    lying = facts(
        "social", "municipality", kind="DocumentReference", id="d", limits=Limits("nobody", "", 0),
        related=frozenset({"CarePlan/a"}),
    )  # fmt: skip
    everything = (secret, vip, lying)
    who = caller("social", "CAREMGT")
    assert "Sikkerhedsprofil" in told_why(who, secret, everything)
    assert "VIP_SAGER" in told_why(who, vip, everything)
    assert "case" in told_why(who, lying, everything)
    assert told_why(who, facts(), everything) == ""
