"""Non-interference over every interaction, writes among them: a short run (tests/thorough/attack has the long one)."""

from __future__ import annotations

import pytest

from tests.attack.machine import try_all
from tests.attack.two_worlds import Case
from tests.attack.worlds import CASES


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_answer_to_any_request_tells_of_what_is_hidden(
    case: Case, database_url: str, second_database_url: str
) -> None:
    told = try_all(case, database_url, second_database_url, examples=2, steps=20)
    assert {200, 404} <= told.keys()
