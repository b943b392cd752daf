"""The town: who works where, who is treated and helped, for how long, and who is whose neighbour, kin and colleague."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from gateway.domain.suspicion.look import Citizen, Employee, Shift, Tie
from gateway.domain.suspicion.signals import Staff

BEGINS = datetime(2025, 1, 6, tzinfo=UTC)
"""A Monday."""

_HOUSES = ("hospital", "hospital", "hospital", "nursing", "social", "jobcenter")
_COMMON = tuple(f"familie{number}" for number in range(40))
_EARLY = Shift(frozenset(range(5)), time(7), time(15, 30))
_LATE = Shift(frozenset(range(7)), time(15), time(23, 30))
_NIGHT = Shift(frozenset(range(7)), time(23), time(7, 30))


@dataclass(frozen=True)
class Town:
    """Everybody. `houses` are organisation → those who work there."""

    citizens: dict[str, Citizen]
    staff: Staff
    houses: dict[str, list[str]]
    roles: dict[str, str]
    days: int


def make(dice: random.Random, *, employees: int, citizens: int, days: int) -> Town:
    """A town of this size; every fourth employee is a citizen who gets help, too."""
    organisations = [f"urn:sor|{number}" for number in range(len(_HOUSES))]
    staff = [_employee(dice, number, organisations) for number in range(employees)]
    here = {f"c{number}": _citizen(dice, number, organisations, days) for number in range(citizens)}
    for employee in staff[: employees // 4]:
        known = here[f"c{dice.randrange(citizens)}"]
        here[known.id] = Citizen(
            known.id, employee.person, employee.name.split()[-1], employee.name, employee.addresses, known.relatives,
            known.relatives_names, known.ties,
        )  # fmt: skip
    families = [one.family for one in here.values()]
    names = {name: families.count(name) / len(families) for name in set(families)}
    houses: dict[str, list[str]] = {one: [] for one in organisations}
    for employee in staff:
        houses[employee.unit.partition("/")[0]].append(employee.user)
    return Town(
        here,
        Staff({one.user: one for one in staff}, {one.person: one for one in staff}, names),
        houses,
        dict(zip(organisations, _HOUSES, strict=True)),
        days,
    )


def _employee(dice: random.Random, number: int, organisations: list[str]) -> Employee:
    house = organisations[number % len(organisations)]
    shift = dice.choices((_EARLY, _LATE, _NIGHT), (8, 2, 1))[0]
    return Employee(
        f"user|{number}",
        f"ansat{number} {_family(dice)}",
        f"{house}/{dice.randrange(6)}",
        f"person|e{number}",
        frozenset({f"address-e{number}"}),
        (shift,),
    )


def _citizen(dice: random.Random, number: int, organisations: list[str], days: int) -> Citizen:
    family = _family(dice)
    return Citizen(
        f"c{number}", f"person|{number}", family, f"borger{number} {family}", frozenset({f"address-{number // 3}"}),
        ties=tuple(_ties(dice, organisations, days)), protected=dice.random() < 0.03, known=dice.random() < 0.005,
    )  # fmt: skip


def _ties(dice: random.Random, organisations: list[str], days: int) -> list[Tie]:
    """A case that goes on, and stays that end."""
    cases = [Tie(dice.choice(organisations[3:]), "", _day(-dice.randrange(900)), datetime.max.replace(tzinfo=UTC))]
    stays = []
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        begins = _day(dice.randrange(-30, days))
        stays.append(Tie(dice.choice(organisations[:3]), "", begins, begins + timedelta(days=dice.choice((1, 4, 12)))))
    return [*cases, *stays]


def _family(dice: random.Random) -> str:
    """Most people share a name with many."""
    return dice.choice(_COMMON) if dice.random() < 0.8 else f"sjælden{dice.randrange(2000)}"


def _day(number: int) -> datetime:
    return BEGINS + timedelta(days=number)
