"""When a municipality has left a citizen's case, and what it may see from then on."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from gateway.domain.decide import Basis, Denial, Permit, Reason
from gateway.domain.handover import is_hand_over, left_at, own_sources, team_of
from gateway.domain.identifier import CVR, SOR, Identifier
from gateway.domain.policy import Policy
from gateway.domain.source import Source
from gateway.domain.when import instant
from tests.domain.deciding import POLICY, caller, decided, facts, row

A, B, C = ("64942212", "København"), ("11259979", "Frederiksberg"), ("11931316", "Ishøj")
NOW = instant("2026-06-01")


def moved(old: tuple[str, str], new: tuple[str, str], day: str) -> dict[str, Any]:
    return team_of(old, new, instant(day))


def left(who: tuple[str, str], *teams: dict[str, Any]) -> str:
    found = left_at(teams, {f"{CVR}|{who[0]}"}, NOW)
    return found.astimezone(instant("2026-01-01").tzinfo).date().isoformat() if found else ""


def opened(who: tuple[str, str], day: str, **more: Any) -> dict[str, Any]:
    managing = [{"identifier": {"system": "urn:oid:1.3.184", "value": who[0]}}]
    return {"status": "active", "period": {"start": day}, "managingOrganization": managing, **more}


def test_the_old_one_has_left_and_the_new_one_has_not() -> None:
    team = moved(A, B, "2026-03-01")
    assert left(A, team) == "2026-02-28"  # midnight in Denmark is the evening before in UTC
    assert left(B, team) == left(C, team) == ""
    assert is_hand_over(repr(team).encode())


def test_it_has_not_left_before_it_leaves_nor_when_that_was_an_error() -> None:
    assert left(A, moved(A, B, "2026-06-02")) == ""
    assert left(A, moved(A, B, "2026-03-01") | {"status": "entered-in-error"}) == ""


def test_a_case_that_comes_back_is_its_own_again() -> None:
    there, back = moved(A, B, "2026-03-01"), moved(B, A, "2026-05-01")
    assert (left(A, there, back), left(B, there, back)) == ("", "2026-04-30")
    assert left(A, there, back, moved(A, C, "2026-05-20")) == "2026-05-19"


def test_a_case_of_its_own_that_was_opened_since_counts() -> None:
    there = moved(A, B, "2026-03-01")
    assert left(A, there, opened(A, "2026-04-01")) == ""
    assert left(A, there, opened(A, "2026-02-01")) != "", "the old case"
    assert left(A, there, opened(B, "2026-04-01")) != "", "somebody else's"
    assert left(A, there, opened(A, "2026-04-01", status="inactive")) != "", "closed"
    ended = {"start": "2026-04-01", "end": "2026-05-01"}
    assert left(A, there, opened(A, "2026-04-01", period=ended)) != ""


@pytest.mark.parametrize(
    "teams", [*permutations((moved(A, B, "2026-03-01"), moved(B, A, "2026-05-01"), moved(A, C, "2026-05-20")))]
)
def test_the_order_of_hand_overs_does_not_matter(teams: tuple[dict[str, Any], ...]) -> None:
    assert left(A, *teams, *teams) == "2026-05-19"


def source(name: str, code: str, organisation: Identifier) -> Source:
    return Source(name, name, "municipality" if code else "region", organisation, "kl", (name,), municipality=code)


SOURCES = {
    one.id: one
    for one in (
        source("kk-ffb", "0101", Identifier(CVR, A[0])), source("kk-care", "0101", Identifier(SOR, "123456789012345")),
        source("frb", "0147", Identifier(CVR, B[0])), source("rh", "", Identifier(SOR, "265161000016000")),
    )
}  # fmt: skip


@pytest.mark.parametrize(
    ("who", "own"),
    [
        (caller("social", organisation=Identifier(CVR, A[0])), {"kk-ffb", "kk-care"}),
        (caller("nursing", organisation=Identifier(SOR, "1"), sends=("kk-care",)), {"kk-ffb", "kk-care"}),
        (caller("nursing", organisation=Identifier(SOR, "1"), member_of=(f"{CVR}|{B[0]}",)), {"frb"}),
        (caller("hospital", organisation=Identifier(SOR, "265161000016000"), sends=("rh",)), set()),
        (caller("ngo", organisation=Identifier(CVR, A[0])), set()),
    ],
)
def test_which_sources_are_a_municipalitys_own(who: Any, own: set[str]) -> None:
    """Its nursing may go by a SOR number and its social authority by the CVR number: both are one municipality."""
    assert own_sources(who, SOURCES) == own


# --- decisions about who is away


def test_who_is_away_treats_no_more() -> None:
    nurse = caller("nursing")
    here, away = decided(nurse, facts()), decided(nurse, facts(), away=True)
    assert isinstance(here, Permit)
    assert here.basis is Basis.TREATMENT
    assert isinstance(away, Denial)
    assert away.reason is Reason.HANDED_OVER


def test_what_it_wrote_itself_stays_its_own() -> None:
    owned = Policy(POLICY.rows, {"kk-care": {(caller("nursing").organisation.key, "nursing")}})
    mine = facts(sector="municipality", source="kk-care", sources=("kk-care", "rh"))
    found = decided(caller("nursing"), mine, policy=owned, away=True)
    assert isinstance(found, Permit)
    assert found.basis is Basis.OWN
    social = decided(caller("social"), facts("social", "municipality", source="kk-case"), away=True)
    assert isinstance(social, Permit)


def test_an_override_and_a_hospital_are_not_touched() -> None:
    assert isinstance(decided(caller("nursing", "BTG"), facts(), away=True), Permit)
    table = Policy([row("health", "hospital", "treatment")])
    assert isinstance(decided(caller("hospital"), facts(), policy=table), Permit)
