"""Suspicion: how well unusual looks are found in a made-up year of which the truth is known. No speed, so no floor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gateway.cli.benching.figure import say
from gateway.cli.simulate import scored
from gateway.cli.simulating.precision_and_recall import Score
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Detection:
    """The score of the detection by the thresholds in force (`gateway simulate`)."""

    score: Score
    how: str
    name: str = "suspicion"

    def told(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self.score) | {"how": self.how}

    def line(self) -> str:
        """For a person."""
        found = self.score
        return (
            f"precision {found.precision:.0%} (of the first {found.planted}: {found.at:.0%}), "
            f"recall {found.recall:.0%}, "
            f"{found.days:.1f} days to the first alarm at the median, {found.most_days:.0f} at most"
        )


def measure(settings: Settings, employees: int, days: int) -> Detection:
    """A town with ten citizens for each employee."""
    found = scored(settings, employees=employees, citizens=employees * 10, days=days, seed=1)
    say(f"suspicion: round 1 of 1: {found.raised} raised of {found.planted} planted")
    how = (
        f"{found.planted} stories of snooping planted among the work of {employees} employees with {employees * 10}"
        f" citizens in {days} days; no goal: thresholds are an auditor's choice (mappings/suspicion/thresholds.csv)"
    )
    return Detection(found, how)
