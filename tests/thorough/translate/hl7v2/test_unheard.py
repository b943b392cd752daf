"""Stays that began before the gateway listened: what is told of them later, and taken back, says how they are."""

from __future__ import annotations

import pytest

from tests.translate.hl7v2.ward import ADMITTED, adt, stay


@pytest.mark.parametrize(
    ("event", "cancelled", "status"),
    [
        ("A03", "A13", "in-progress"),
        ("A21", "A52", "in-progress"),
        ("A02", "A12", "in-progress"),
        ("A22", "A53", "onleave"),
    ],
)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_a_stay_that_nobody_told_of_before_a_cancellation_tells_how_it_is(
    event: str, cancelled: str, status: str, order: tuple[int, ...]
) -> None:
    """A gateway that begins to listen: the admission was long before. The stay was `unknown`, without its hospital."""
    messages = (adt(event, sent="20250320130000+0100"), adt(cancelled, sent="20250320140000+0100"))
    made = stay(*(messages[at] for at in order))
    assert (made["status"], made["class"]["code"]) == (status, "IMP")
    assert made["period"] == {"start": "2025-03-14T09:15:00+01:00"}
    assert [one["location"]["display"] for one in made["location"]] == ["MED1-12-2, HGH"]
    assert [one["value"] for one in made["identifier"]] == ["V77"]
    assert "serviceProvider" in made


def test_a_return_that_is_cancelled_is_a_leave_again_though_nobody_told_of_its_beginning() -> None:
    back = adt("A22", sent="20250320130000+0100")
    not_back = adt("A53", sent="20250320140000+0100")
    assert stay(ADMITTED, back, not_back)["status"] == "onleave"
    assert stay(ADMITTED, back, not_back, adt("A22", sent="20250321130000+0100"))["status"] == "in-progress"
    assert stay(back, not_back, adt("A11", sent="20250322130000+0100"))["status"] == "entered-in-error"
