"""Whatever is told of an appointment, what is kept is R4."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.appointment import joined, settled
from gateway.domain.when import instant
from tests.domain.test_appointment import CALL, CITIZEN, END, KAREN, LATER, START

TOLD = st.fixed_dictionaries(
    {},
    optional={
        "start": st.sampled_from([START, LATER]),
        "end": st.sampled_from([START, END, "2025-04-08T15:00:00+02:00"]),
        "minutesDuration": st.integers(1, 600),
        "status": st.sampled_from(["booked", "cancelled", "noshow", "pending"]),
        "cancelationReason": st.just({"text": "x"}),
        "participant": st.lists(st.sampled_from([KAREN, CALL]), min_size=1, max_size=2),
    },
)


@given(st.lists(TOLD, min_size=1, max_size=5))
def test_whatever_is_told_r4_is_kept(words: list[dict[str, Any]]) -> None:
    body: dict[str, Any] = {"status": "booked"}
    for one in words:
        body = joined(body, one)
    made = settled(body, CITIZEN)
    assert ("start" in made) == ("end" in made), "app-2"
    assert "start" not in made or instant(made["start"]) <= instant(made["end"])
    assert "cancelationReason" not in made or made["status"] in ("cancelled", "noshow"), "app-4"
    assert made["participant"][0]["actor"]["reference"] == f"Patient/{CITIZEN}"
