"""What is unusual about one look: each signal where it belongs, and silence where something speaks for the look."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from gateway.domain.suspicion import patterns
from gateway.domain.suspicion.finding import findings
from gateway.domain.suspicion.look import Citizen, Employee, Look, Shift, Tie
from gateway.domain.suspicion.signals import Staff, signals
from gateway.domain.suspicion.thresholds import SIGNALS, Row, Thresholds

NOON = datetime(2025, 3, 12, 11, tzinfo=UTC)  # a Wednesday
DAY = timedelta(days=1)
WARD, OTHER = "sor|ward", "sor|other"
ME = "user|me"
LOOK = Look(1, NOON, ME, "Jens Ravnkær", WARD, "hospital", "c")
STRANGER = Citizen("c", "person|c", "tangmose", "sarah tangmose", frozenset({"a1"}))
STAY = Tie(WARD, "", NOON - 3 * DAY, NOON - DAY)
BY_DAY = Shift(frozenset(range(5)), time(7), time(15))
STAFF = {
    ME: Employee(ME, "Jens Ravnkær", "ward 1", "person|me", frozenset({"a9"}), (BY_DAY,)),
    "user|mate": Employee("user|mate", "Ida Holm", "ward 1", "person|mate"),
    "user|far": Employee("user|far", "Bo Lind", "ward 7", "person|far"),
}  # fmt: skip
EVERYBODY = Staff(STAFF, {one.person: one for one in STAFF.values()}, {"ravnkær": 0.0001, "tangmose": 0.1})


def thresholds(**changed: Row) -> Thresholds:
    rows = {name: Row(name, 0, 24, 1) for name in SIGNALS}
    rows |= {"family-name": Row("family-name", 0.01, 0, 2), "outside-shift": Row("outside-shift", 2, 0, 1)}
    rows |= {"after-end": Row("after-end", 0, 48, 1), "returning": Row("returning", 3, 720, 3)}
    rows |= {"crowd": Row("crowd", 3, 48, 4), "burst": Row("burst", 5, 1, 5), "slow": Row("slow", 5, 2160, 5)}
    return Thresholds((rows | {name.replace("_", "-"): row for name, row in changed.items()}).values(), 5)


def told(look: Look = LOOK, citizen: Citizen = STRANGER) -> set[str]:
    return {one.name for one in signals(look, citizen, EVERYBODY, thresholds())}


@pytest.mark.parametrize(
    ("citizen", "name"),
    [
        (replace(STRANGER, person="person|me"), "self"),
        (replace(STRANGER, name="jens ravnkær"), "self"),
        (replace(STRANGER, relatives=frozenset({"person|me"})), "relative"),
        (replace(STRANGER, relatives_names=frozenset({"jens ravnkær"})), "relative"),
        (replace(STRANGER, addresses=frozenset({"a9"})), "same-address"),
        (replace(STRANGER, family="ravnkær"), "family-name"),
    ],
)
def test_ones_own_circle_is_unusual_even_where_one_treats(citizen: Citizen, name: str) -> None:
    assert name in told(citizen=citizen)
    assert name in told(citizen=replace(citizen, ties=(replace(STAY, ends=NOON + DAY),)))


@pytest.mark.parametrize(
    ("look", "citizen", "name"),
    [
        (LOOK, replace(STRANGER, person="person|mate"), "colleague"),
        (LOOK, replace(STRANGER, person="person|far"), "employee"),
        (LOOK, replace(STRANGER, known=True), "well-known"),
        (LOOK, replace(STRANGER, protected=True), "protected"),
        (replace(LOOK, sensitive=True), STRANGER, "sensitive"),
        (replace(LOOK, shown=False), STRANGER, "refused"),
    ],
)
def test_what_makes_a_stranger_curious_counts_only_without_a_relation(look: Look, citizen: Citizen, name: str) -> None:
    assert {name, "no-relation"} <= told(look, citizen)
    assert not told(look, replace(citizen, ties=(replace(STAY, ends=NOON + DAY),)))


def test_a_colleague_is_an_employee_too() -> None:
    """An auditor who knows SAPA expects both alarms."""
    assert {"employee", "colleague"} <= told(citizen=replace(STRANGER, person="person|mate"))
    assert "colleague" not in told(citizen=replace(STRANGER, person="person|far"))


def test_a_tie_of_somebody_else_speaks_for_nobody_here() -> None:
    elsewhere, anothers = (
        replace(STAY, organisation=OTHER, ends=NOON + DAY),
        Tie(WARD, "user|mate", NOON - DAY, NOON + DAY),
    )
    assert "no-relation" in told(citizen=replace(STRANGER, ties=(elsewhere, anothers)))
    own = Tie(OTHER, ME, NOON - DAY, NOON + DAY)
    assert told(citizen=replace(STRANGER, ties=(own,))) == set()


def test_work_is_prepared_before_a_stay_and_finished_after_it_and_no_longer() -> None:
    def at(moment: datetime) -> set[str]:
        return told(replace(LOOK, at=moment), replace(STRANGER, ties=(STAY,))) - {"outside-shift"}

    assert at(STAY.begins - 0.9 * DAY) == set(), "24 hours before it begins"
    always = Tie(WARD, "", datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert told(citizen=replace(STRANGER, ties=(always,))) == set(), "a place in the team of which no time is told"
    assert "no-relation" in at(STAY.begins - 1.1 * DAY)
    assert "no-relation" not in at(STAY.ends + 1.9 * DAY), "48 hours after it ended"
    late = signals(replace(LOOK, at=STAY.ends + 3 * DAY), replace(STRANGER, ties=(STAY,)), EVERYBODY, thresholds())
    assert {(one.name, one.why) for one in late} >= {("after-end", "3"), ("no-relation", "")}


@pytest.mark.parametrize(
    ("at", "outside"),
    [
        (NOON, False),
        (NOON.replace(hour=15), False),  # 16 o'clock in Denmark, an hour late
        (NOON.replace(hour=17), True),
        (NOON.replace(hour=3), True),
        (NOON + 3 * DAY, True),  # Saturday
    ],
)
def test_a_shift_is_in_danish_time_with_some_slack(at: datetime, outside: bool) -> None:
    assert ("outside-shift" in told(replace(LOOK, at=at))) is outside


def test_a_night_shift_began_yesterday() -> None:
    night = replace(STAFF[ME], shifts=(Shift(frozenset({4}), time(23), time(7)),))  # Friday
    staff = replace(EVERYBODY, by_user={ME: night})

    def outside(at: datetime) -> bool:
        return "outside-shift" in {s.name for s in signals(replace(LOOK, at=at), STRANGER, staff, thresholds())}

    friday = NOON + 2 * DAY
    assert not outside(friday.replace(hour=23))
    assert not outside((friday + DAY).replace(hour=5))
    assert outside(friday.replace(hour=5)), "the morning of Friday belongs to Thursday's night"


def test_a_name_that_many_bear_tells_nothing() -> None:
    mine = replace(LOOK, user_name="Jens Tangmose")
    assert "family-name" not in told(mine)


def looks(*days: float, user: str = ME, citizens: list[str] | None = None) -> list[Look]:
    return [
        replace(LOOK, id=number + 1, at=NOON + day * DAY, user=user, citizen=citizens[number] if citizens else "c")
        for number, day in enumerate(days)
    ]


def raised(said: list[Look], **changed: Row) -> dict[tuple[str, str], set[str]]:
    known = {one.citizen: replace(STRANGER, id=one.citizen) for one in said}
    return {(f.user, f.citizen): set(f.reasons) for f in findings(said, known, EVERYBODY, thresholds(**changed))}


def test_one_look_at_a_stranger_is_no_reason_to_ask() -> None:
    assert raised(looks(0)) == {}


def test_coming_back_on_three_days_is() -> None:
    weight = {"no_relation": Row("no-relation", 0, 24, 2)}
    assert raised(looks(0, 0.1, 1), **weight) == {}
    assert raised(looks(0, 1, 2), **weight) == {(ME, "c"): {"no-relation", "returning"}}
    assert raised(looks(0, 20, 60), **weight) == {}, "not within a month"


def test_many_citizens_in_an_hour_are_a_burst() -> None:
    minute = 1 / 1440
    said = looks(*(minute * n for n in range(5)), citizens=[f"c{n}" for n in range(5)])
    assert raised(said) == {(ME, ""): {"burst"}}
    assert raised(looks(*(0.1 * n for n in range(5)), citizens=[f"c{n}" for n in range(5)])) == {}


def test_a_look_a_day_for_months_is_slow_snooping_where_peers_have_none() -> None:
    peers = [one for n in range(9) for one in looks(n, user=f"user|{n}", citizens=[f"p{n}"])]
    snoop = looks(*range(40), citizens=[f"c{n}" for n in range(40)])
    assert raised([*peers, *snoop]) == {(ME, ""): {"slow"}}
    assert (
        findings([*peers, *snoop], {one.citizen: STRANGER for one in [*peers, *snoop]}, EVERYBODY, thresholds())[
            0
        ].raised
        == NOON + 12 * DAY
    ), "more than a day a week of 90 days"


def test_where_everybody_does_it_nobody_is_asked() -> None:
    said = [
        one for n in range(9) for one in looks(*range(40), user=f"user|{n}", citizens=[f"{n}-{d}" for d in range(40)])
    ]
    assert raised(said) == {}


def test_a_crowd_at_one_citizen_is_asked_one_by_one() -> None:
    said = [replace(LOOK, id=n, user=f"user|{n}", at=NOON + n * DAY / 4) for n in range(3)]
    assert raised(said) == {(f"user|{n}", "c"): {"crowd", "no-relation"} for n in range(3)}


def test_systems_have_no_curiosity_and_order_does_not_matter() -> None:
    said = looks(0, 1, 2)
    weight = {"no_relation": Row("no-relation", 0, 24, 2)}
    assert raised([replace(one, user="") for one in said], **weight) == {}
    assert raised(said[::-1], **weight) == raised(said, **weight)


def test_a_case_of_the_home_nurses_ties_no_jobcentre_of_the_same_municipality() -> None:
    nurses = replace(STAY, role="nursing", ends=NOON + DAY)
    citizen = replace(STRANGER, ties=(nurses,))
    assert "no-relation" in told(replace(LOOK, world="jobcenter"), citizen)
    assert told(replace(LOOK, world="nursing"), citizen) == set()
    assert told(LOOK, citizen) == set(), "a system that is not known any more is given the benefit"
    assert told(replace(LOOK, world="jobcenter"), replace(STRANGER, ties=(replace(nurses, role=""),))) == set()


def test_a_crowd_is_told_once_of_each_look_however_large_it_is() -> None:
    said = [replace(LOOK, id=n, user=f"user|{n % 40}", at=NOON + n * DAY / 400) for n in range(2000)]
    made = list(patterns.crowd(said, thresholds()))
    assert len(made) == len({look.id for _, look in made}) == 2000


def test_two_habits_of_one_person_are_one_finding() -> None:
    minute = 1 / 1440
    days = [*range(40), *(40 + minute * n for n in range(6))]
    said = looks(*days, citizens=[f"c{n}" for n in range(len(days))])
    peers = [one for n in range(9) for one in looks(n, user=f"user|{n}", citizens=[f"p{n}"])]
    assert raised([*peers, *said]) == {(ME, ""): {"burst", "slow"}}


def test_a_burst_is_over_when_it_is_over() -> None:
    """What came of asking about it stands, although the person looks at somebody once more."""
    minute = 1 / 1440
    days = [*(minute * n for n in range(5)), 20]
    said = looks(*days, citizens=[f"c{n}" for n in range(6)])
    known = {one.citizen: replace(STRANGER, id=one.citizen) for one in said}
    (found,) = findings(said, known, EVERYBODY, thresholds())
    assert found.last == said[4].at
    assert found.looks == [1, 2, 3, 4, 5]
