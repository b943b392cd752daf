"""Who acts by retssikkerhedsloven § 9: it stays through shelters, hospitals and prisons until there is a home."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.acting import PLACES, Placement, Residence, acting_at, acting_over_time
from gateway.domain.municipality import Fact, extension, facts_of
from gateway.domain.when import BEGINNING, END, instant

A, B, C = "0101", "0147", "0183"


def place(kind: str, start: str, end: str = "", **more: Any) -> Placement:
    return Placement(kind, instant(start), instant(end) if end else END, **more)


def home(code: str, start: str, end: str = "", **more: Any) -> Residence:
    return Residence(code, instant(start), instant(end) if end else END, **more)


def claim(code: str, start: str, end: str = "", area: str = "") -> Fact:
    period = {edge: when for edge, when in (("start", start), ("end", end)) if when}
    told = extension("acting", {"code": code}, period, area)
    return next(facts_of({"resourceType": "CarePlan", "id": f"of-{code}", "extension": [told]}))


def who(day: str, *told: Placement | Residence | Fact) -> tuple[str, ...]:
    places = [one for one in told if isinstance(one, Placement)]
    homes = [one for one in told if isinstance(one, Residence)]
    facts = [one for one in told if isinstance(one, Fact)]
    return acting_at(acting_over_time(places, homes, facts), instant(day)).codes


# --- the two cases of Ankestyrelsen ("når hjemløse krydser kommunegrænser")

CASE_A = (
    home(A, "2010-01-01", "2014-05-01"),
    home(A, "2014-05-01", "2014-09-01", home=False),  # registered in A without a fixed address
    place("110", "2014-09-01", "2015-03-01", helper=A),  # a shelter in B, paid by A
    home(B, "2015-03-01", "2015-08-01", home=False),  # "no known address in B"
    place("110", "2015-08-01", helper=C),  # a shelter in C
)


@pytest.mark.parametrize("day", ["2013-01-01", "2014-06-01", "2014-10-01", "2015-04-01", "2015-09-01", "2026-01-01"])
def test_case_a_who_never_gets_a_home_again_keeps_the_municipality_of_the_last_one(day: str) -> None:
    """A naive reading says B (the shelter's address), then nobody, then C."""
    assert who(day, *CASE_A) == (A,)


CASE_B = (
    home(A, "2010-01-01", "2014-05-01"),
    place("110", "2014-05-01", "2015-02-01", helper=A),  # a shelter in B, paid by A
    home(C, "2015-02-01", "2015-02-14"),  # a flat shared with a friend, registered there for thirteen days
    place("110", "2015-02-14", helper=B),  # back to the shelter
)


@pytest.mark.parametrize(
    ("day", "codes"), [("2014-12-31", A), ("2015-02-01", C), ("2015-02-13", C), ("2015-02-14", C), ("2026-01-01", C)]
)
def test_case_b_thirteen_days_in_a_flat_are_a_new_home(day: str, codes: str) -> None:
    assert who(day, *CASE_B) == (codes,)


def test_the_answer_gives_its_reason_and_the_law() -> None:
    spans = acting_over_time(
        [one for one in CASE_B if isinstance(one, Placement)], [one for one in CASE_B if isinstance(one, Residence)]
    )
    told = [(span.codes, span.reason.partition(" (retssikkerhedsloven § 9)")) for span in spans]
    assert [codes for codes, _ in told] == [(), (A,), (A,), (C,), (C,)]
    assert [law for _, (_, law, _) in told] == ["", *[" (retssikkerhedsloven § 9)"] * 4]
    assert "herberg eller forsorgshjem (servicelovens § 110)" in told[2][1][0]
    assert told[3][1][0] == "Borgeren har bolig i kommunen"


# --- each kind of place


@pytest.mark.parametrize("kind", PLACES)
def test_every_kind_of_place_keeps_who_acted(kind: str) -> None:
    told = (home(A, "2020-01-01", "2026-01-01"), place(kind, "2026-01-01", "2026-02-01"))
    assert who("2026-01-15", *told) == (A,)
    assert who("2026-03-01", *told) == (A,)  # until the citizen has a new home


def test_a_hospital_or_prison_elsewhere_says_nothing_of_who_acts() -> None:
    for kind in ("hospital", "prison"):
        assert who("2026-01-15", place(kind, "2026-01-01")) == ()


def test_a_home_that_begins_during_the_stay_counts_when_the_stay_is_over() -> None:
    told = (home(A, "2020-01-01"), place("107", "2026-01-01", "2026-03-01", helper=A), home(B, "2026-02-01"))
    assert who("2026-02-15", *told) == (A,)
    assert who("2026-03-01", *told) == (B,)


def test_a_stay_that_nobody_helped_to_keeps_nothing_and_gives_nothing() -> None:
    told = (home(A, "2020-01-01", "2026-01-01"), place("110", "2026-01-01", helped=False), home(B, "2026-02-01"))
    assert who("2026-01-15", *told) == (A,)
    assert who("2026-02-15", *told) == (B,)


def test_who_helped_acts_where_nothing_else_is_known() -> None:
    assert who("2026-01-15", place("110", "2026-01-01", helper=A)) == (A,)
    assert who("2025-12-31", place("110", "2026-01-01", helper=A)) == ()


def test_a_registration_ends_the_one_before_it_though_nobody_told_its_end() -> None:
    assert who("2026-01-15", home(A, "2020-01-01"), home(B, "2025-01-01")) == (B,)
    assert who("2026-01-15", home(A, "2020-01-01"), home(B, "2025-01-01", home=False)) == (A,)


# --- what sources told of who acts


def test_a_source_speaks_where_the_law_has_nothing_firm_to_say() -> None:
    assert who("2026-01-15", claim(A, "2025-01-01")) == (A,)
    told = (claim(A, "2025-01-01", "2025-12-31"), claim(C, "2026-01-01"))
    assert who("2025-06-01", *told) == (A,)
    assert who("2026-01-15", *told) == (C,)  # nobody else claims it any more, and no stay keeps it
    assert who("2026-01-15", told[0]) == (A,)  # over, and nobody has taken it


def test_the_claim_of_the_shelters_own_municipality_is_shown_beside_the_law() -> None:
    told = (claim(A, "2025-01-01", "2025-12-31"), place("110", "2025-06-01", helper=A), claim(B, "2026-01-01"))
    spans = acting_over_time(told[1:2], [], [told[0], told[2]])  # type: ignore[arg-type, list-item]
    doubtful = acting_at(spans, instant("2026-01-15"))
    assert doubtful.codes == (A, B)
    assert doubtful.disputed
    assert doubtful.reason.startswith("Kilderne er ikke enige")


def test_a_claim_that_was_disputed_leaves_nothing_behind() -> None:
    told = (home(A, "2020-01-01", "2025-06-01"), place("110", "2025-06-01"), claim(B, "2025-07-01", "2025-07-31"))
    assert who("2025-07-15", *told) == (A, B)
    assert who("2025-08-15", *told) == (A,)


def test_two_sources_that_contradict_each_other_are_both_shown() -> None:
    assert who("2026-01-15", claim(A, "2025-01-01"), claim(B, "2025-06-01")) == (A, B)


def test_employment_law_has_a_rule_of_its_own() -> None:
    assert who("2026-01-15", claim(A, "2025-01-01", area="social"), claim(B, "2025-01-01", area="employment")) == (A,)


def test_nothing_told_is_nobody_named() -> None:
    (span,) = acting_over_time([], [])
    assert (span.codes, span.start, span.end) == ((), BEGINNING, END)
