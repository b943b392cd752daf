"""What R4 wants of an appointment, and what a new word leaves standing."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.appointment import KIND, is_network_meeting, joined, settled

CITIZEN = "9f" * 16
START, END = "2025-04-01T13:00:00+02:00", "2025-04-01T14:30:00+02:00"
LATER = "2025-04-08T13:00:00+02:00"
KAREN = {"actor": {"display": "Karen"}, "status": "accepted"}
CALL = {"actor": {"display": "Ib"}, "status": "accepted", "required": "information-only"}


def test_the_citizen_takes_part() -> None:
    people = settled({"status": "booked", "participant": [KAREN]}, CITIZEN)["participant"]
    assert [p["actor"].get("reference") for p in people] == [f"Patient/{CITIZEN}", None]


@pytest.mark.parametrize(
    ("status", "comes"),
    [("booked", "accepted"), ("pending", "needs-action"), ("proposed", "needs-action"), ("waitlist", "tentative")],
)
def test_whether_the_citizen_has_said_yes(status: str, comes: str) -> None:
    assert settled({"status": status}, CITIZEN)["participant"][0]["status"] == comes


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ({"start": START, "end": END}, END),
        ({"start": START, "minutesDuration": 30}, "2025-04-01T13:30:00+02:00"),
        ({"start": START}, START),
        ({"start": START, "end": "2025-03-01T00:00:00+01:00", "minutesDuration": 10}, "2025-04-01T13:10:00+02:00"),
        ({"end": END}, None),
        ({"start": "9999-12-31T23:59:00Z", "minutesDuration": 1000}, "9999-12-31T23:59:00Z"),
    ],
)
def test_an_end_where_there_is_a_beginning(told: dict[str, Any], end: str | None) -> None:
    assert settled({"status": "booked", **told}, CITIZEN).get("end") == end


@pytest.mark.parametrize(
    ("status", "kept"), [("cancelled", True), ("noshow", True), ("booked", False), ("fulfilled", False)]
)
def test_only_what_did_not_take_place_has_a_reason_for_that(status: str, kept: bool) -> None:
    assert ("cancelationReason" in settled({"status": status, "cancelationReason": {"text": "x"}}, CITIZEN)) is kept


def test_a_moved_meeting_keeps_its_length_unless_a_new_one_is_told() -> None:
    before = {"start": START, "end": END}
    assert joined(before, {"start": LATER})["end"] == "2025-04-08T14:30:00+02:00"
    assert "end" not in joined(before, {"start": LATER, "minutesDuration": 15})
    assert joined(before, {"start": LATER, "end": "2025-04-08T13:15:00+02:00"})["end"] == "2025-04-08T13:15:00+02:00"


def test_an_end_and_a_length_never_contradict_each_other() -> None:
    before = {"start": START, "end": END, "minutesDuration": 90}
    sooner = joined(before, {"end": "2025-04-01T13:30:00+02:00"})
    assert "minutesDuration" not in sooner
    assert "minutesDuration" not in joined(before, {"start": LATER, "end": LATER})
    shorter = settled(joined(before, {"minutesDuration": 30}), CITIZEN)
    assert (shorter["end"], shorter["minutesDuration"]) == ("2025-04-01T13:30:00+02:00", 30)
    assert joined(before, {"minutesDuration": 90, "comment": "x"})["end"] == END
    assert joined(before, {"start": LATER})["minutesDuration"] == 90
    assert "start" not in joined(before, {"requestedPeriod": [{"start": "2025-05-01"}]})


def test_who_is_only_to_be_called_takes_nobodys_place() -> None:
    assert joined({"participant": [KAREN]}, {"participant": [CALL]})["participant"] == [KAREN, CALL]
    assert joined({"participant": [KAREN, CALL]}, {"participant": [KAREN]})["participant"] == [KAREN]


def test_a_network_meeting_is_one_wherever_its_code_stands() -> None:
    concept = {"coding": [{"system": KIND, "code": "network-meeting"}]}
    assert is_network_meeting({"appointmentType": concept})
    assert is_network_meeting({"serviceType": [{"text": "x"}, concept]})
    assert not is_network_meeting({"reasonCode": [{"coding": [{"system": "urn:x", "code": "network-meeting"}]}]})
    assert not is_network_meeting({})
