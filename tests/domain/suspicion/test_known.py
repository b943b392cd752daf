"""What ties people to a citizen: what takes place, until it is over, or until it was known not to take place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.resource import Facts
from gateway.domain.suspicion.known import citizen_of
from gateway.domain.suspicion.look import Tie
from gateway.domain.when import END

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
KNOWN = BEGAN + timedelta(days=9)
HERE = "urn:x|here"


def ties(kind: str, **body: Any) -> tuple[Tie, ...]:
    facts = Facts(
        kind=kind, id="1", citizen="c", sector="municipality", source="s", data_class="social", labels=frozenset(),
        clinical=(BEGAN,), updated=KNOWN,
    )  # fmt: skip
    owners = {"s": {(HERE, "social")}}
    return citizen_of("c", [(facts, body)], str, str, lambda source: owners[source]).ties


@pytest.mark.parametrize(
    ("status", "period", "ends"),
    [
        ("active", {}, END),
        ("completed", {}, KNOWN),
        ("completed", {"end": "2026-03-05T10:00:00Z"}, datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("revoked", {}, KNOWN),
        ("entered-in-error", {"end": "2027-01-01T00:00:00Z"}, KNOWN),
        ("cancelled", {}, KNOWN),
    ],
)
def test_what_is_over_ties_nobody_for_ever(status: str, period: dict[str, str], ends: datetime) -> None:
    start = {"start": "2026-03-01T00:00:00Z"}
    assert ties("CarePlan", status=status, period=start | period) == (Tie(HERE, "", BEGAN, ends, "social"),)


def test_a_meeting_that_is_cancelled_ties_until_that_was_known() -> None:
    meeting = {"created": "2026-03-01T00:00:00Z", "end": "2026-06-01T00:00:00Z"}
    assert [one.ends for one in ties("Appointment", status="cancelled", **meeting)] == [KNOWN]
    assert [one.ends for one in ties("Appointment", status="booked", **meeting)] > [KNOWN]
