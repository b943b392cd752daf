"""The made-up year: the same for the same seed, and the detection finds what is wrong in it."""

from __future__ import annotations

import json

import pytest

from gateway.cli import main, simulate
from gateway.cli.simulating.precision_and_recall import Score
from gateway.cli.simulating.year import STORIES
from gateway.settings import Settings


@pytest.fixture(scope="module")
def scored() -> Score:
    return simulate.scored(Settings(), employees=80, citizens=800, days=150, seed=7)


def test_every_story_is_found(scored: Score) -> None:
    assert set(scored.by_story) == set(STORIES)
    assert scored.recall >= 0.95, scored


def test_half_of_what_is_raised_first_is_right(scored: Score) -> None:
    assert scored.at >= 0.5, scored
    assert scored.precision >= 0.35, scored


def test_a_slow_habit_is_found_within_two_months_and_all_else_within_days(scored: Score) -> None:
    assert scored.days <= 3, scored
    assert scored.most_days <= 60, scored


def test_the_command_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--employees", "48", "--citizens", "200", "--days", "60", "--seed", "3"]
    assert main(["simulate", "--json", *size]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["simulate", "--json", *size]) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert first["planted"] > 0
    assert main(["simulate", *size]) == 0
    assert "recall" in capsys.readouterr().out


@pytest.mark.parametrize("seed", [2, 4, 7])
def test_the_smallest_town_has_a_year(seed: int) -> None:
    assert simulate.scored(Settings(), employees=48, citizens=100, days=3, seed=seed).planted > 0
