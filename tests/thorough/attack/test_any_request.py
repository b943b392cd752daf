"""Non-interference over every interaction, longer. `pytest --hypothesis-profile=long` on this file asks some fifty
thousand times; without it a few hundred."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.attack.conftest import second_database_url
from tests.attack.machine import try_all
from tests.attack.two_worlds import Case
from tests.attack.worlds import CASES

__all__ = ["second_database_url"]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_answer_to_any_request_tells_of_what_is_hidden(
    case: Case, database_url: str, second_database_url: str
) -> None:
    most = settings().max_examples
    examples, steps = (most, 100) if settings.get_current_profile_name() == "long" else (2, 40)
    told = try_all(case, database_url, second_database_url, examples=examples, steps=steps)
    print(case, dict(sorted(told.items())))
    assert {200, 404} <= told.keys()
