"""Who looked when, as a picture: one line per person, one dot per day (week, month) with the number of looks.

The same numbers stand beside it as a table. Pure: records in, places out; the template draws them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

from gateway.domain.record import AccessRecord
from gateway.domain.when import DANISH
from gateway.flows.find_looks import people_of, who_of
from gateway.inbound.console.dates import moment
from gateway.inbound.console.texts import Texts

LEFT, RIGHT, WIDTH = 10, 20, 1000
ROW, TOP, LABEL = 46, 30, 18
_MOST_ROWS = 12
_LARGEST = 11


@dataclass(frozen=True, slots=True)
class Dot:
    """One dot: where, how large, and what it says."""

    x: float
    y: int
    radius: float
    says: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn. `table` has a row for each person: the name, then (period, count)."""

    height: int
    names: tuple[tuple[int, str], ...]  # y, name
    ticks: tuple[tuple[float, str], ...]  # x, day
    dots: tuple[Dot, ...]
    table: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    left_out: int  # people for whom there was no line


def timeline(records: Sequence[AccessRecord], t: Texts) -> Picture | None:
    """The picture of these looks; None when there are none. The most active come first."""
    if not records:
        return None
    names = people_of(records)
    counts = Counter((who_of(one), one.time.astimezone(DANISH).date()) for one in records)
    busiest = [who for who, _ in Counter(who_of(one) for one in records).most_common()]
    shown = busiest[:_MOST_ROWS]
    first, last = min(day for _, day in counts), max(day for _, day in counts)
    step = _step(first, last)
    summed: Counter[tuple[str, date]] = Counter()
    for (who, day), count in counts.items():
        summed[who, first + (day - first) // step * step] += count
    days = max((last - first).days, 1)
    rows = {who: TOP + place * ROW for place, who in enumerate(shown)}

    def across(day: date) -> float:
        return round(LEFT + (day - first).days / days * (WIDTH - LEFT - RIGHT - _LARGEST) + _LARGEST, 1)

    most = max(summed.values())
    dots = tuple(
        Dot(across(day), rows[who] + LABEL, round(3 + (_LARGEST - 3) * sqrt(count / most), 1),
            t("results.dot", who=names[who], day=moment(day, t.language), count=count))
        for (who, day), count in sorted(summed.items(), key=lambda one: one[0][1]) if who in rows
    )  # fmt: skip
    table = tuple(
        (
            names[who],
            tuple((moment(day, t.language), count) for (one, day), count in sorted(summed.items()) if one == who),
        )
        for who in shown
    )
    ends = ((across(first), moment(first, t.language)), (across(last), moment(last, t.language)))
    return Picture(
        height=TOP + len(shown) * ROW + 24,
        names=tuple((rows[who], names[who]) for who in shown),
        ticks=ends[: 1 if first == last else 2],
        dots=dots,
        table=table,
        left_out=len(busiest) - len(shown),
    )


def _step(first: date, last: date) -> timedelta:
    """A dot is a day, a week or four weeks, so that there are at most some sixty in a line."""
    days = (last - first).days
    return timedelta(days=1 if days <= 60 else 7 if days <= 420 else 28)
