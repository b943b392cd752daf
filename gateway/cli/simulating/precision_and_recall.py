"""How well the detection did on a year of which the truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from gateway.cli.simulating.year import Planted
from gateway.domain.suspicion.finding import Finding


@dataclass(frozen=True, slots=True)
class Score:
    """`precision`: of what was raised, how much was planted. `at`: the same of the first findings, as many as were
    planted. `recall`: of what was planted, how much was raised, and by story. `days`: from the first look of a planted
    one to the look that raised it, at the median and at most."""

    raised: int
    planted: int
    precision: float
    at: float
    recall: float
    by_story: dict[str, float]
    days: float
    most_days: float


def score(findings: Sequence[Finding], planted: Sequence[Planted]) -> Score:
    """A finding is right when it is about a planted person, and about the planted citizen where there is one."""
    truth = {(one.user, one.citizen): one for one in planted}
    habits = {one.user for one in planted if not one.citizen}
    right = [one for one in findings if (one.user, one.citizen) in truth or one.user in habits]
    first = findings[: len(planted)]
    found: dict[tuple[str, str], Finding] = {}
    for one in right:
        key = (one.user, one.citizen) if (one.user, one.citizen) in truth else (one.user, "")
        if key not in found or one.raised < found[key].raised:
            found[key] = one
    waits = [max((found[key].raised - truth[key].begins).total_seconds() / 86400, 0.0) for key in found]
    told, there = Counter(truth[key].story for key in found), Counter(one.story for one in planted)
    return Score(
        raised=len(findings),
        planted=len(planted),
        precision=len(right) / len(findings) if findings else 1.0,
        at=sum(one in right for one in first) / len(first) if first else 1.0,
        recall=len(found) / len(planted) if planted else 1.0,
        by_story={story: told[story] / count for story, count in sorted(there.items())},
        days=median(waits) if waits else 0.0,
        most_days=max(waits, default=0.0),
    )
