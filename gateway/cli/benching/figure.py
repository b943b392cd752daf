"""A figure: two rates measured in turns, and their ratio."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

_BEGUN = time.monotonic()


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured ratio. `rounds` are (ours, floor) pairs of rates, one pair for each round, in `unit`."""

    name: str
    goal: float
    unit: str
    how: str
    rounds: tuple[tuple[float, float], ...]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: each pair was measured next to each other."""
        return median(ours / floor for ours, floor in self.rounds)

    @property
    def ours(self) -> float:
        """Our median rate."""
        return median(ours for ours, _ in self.rounds)

    @property
    def floor(self) -> float:
        """The floor's median rate."""
        return median(floor for _, floor in self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio of a round."""
        ratios = [ours / floor for ours, floor in self.rounds]
        return min(ratios), max(ratios)

    def told(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "ratio": float(f"{self.ratio:.3g}"), "goal": self.goal, "met": self.ratio >= self.goal,
            "ours": round(self.ours, 1), "floor": round(self.floor, 1), "unit": self.unit,
            "rounds": [[round(ours, 1), round(floor, 1)] for ours, floor in self.rounds], "how": self.how,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """How much memory one gateway held at most, in MiB."""

    mebibytes: float
    before: float
    how: str
    name: str = "memory"

    def told(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "peak": round(self.mebibytes, 1), "before": round(self.before, 1), "unit": "MiB resident", "how": self.how,
        }  # fmt: skip


def in_turns(
    name: str, rounds: int, ours: Callable[[int], float], floor: Callable[[int], float]
) -> tuple[tuple[float, float], ...]:
    """The rates of both in each round, next to each other; who goes first changes from round to round."""
    found = []
    for number in range(rounds):
        if number % 2:
            least = floor(number)
            pair = (ours(number), least)
        else:
            pair = (ours(number), floor(number))
        found.append(pair)
        say(f"{name}: round {number + 1} of {rounds}: {pair[0]:,.0f} against {pair[1]:,.0f} a second")
    return tuple(found)


def say(text: str) -> None:
    """A line of progress, with the seconds since the start."""
    print(f"[{time.monotonic() - _BEGUN:5.1f} s] {text}", file=sys.stderr, flush=True)
