"""What is unusual about many looks together: each alone may well be nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from operator import attrgetter
from statistics import median

from gateway.domain.suspicion.look import Look
from gateway.domain.suspicion.signals import Signal
from gateway.domain.suspicion.thresholds import Thresholds
from gateway.domain.when import DANISH

_AS_DEVIATION = 1.4826  # of a normal distribution; unlike the deviation itself it does not grow with the odd one out

Unrelated = Sequence[Look]
"""Looks that nothing spoke for, of one person where nothing else is said, in the order of time."""


def returning(looks: Unrelated, thresholds: Thresholds) -> Iterator[tuple[Signal, Look]]:
    """The same citizen again and again: `least` different days within `hours`. Told with the look that made it so."""
    row = thresholds["returning"]
    by_citizen: dict[str, list[Look]] = defaultdict(list)
    for one in looks:
        by_citizen[one.citizen].append(one)
    for said in by_citizen.values():
        yield from islice(_reached("returning", said, row.hours, row.least, _day), 1)


def crowd(looks: Unrelated, thresholds: Thresholds) -> Iterator[tuple[Signal, Look]]:
    """Many people at one citizen: `least` different ones within `hours`, none of them tied to the citizen. `looks` are
    all such looks at one citizen; each that is part of a crowd is told once, with how many there were when it came to
    be part of one."""
    row = thresholds["crowd"]
    span, told = timedelta(hours=row.hours), 0
    for number, (count, one) in enumerate(_within(looks, row.hours, attrgetter("user"))):
        if count >= row.least:
            while looks[told].at < one.at - span:
                told += 1
            yield from ((Signal("crowd", f"{count}"), each) for each in looks[told : number + 1])
            told = number + 1


@dataclass(frozen=True, slots=True)
class Habit:
    """What is unusual about one person's looks together: the look that made it so, and the last one at which it was."""

    signal: Signal
    first: Look
    last: Look


def burst(looks: Unrelated, thresholds: Thresholds) -> Habit | None:
    """Many citizens at a stretch: `least` different ones within `hours`."""
    row = thresholds["burst"]
    return _habit(_reached("burst", looks, row.hours, row.least, attrgetter("citizen")))


@dataclass(frozen=True, slots=True)
class Usual:
    """On how many days peers looked at somebody whom nothing tied to them: the median of the busiest time of each, and
    how far from it they usually are (the median distance, as a standard deviation)."""

    days: float
    spread: float


def slow(looks: Unrelated, peers: Usual, thresholds: Thresholds) -> Habit | None:
    """A few strangers, week after week: so many days with such a look in `hours` that it is `least` standard deviations
    more than peers have, and never fewer than one in a week."""
    row = thresholds["slow"]
    enough = max(peers.days + row.least * peers.spread, row.hours / (7 * 24))
    return _habit(_reached("slow", looks, row.hours, enough, _day))


def _habit(reached: Iterator[tuple[Signal, Look]]) -> Habit | None:
    """Told with the most there was at a time."""
    every = list(reached)
    if not every:
        return None
    most = max((signal for signal, _ in every), key=lambda signal: int(signal.why))
    return Habit(most, every[0][1], every[-1][1])


def usual(unrelated: Mapping[str, Unrelated], group: Mapping[str, str], thresholds: Thresholds) -> dict[str, Usual]:
    """What is usual in each group of peers (`group`: the person → organisation and role). Those without any such look
    count: in most groups that is most people."""
    hours = thresholds["slow"].hours
    counts: dict[str, list[int]] = defaultdict(list)
    for user, name in group.items():
        days = (count for count, _ in _within(unrelated.get(user, ()), hours, _day))
        counts[name].append(max(days, default=0))
    return {name: _usual(found) for name, found in counts.items()}


def _usual(counts: Sequence[int]) -> Usual:
    middle = float(median(counts))
    apart = median(abs(one - middle) for one in counts) * _AS_DEVIATION
    return Usual(middle, max(apart, 1.0))


def _reached(
    signal: str, looks: Unrelated, hours: float, least: float, of: Callable[[Look], Hashable]
) -> Iterator[tuple[Signal, Look]]:
    return ((Signal(signal, f"{count}"), look) for count, look in _within(looks, hours, of) if count >= least)


def _within(looks: Unrelated, hours: float, of: Callable[[Look], Hashable]) -> Iterator[tuple[int, Look]]:
    """With each look, how many different days (or citizens) there were in the hours up to it."""
    span, first = timedelta(hours=hours), 0
    there: Counter[Hashable] = Counter()
    for one in looks:
        there[of(one)] += 1
        while looks[first].at < one.at - span:
            gone = of(looks[first])
            there[gone] -= 1
            if not there[gone]:
                del there[gone]
            first += 1
        yield len(there), one


def _day(look: Look) -> date:
    return look.at.astimezone(DANISH).date()
