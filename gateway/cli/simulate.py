"""Measure the detection of unusual looks on a made-up year of which the truth is known.

People who work at hospitals and in a municipality look at those who are theirs, now and then at a stranger; a few have
no business looking: a colleague, an own relative, somebody in the news, one stranger a day for months. Nothing of it is
written anywhere. Half a minute for a year of a town.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import asdict
from pathlib import Path

from gateway.cli.simulating import town
from gateway.cli.simulating.precision_and_recall import Score, score
from gateway.cli.simulating.year import Year, plant_all
from gateway.cli.typed import at_least
from gateway.domain.suspicion.finding import findings
from gateway.settings import Settings
from gateway.translate import suspicion_tables
from gateway.translate.rules.problems import Problems


def arguments(parser: argparse.ArgumentParser) -> None:
    """How large a town, how long, and which of all possible years; fewer make no town."""
    parser.add_argument("--employees", type=at_least(48), default=300, help="at least 48")
    parser.add_argument("--citizens", type=at_least(100), default=3000, help="at least 100")
    parser.add_argument("--days", type=at_least(1), default=365)
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same year")
    parser.add_argument("--json", action="store_true", help="the score as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Exit status 0, whatever was found."""
    found = scored(settings, employees=args.employees, citizens=args.citizens, days=args.days, seed=args.seed)
    print(json.dumps(asdict(found)) if args.json else told(found))
    return 0


def scored(settings: Settings, *, employees: int, citizens: int, days: int, seed: int) -> Score:
    """The detection's score by the tables of mappings/suspicion. Raises SettingsError where they are wrong."""
    problems = Problems()
    thresholds = suspicion_tables.read(Path(settings.mappings_folder) / "suspicion", problems).thresholds
    problems.check()
    dice = random.Random(seed)  # noqa: S311 - a made-up town, not a secret
    year = Year(town.make(dice, employees=employees, citizens=citizens, days=days), dice)
    year.work()
    plant_all(year, each=max(employees // 100, 1))
    return score(findings(year.looks, year.town.citizens, year.town.staff, thresholds), year.planted)


def told(found: Score) -> str:
    """The score in words."""
    stories = "\n".join(f"  {story:14} {share:.0%}" for story, share in found.by_story.items())
    return (
        f"planted {found.planted}, raised {found.raised}\n"
        f"recall {found.recall:.0%} (of what was planted, raised)\n{stories}\n"
        f"precision {found.precision:.0%} (of what was raised, planted), {found.at:.0%} of the first {found.planted}\n"
        f"from the first look to the alarm: {found.days:.1f} days at the median, {found.most_days:.0f} at most"
    )
