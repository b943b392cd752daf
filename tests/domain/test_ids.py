"""Resource ids: the same for the same object, whatever is remembered; and of what is remembered there is a bound."""

from __future__ import annotations

import tracemalloc

from gateway.domain.resource import ids


def test_the_same_key_has_the_same_id_and_another_secret_another() -> None:
    make, other = ids(b"one"), ids(b"two")
    assert make("Patient", "a") == make("Patient", "a") == ids(b"one")("Patient", "a")
    assert len({make("Patient", "a"), make("Patient", "b"), make("Encounter", "a"), other("Patient", "a")}) == 4


def test_keys_of_any_length_are_not_all_remembered() -> None:
    """A sender may write a visit number of a megabyte, and thousands of them."""
    make = ids(b"one")
    expected = make("Encounter", "x" * 100_000)
    tracemalloc.start()
    try:
        for number in range(300):
            make("Encounter", f"{number}" + "x" * 100_000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 2_000_000
    assert make("Encounter", "x" * 100_000) == expected


def test_what_is_short_stays_remembered() -> None:
    make = ids(b"one")
    assert make("Patient", "short") is make("Patient", "short")
