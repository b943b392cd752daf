"""What becomes of a message that goes out."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import get_args

import pytest

from gateway.domain.outgoing import Outcome, State, after, pause

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
STATES: tuple[State, ...] = get_args(State)


def test_pauses_double_and_never_pass_a_quarter_of_an_hour() -> None:
    pauses = [pause(tries) for tries in range(1, 200)]
    assert pauses[:4] == [timedelta(seconds=s) for s in (5, 10, 20, 40)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(minutes=15)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_is_well_stays_well(outcome: Outcome) -> None:
    assert after(outcome, "receipted", 1, 3) == "receipted"


@pytest.mark.parametrize("state", STATES)
def test_any_message_may_turn_out_well(state: State) -> None:
    assert after("ok", state, 99, 3) == "receipted"


@pytest.mark.parametrize("state", ["waiting", "sent"])
def test_a_transient_error_is_tried_again_until_the_limit(state: State) -> None:
    assert [after("transient-error", state, tries, 3) for tries in (1, 2, 3, 4)] == ["waiting"] * 2 + ["failed"] * 2


def test_what_was_given_up_does_not_wait_again_by_itself() -> None:
    assert after("transient-error", "failed", 0, 3) == "failed"
    assert after("taken", "failed", 0, 3) == "failed"


def test_taken_is_not_well_yet() -> None:
    assert after("taken", "waiting", 1, 3) == "sent"
    assert after("fatal-error", "sent", 1, 3) == "failed"


def test_receipts_in_any_order_end_well_once_one_says_so() -> None:
    for order in permutations(OUTCOMES):
        state: State = "sent"
        for outcome in order:
            state = after(outcome, state, 0, 3)
        assert state == "receipted"
