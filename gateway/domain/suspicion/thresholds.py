"""How much of what is unusual, and how much it counts: the rows of mappings/suspicion/thresholds.csv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SIGNALS = (
    "no-relation", "self", "employee", "colleague", "relative", "family-name", "same-address", "well-known",
    "protected", "sensitive", "after-end", "outside-shift", "refused", "returning", "crowd", "burst", "slow",
)  # fmt: skip
"""Every signal there is. The last four are about many looks, the others about one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One signal. `least` is what it takes (looks, citizens, days; its own docstring says which), `hours` the time in
    which it counts, `weight` what it adds to a finding; 0 switches it off."""

    signal: str
    least: float
    hours: float
    weight: float
    alarm: str = ""  # the name that an auditor knows it by (SAPA)
    rule: str = ""  # file:line


class Thresholds:
    """The table. `raise_at` is the weight at which a finding is raised."""

    def __init__(self, rows: Iterable[Row], raise_at: float) -> None:
        self.rows: Mapping[str, Row] = {row.signal: row for row in rows}
        self.raise_at = raise_at

    def __getitem__(self, signal: str) -> Row:
        return self.rows[signal]

    def weight(self, signal: str) -> float:
        """What a signal adds."""
        return self.rows[signal].weight


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is unusual, by the tables; `sensitive` are data classes."""

    thresholds: Thresholds
    sensitive: frozenset[str]


NO_SUSPICION = Suspicion(Thresholds((), 0.0), frozenset())
