"""Where the citizen lies after a cancellation, in any order of arrival."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.translate.hl7v2.ward import ADMITTED, adt, pv1, stay


def lies(*messages: bytes) -> list[tuple[str, str]]:
    """The places of a stay with their status, the same in any order of arrival."""
    found = [
        [(one["location"]["display"], one["status"]) for one in stay(*order)["location"]]
        for order in permutations(messages)
    ]
    assert all(one == found[0] for one in found)
    return found[0]


def there(event: str, at: str, ward: str) -> bytes:
    """An event of the 15th or 16th of March, registered as it happened, with the ward in PV1-3."""
    return adt(event, sent=f"202503{at}00+0100", visit=pv1({3: f"{ward}^1^1^HGH"}))


@pytest.mark.parametrize(
    ("messages", "ward"),
    [
        ([ADMITTED, there("A03", "151200", "A"), there("A13", "151300", "B")], "B"),
        ([there("A13", "151300", "B"), there("A03", "161200", "B"), there("A13", "161300", "C")], "C"),
        (
            [
                there("A03", "151200", "A"), there("A13", "151300", "B"), there("A03", "161200", "B"),
                there("A13", "161300", "C"),
            ], "C",
        ),
        ([there("A02", "151200", "B"), there("A12", "151300", "A"), there("A02", "161200", "C")], "C"),
        ([there("A12", "151300", "A"), there("A02", "161200", "B"), there("A12", "161300", "C")], "C"),
        ([there("A13", "151300", "B"), there("A01", "141200", "A")], "B"),
        ([there("A52", "151300", "B"), there("A01", "141200", "A")], "B"),
        ([there("A22", "151200", "A"), there("A53", "151300", "B"), there("A22", "161200", "C")], "C"),
    ],
)  # fmt: skip
def test_the_last_cancellation_tells_where_the_citizen_is(messages: list[bytes], ward: str) -> None:
    assert lies(*messages)[-1] == (f"{ward}-1-1, HGH", "active")


def test_a_cancelled_transfer_that_repeats_its_place_leads_back_to_the_former_one() -> None:
    assert lies(ADMITTED, there("A02", "151200", "B"), there("A12", "151300", "B")) == [("MED1-12-2, HGH", "active")]


def test_a_place_that_was_written_before_a_transfer_was_registered_is_not_the_present_one() -> None:
    """Moved at ten, registered at noon; at eleven somebody still wrote the old ward."""
    moved = adt("A02", sent="20250315120000+0100", at="20250315100000+0100", visit=pv1({3: "B^1^1^HGH"}))
    written = there("A08", "151100", "MED9")
    assert lies(ADMITTED, moved, written)[-1] == ("B-1-1, HGH", "active")


def test_a_cancellation_after_which_the_citizen_was_discharged_tells_of_no_place() -> None:
    gone = adt("A03", sent="20250315160000+0100", at="20250315120000+0100", visit=pv1({3: "B^1^1^HGH"}))
    late = there("A53", "151300", "C")
    assert lies(ADMITTED, there("A22", "151000", "B"), gone, late)[-1] == ("B-1-1, HGH", "completed")
