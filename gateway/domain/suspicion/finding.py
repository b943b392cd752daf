"""Findings: what a person should be asked about, with everything that speaks for asking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.suspicion import patterns
from gateway.domain.suspicion.look import Citizen, Look
from gateway.domain.suspicion.signals import UNRELATED, Signal, Staff, signals
from gateway.domain.suspicion.thresholds import Thresholds


@dataclass(slots=True)
class Finding:
    """One person and one citizen, or one person and nobody in particular (`citizen` is "": a burst, a slow habit).

    `raised` is the time of the look that made it one; `looks` are the ids of the records that it rests on.
    """

    user: str
    citizen: str
    raised: datetime
    last: datetime
    weight: float
    reasons: dict[str, str] = field(default_factory=dict)  # signal → why
    looks: list[int] = field(default_factory=list)


def findings(
    looks: Sequence[Look], citizens: Mapping[str, Citizen], staff: Staff, thresholds: Thresholds
) -> list[Finding]:
    """What to ask about, the weightiest first. `looks` are all of a time, in any order."""
    ordered = sorted(looks, key=lambda one: (one.at, one.id))
    pairs: dict[tuple[str, str], _Pair] = {}
    unrelated: dict[str, list[Look]] = defaultdict(list)
    for one in ordered:
        known = citizens.get(one.citizen)
        if known is None or not one.user:
            continue  # systems have no curiosity
        said = signals(one, known, staff, thresholds)
        pairs.setdefault((one.user, one.citizen), _Pair()).add(one, said, thresholds)
        if any(signal.name == UNRELATED for signal in said):
            unrelated[one.user].append(one)
    groups = {one.user: f"{one.organisation} {one.role}" for one in ordered if one.user}
    usual = patterns.usual(unrelated, groups, thresholds)
    found: list[Finding] = []
    for user, strange in unrelated.items():
        for signal, look in patterns.returning(strange, thresholds):
            pairs[user, look.citizen].add(look, [signal], thresholds)
        found += _habits(user, strange, usual[groups[user]], thresholds)
    for at_one in _by_citizen(unrelated).values():
        for signal, look in patterns.crowd(at_one, thresholds):
            pairs[look.user, look.citizen].add(look, [signal], thresholds)
    found += [made for (user, citizen), pair in pairs.items() if (made := pair.finding(user, citizen, thresholds))]
    return sorted(found, key=lambda one: (-one.weight, one.raised, one.user, one.citizen))


class _Pair:
    """The looks of one person at one citizen: each signal counts once, from the look that shows it first."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[Signal, Look]] = {}
        self.looks: list[Look] = []

    def add(self, look: Look, said: Sequence[Signal], thresholds: Thresholds) -> None:
        if said:
            self.looks.append(look)
        for one in said:
            if thresholds.weight(one.name) > 0:
                self.told.setdefault(one.name, (one, look))

    def finding(self, user: str, citizen: str, thresholds: Thresholds) -> Finding | None:
        weight, raised = 0.0, None
        for signal, look in sorted(self.told.values(), key=lambda each: each[1].at):
            weight += thresholds.weight(signal.name)
            if raised is None and weight >= thresholds.raise_at:
                raised = look.at
        if raised is None:
            return None
        reasons = {name: signal.why for name, (signal, _) in self.told.items()}
        return Finding(user, citizen, raised, max(one.at for one in self.looks), weight, reasons, _ids(self.looks))


def _by_citizen(unrelated: Mapping[str, Sequence[Look]]) -> dict[str, list[Look]]:
    found: dict[str, list[Look]] = defaultdict(list)
    for one in sorted((one for looks in unrelated.values() for one in looks), key=lambda each: (each.at, each.id)):
        found[one.citizen].append(one)
    return found


def _habits(user: str, strange: Sequence[Look], peers: patterns.Usual, thresholds: Thresholds) -> list[Finding]:
    """What is unusual about one person's looks together, whoever they were at: one finding, however many habits."""
    several = (patterns.burst(strange, thresholds), patterns.slow(strange, peers, thresholds))
    made = [one for one in several if one is not None and thresholds.weight(one.signal.name) >= thresholds.raise_at]
    if not made:
        return []
    raised, last = min(one.first.at for one in made), max(one.last.at for one in made)
    reasons = {one.signal.name: one.signal.why for one in made}
    looks = _ids([one for one in strange if one.at <= last])
    return [Finding(user, "", raised, last, sum(map(thresholds.weight, reasons)), reasons, looks)]


def _ids(looks: Sequence[Look]) -> list[int]:
    return sorted({one.id for one in looks})
