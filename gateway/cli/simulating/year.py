"""A year of looks in the town: work, what work needs beside it, and a few who had no business looking."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.cli.simulating.town import BEGINS, Town
from gateway.domain.suspicion.look import Citizen, Look, Tie
from gateway.domain.when import DANISH

_STRANGE = 0.02  # of looks at work: somebody rang about a citizen who is nobody's here, a number was mistyped


@dataclass(frozen=True)
class Planted:
    """One who had no business looking: who, at whom ("" for many), from when, and the story it stands for."""

    story: str
    user: str
    citizen: str
    begins: datetime


class Year:
    """Looks in the order in which they were made, and what is wrong among them."""

    def __init__(self, town: Town, dice: random.Random) -> None:
        self.town, self.dice = town, dice
        self.looks: list[Look] = []
        self.planted: list[Planted] = []
        self._house = {user: house for house, users in town.houses.items() for user in users}
        self._of = _by_house(town)

    def work(self) -> None:
        """Everybody's days: looks at those who are theirs that day, and the odd stranger."""
        everybody = list(self.town.citizens)
        for user in self._house:
            for day in self._days(user):
                theirs = self._theirs(user, day)
                for _ in range(self.dice.randrange(2, 9)):
                    strange = not theirs or self.dice.random() < _STRANGE
                    one = self.dice.choice(everybody if strange else theirs)
                    if self.town.citizens[one].person != self.town.staff.by_user[user].person:
                        self.look(user, one, day)

    def look(self, user: str, citizen: str, at: datetime, *, shown: bool = True) -> None:
        """One look, within some hours of a time."""
        house = self._house[user]
        when = at + timedelta(minutes=self.dice.randrange(400))
        employee = self.town.staff.by_user[user]
        sensitive = self.dice.random() < 0.2
        self.looks.append(
            Look(len(self.looks) + 1, when, user, employee.name, house, self.town.roles[house], citizen, shown,
                 sensitive=sensitive)
        )  # fmt: skip

    def plant(self, story: str, user: str, citizen: str, days: list[datetime], at: list[str]) -> None:
        """Looks of one who had no business: `at` are the citizens, one a day."""
        for day, one in zip(days, at, strict=True):
            self.look(user, one, day)
        self.planted.append(Planted(story, user, citizen, days[0]))

    def strangers(self, user: str, *, suits: Callable[[Citizen], bool] = lambda _: True) -> list[str]:
        """Citizens whom nothing ties to the user's house, then or ever."""
        house = self._house[user]
        return [
            one.id for one in self.town.citizens.values()
            if suits(one) and all(tie.organisation != house for tie in one.ties)
        ]  # fmt: skip

    def workdays(self, user: str, count: int) -> list[datetime]:
        """Days on which somebody works, one after the other, from somewhere in the year on; fewer in a short year."""
        days = list(self._days(user))
        first = self.dice.randrange(max(len(days) - count, 1))
        return days[first : first + count]

    def _days(self, user: str) -> Iterator[datetime]:
        shift = self.town.staff.by_user[user].shifts[0]
        for number in range(self.town.days):
            day = BEGINS + timedelta(days=number)
            if day.weekday() in shift.days and day.weekday() < 5:
                yield datetime.combine(day.date(), shift.begins, DANISH)

    def _theirs(self, user: str, day: datetime) -> list[str]:
        return [c for c, tie in self._of[self._house[user]] if tie.begins <= day <= tie.ends]


def plant_all(year: Year, each: int) -> None:
    """Every story `each` times, with another person each time."""
    dice, town = year.dice, year.town
    users = dice.sample(sorted(town.staff.by_user), k=len(STORIES) * each)
    for number, user in enumerate(users):
        list(STORIES.values())[number % len(STORIES)](year, user)


def _slow(year: Year, user: str) -> None:
    days = year.workdays(user, 200)
    strangers = year.strangers(user)
    year.plant("slow", user, "", days, [year.dice.choice(strangers) for _ in days])


def _burst(year: Year, user: str) -> None:
    day = year.workdays(user, 1)[0]
    strangers = year.strangers(user)
    chosen = year.dice.sample(strangers, k=min(60, len(strangers)))  # fewer in a small town
    first = len(year.looks)
    year.plant("burst", user, "", [day] * len(chosen), chosen)
    for number, one in enumerate(year.looks[first:]):
        year.looks[first + number] = replace(one, at=day + timedelta(minutes=number))


def _kin(year: Year, user: str) -> None:
    employee = year.town.staff.by_user[user]

    def become(one: Citizen) -> Citizen:
        return replace(one, relatives=frozenset({employee.person}))

    _one(year, user, "relative", 2, become)


def _roof(year: Year, user: str) -> None:
    employee = year.town.staff.by_user[user]
    _one(year, user, "same-address", 2, lambda one: replace(one, addresses=employee.addresses))


def _colleague(year: Year, user: str) -> None:
    own = year.town.staff.by_user[user]
    others = [e for e in year.town.staff.by_user.values() if e.unit == own.unit and e.user != user]
    chosen = year.dice.choice(others or list(year.town.staff.by_user.values()))
    _one(year, user, "colleague", 3, lambda one: replace(one, person=chosen.person))


def _known(year: Year, user: str) -> None:
    _one(year, user, "well-known", 1, lambda one: replace(one, known=True))


def _news(year: Year, user: str) -> None:
    """Somebody is in the news, and seven people of one house want to know."""
    day = year.workdays(user, 1)[0]
    house = next(users for users in year.town.houses.values() if user in users)
    curious = year.dice.sample([one for one in house if one != user], k=min(6, len(house) - 1))
    citizen = year.dice.choice(year.strangers(user))
    for one in (user, *curious):
        year.plant("crowd", one, citizen, [day], [citizen])


def _former(year: Year, user: str) -> None:
    """A patient of long ago whom somebody keeps looking at, in the evenings."""
    house = next(h for h, users in year.town.houses.items() if user in users)
    days = year.workdays(user, 8)

    def become(one: Citizen) -> Citizen:
        return replace(
            one,
            ties=(
                *one.ties,
                Tie(house, "", BEGINS - timedelta(days=200), BEGINS - timedelta(days=190)),
            ),
        )

    _one(year, user, "after-end", 8, become, days)


def _one(
    year: Year, user: str, story: str, times: int, become: Callable[[Citizen], Citizen],
    days: list[datetime] | None = None,
) -> None:  # fmt: skip
    """Looks at one citizen, who becomes what the story needs."""
    days = days or year.workdays(user, times)
    citizen = year.dice.choice(year.strangers(user, suits=lambda one: not one.known))
    year.town.citizens[citizen] = become(year.town.citizens[citizen])
    year.plant(story, user, citizen, days, [citizen] * len(days))


STORIES: dict[str, Callable[[Year, str], None]] = {
    "slow": _slow,
    "burst": _burst,
    "relative": _kin,
    "same-address": _roof,
    "colleague": _colleague,
    "well-known": _known,
    "crowd": _news,
    "after-end": _former,
}


def _by_house(town: Town) -> dict[str, list[tuple[str, Tie]]]:
    found: dict[str, list[tuple[str, Tie]]] = defaultdict(list)
    for one in town.citizens.values():
        for tie in one.ties:
            found[tie.organisation].append((one.id, tie))
    return found
