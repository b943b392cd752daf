"""What was worked out lately: found again, and never more of it than was said."""

from __future__ import annotations

from gateway.domain.lately import Lately


def test_the_newest_are_found_again_and_the_oldest_goes_first() -> None:
    known: Lately[int, str] = Lately(3)
    assert [known.keep(number, str(number)) for number in range(5)] == ["0", "1", "2", "3", "4"]
    assert [known.get(number) for number in range(5)] == [None, None, "2", "3", "4"]


def test_what_is_kept_again_takes_the_place_of_itself() -> None:
    known: Lately[str, int] = Lately(2)
    known.keep("a", 1)
    known.keep("b", 2)
    assert known.keep("a", 3) == 3
    assert dict(known) == {"a": 3, "b": 2}
