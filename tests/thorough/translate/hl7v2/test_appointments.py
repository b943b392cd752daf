"""SIU → Appointment: status by event and SCH-25, times, people, network meetings; order never matters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.appointment import KIND, is_network_meeting
from gateway.errors import MissingField, SegmentOrder, UnknownEvent
from gateway.translate.fhir.structure import structure
from tests.translate.hl7v2.desk import AIL, AIP, END, START, appointment, in_any_order, mdm, ref, siu
from tests.translate.hl7v2.ward import language, msh, pid, raw, segment

MOVED = segment("TQ1", {7: "20250408130000+0200"})


def actors(one: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    return [p["actor"].get("display") or p["actor"]["reference"].partition("/")[0] for p in one["participant"]]


def test_an_appointment_is_booked() -> None:
    one = appointment(siu("S12", {1: "P-1^EPJ", 7: "FOLLOWUP", 8: "Normal"}, AIP, AIL))
    assert structure(one | {"meta": {"versionId": "1"}}) == []
    assert one["status"] == "booked"
    assert (one["start"], one["end"]) == ("2025-04-01T13:00:00+02:00", "2025-04-01T14:30:00+02:00")
    assert [i["value"] for i in one["identifier"]] == ["P-1", "F-1"]
    assert [i["type"]["coding"][0]["code"] for i in one["identifier"]] == ["PLAC", "FILL"]
    assert one["reasonCode"][0]["coding"][0]["code"] == "FOLLOWUP"
    assert actors(one) == ["Patient", "Karen Lund", "Mødelokale 12, MED1-12, HGH"]
    assert {p["status"] for p in one["participant"]} == {"accepted"}
    assert "subject" not in one, "R4 has none: the citizen takes part"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Pending", "pending"),
        ("Waitlist", "waitlist"),
        ("Booked", "booked"),
        ("BOOKED", "booked"),
        ("Started", "checked-in"),
        ("Complete", "fulfilled"),
        ("Cancelled", "cancelled"),
        ("Canceled", "cancelled"),
        ("Deleted", "entered-in-error"),
        ("Noshow", "noshow"),
        ("No Show", "noshow"),
        ("Scheduled", "booked"),
        ("Checked in", "checked-in"),
        ("Overbook", "booked"),
        ("Dc", "cancelled"),
        ("ARRIVED", "arrived"),
        ("Blocked", "booked"),
        ("Booked^The intended appointment is booked^HL70278", "booked"),
        ("", "booked"),
        ("Hva?", "booked"),
    ],
)
def test_the_status_is_that_of_sch_25_or_else_booked(code: str, status: str) -> None:
    assert appointment(siu("S12", {25: code}))["status"] == status


@pytest.mark.parametrize(
    ("event", "status"),
    [("S13", "booked"), ("S14", "booked"), ("S15", "cancelled"), ("S16", "cancelled"), ("S17", "entered-in-error"),
     ("S26", "noshow")],
)  # fmt: skip
def test_the_event_tells_even_where_sch_25_repeats_that_it_was_booked(event: str, status: str) -> None:
    assert appointment(siu(event))["status"] == status


def test_a_change_leaves_the_status_alone() -> None:
    """S14 is to appointments what A08 is to stays."""
    cancelled = siu("S15", sent="20250315090000+0100")
    changed = siu("S14", {25: "", 7: "CHECKUP"}, sent="20250316090000+0100")
    one = appointment(siu(), cancelled, changed)
    assert (one["status"], one["reasonCode"][0]["coding"][0]["code"]) == ("cancelled", "CHECKUP")


def test_a_moved_meeting_keeps_its_length_and_its_people() -> None:
    moved = siu("S13", {}, MOVED, sent="20250315090000+0100", tq1=False)
    one = appointment(siu("S12", {}, AIP, AIL), moved)
    assert (one["start"], one["end"]) == ("2025-04-08T13:00:00+02:00", "2025-04-08T14:30:00+02:00")
    assert actors(one) == ["Patient", "Karen Lund", "Mødelokale 12, MED1-12, HGH"]


def test_a_cancellation_keeps_what_it_does_not_repeat() -> None:
    bare = siu("S15", {6: "CANC^Borgeren er indlagt", 25: ""}, sent="20250315090000+0100", tq1=False)
    one = appointment(siu("S12", {}, AIP, AIL), bare)
    assert (one["status"], one["start"][:10]) == ("cancelled", "2025-04-01")
    assert one["cancelationReason"]["text"] == "Borgeren er indlagt"
    assert len(one["participant"]) == 3


def test_a_missed_appointment_can_be_moved_and_is_no_longer_missed() -> None:
    missed = siu("S26", sent="20250401150000+0200")
    one = appointment(siu(), missed, siu("S13", {}, MOVED, sent="20250402090000+0200", tq1=False))
    assert (one["status"], one["start"][:10]) == ("booked", "2025-04-08")
    assert "cancelationReason" not in one


def test_a_reason_for_a_cancellation_goes_when_it_is_booked_again() -> None:
    again = siu("S13", sent="20250316090000+0100")
    assert "cancelationReason" not in appointment(siu(), siu("S15", {6: "CANC^x"}, sent="20250315090000+0100"), again)


def test_a_deleted_appointment_keeps_its_content_as_history() -> None:
    one = appointment(siu("S12", {}, AIP), siu("S17", sent="20250315090000+0100", tq1=False))
    assert (one["status"], one["start"][:10], len(one["participant"])) == ("entered-in-error", "2025-04-01", 2)


def test_order_and_repetition_never_matter() -> None:
    messages = (
        siu("S12", {}, AIP, AIL),
        siu("S13", {}, MOVED, sent="20250315090000+0100", tq1=False),
        siu("S14", {7: "CHECKUP", 25: ""}, sent="20250316090000+0100", tq1=False),
        siu("S26", sent="20250408150000+0200", tq1=False),
    )
    first, *others = in_any_order(*messages)
    assert first["Appointment"][0]["status"] == "noshow"
    assert all(other == first for other in others)


def test_a_cancellation_that_comes_first_is_a_cancellation() -> None:
    first, *others = in_any_order(siu("S15", sent="20250315090000+0100"), siu())
    assert first["Appointment"][0]["status"] == "cancelled"
    assert all(other == first for other in others)


@pytest.mark.parametrize("field", [7, 8])
def test_a_network_meeting_is_one_by_the_code_table(field: int) -> None:
    one = appointment(siu("S12", {field: "NETV^Netværksmøde"}))
    assert is_network_meeting(one)
    coding = one["appointmentType" if field == 8 else "reasonCode"]
    codings = (coding if isinstance(coding, dict) else coding[0])["coding"]
    assert codings[0] == {"system": KIND, "code": "network-meeting", "display": "Netværksmøde"}
    assert codings[1]["code"] == "NETV", "the hospital's own code stays"


def test_a_service_can_be_a_network_meeting_too() -> None:
    assert is_network_meeting(appointment(siu("S12", {}, segment("AIS", {1: "1", 3: "NETV^Netværksmøde"}))))
    assert not is_network_meeting(appointment(siu("S12", {8: "Normal"}, segment("AIS", {1: "1", 3: "AAF6^Samtale"}))))


def test_two_senders_equal_numbers_are_two_appointments() -> None:
    other = raw(msh("S12", {4: "BBH", 9: "SIU^S12"}), segment("SCH", {2: "F-1"}), pid())
    own = raw(msh("S12", {9: "SIU^S12"}), segment("SCH", {2: "F-1"}), pid())
    keys = [language().translate(one).statements[-1].key for one in (own, other)]
    assert keys[0] != keys[1]


def test_the_placers_number_is_not_the_fillers() -> None:
    placer = raw(msh("S12", {9: "SIU^S12"}), segment("SCH", {1: "12"}), pid())
    filler = raw(msh("S12", {9: "SIU^S12"}), segment("SCH", {2: "12"}), pid())
    assert language().translate(placer).statements[-1].key != language().translate(filler).statements[-1].key


def test_each_occurrence_of_a_repeating_appointment_is_one() -> None:
    keys = {language().translate(siu("S12", {3: number})).statements[-1].key for number in ("", "1", "2")}
    assert len(keys) == 3


def test_an_appointment_without_a_number_is_refused_with_its_place() -> None:
    with pytest.raises(MissingField) as refused:
        language().translate(siu("S12", {2: ""}))
    assert refused.value.where.startswith("SCH^1")


def test_two_citizens_in_one_message_are_refused() -> None:
    with pytest.raises(SegmentOrder):
        language().translate(siu("S12", {}, pid()))


@pytest.mark.parametrize("message", [siu(), ref(), mdm()])
def test_what_a_message_is_about_must_be_there_once(message: bytes) -> None:
    name = {b"SIU": "SCH", b"REF": "RF1", b"MDM": "TXA"}[message.split(b"|")[8][:3]]
    segments = message.decode().strip("\r").split("\r")
    without = raw(*(one for one in segments if not one.startswith(name)))
    twice = raw(*segments, *(one for one in segments if one.startswith(name)))
    for wrong, where in ((without, f"{name}^1"), (twice, f"{name}^2")):
        with pytest.raises(SegmentOrder) as refused:
            language().translate(wrong)
        assert refused.value.where == where


@pytest.mark.parametrize("event", ["S18", "S19", "S20", "S21", "S22", "S23", "S24", "S25", "S27"])
def test_events_of_one_resource_and_of_the_schedule_itself_are_rejected(event: str) -> None:
    """S18 to S22 tell a part of an appointment, which would be taken for the whole; S23 and S24 are about nobody."""
    with pytest.raises(UnknownEvent) as caught:
        language().translate(siu(event))
    assert caught.value.hint == "Received of SIU: S12, S13, S14, S15, S16, S17, S26."
    told = language().refuse(siu(event), caught.value, datetime(2025, 4, 1, tzinfo=UTC)).decode()
    assert "\rMSA|AR|" in told
    assert "\rERR||MSH^1^9|201^Unsupported event code^HL70357|E|" in told


@pytest.mark.parametrize(
    ("fields", "more", "start", "end"),
    [
        ({11: f"^^^{START}^{END}"}, (), "2025-04-01T13:00:00+02:00", "2025-04-01T14:30:00+02:00"),
        ({11: f"^^M45^{START}"}, (), "2025-04-01T13:00:00+02:00", "2025-04-01T13:45:00+02:00"),
        ({11: f"^^^{START}", 9: "2", 10: "h^hours"}, (), "2025-04-01T13:00:00+02:00", "2025-04-01T15:00:00+02:00"),
        ({9: "30", 10: "min"}, ({"AIS": {4: START}},), "2025-04-01T13:00:00+02:00", "2025-04-01T13:30:00+02:00"),
        ({}, ({"AIS": {4: START, 7: "50", 8: "min"}},), "2025-04-01T13:00:00+02:00", "2025-04-01T13:50:00+02:00"),
        ({}, ({"AIP": {3: "X", 6: START, 9: "15"}},), "2025-04-01T13:00:00+02:00", "2025-04-01T13:15:00+02:00"),
        ({11: f"^^^{START}"}, (), "2025-04-01T13:00:00+02:00", "2025-04-01T13:00:00+02:00"),
        ({11: f"^^^{START}^20240101000000"}, (), "2025-04-01T13:00:00+02:00", "2025-04-01T13:00:00+02:00"),
        ({11: "^^^202503300230^202503300330"}, (), "2025-03-30T03:30:00+02:00", "2025-03-30T03:30:00+02:00"),
    ],
)
def test_times_stand_in_several_places(
    fields: dict[int, str], more: tuple[dict[str, dict[int, str]], ...], start: str, end: str
) -> None:
    segments = [segment(name, {1: "1"} | told) for one in more for name, told in one.items()]
    one = appointment(siu("S12", fields, *segments, tq1=False))
    assert (one["start"], one["end"]) == (start, end)


def test_a_day_without_a_time_is_no_beginning() -> None:
    found = language().translate(siu("S12", {11: "^^^20250401"}, tq1=False))
    one = appointment(siu("S12", {11: "^^^20250401"}, tq1=False))
    assert "start" not in one
    assert one["requestedPeriod"] == [{"start": "2025-04-01"}]
    assert any("time of day" in finding.text for finding in found.findings)


def test_what_was_taken_out_of_the_appointment_does_not_take_part() -> None:
    gone = segment("AIP", {1: "2", 2: "D", 3: "KK9^Ny^Ib"})
    assert actors(appointment(siu("S12", {}, AIP, gone))) == ["Patient", "Karen Lund"]


@pytest.mark.parametrize(
    ("segments", "stay"),
    [
        ((segment("AIP", {1: "2", 2: "D", 3: "KK9"}),), ["Patient", "Karen Lund", "Stue 1"]),
        ((segment("AIP", {1: "2", 2: "D", 3: "KK9^Ny^Ib"}), AIP), ["Patient", "Karen Lund"]),
        ((segment("AIG", {1: "1", 2: "D", 3: "5001"}),), ["Patient", "Karen Lund", "Ib Ny"]),
    ],
)
def test_who_is_taken_out_later_comes_no_more_and_the_others_do(segments: tuple[str, ...], stay: list[str]) -> None:
    another = segment("AIP", {1: "2", 3: "KK9^Ny^Ib"})
    before = siu("S12", {}, AIP, another, segment("AIG", {1: "1", 3: "5001^Stue 1^L"}))
    after = siu("S14", {}, *segments, sent="20250315090000+0100")
    assert actors(appointment(before, after)) == stay
    assert all(one["status"] == "accepted" for one in appointment(before, after)["participant"])


def test_equipment_people_and_places_of_aig() -> None:
    kinds = {"P^^CSI": "Practitioner", "101^Equipment^L": "Device", "ROOM": "Location", "?": None}
    for code, kind in kinds.items():
        one = appointment(siu("S12", {}, segment("AIG", {1: "1", 3: "5001^Noget^L", 4: code})))
        assert one["participant"][1]["actor"].get("type") == kind
        assert one["participant"][1]["actor"]["display"] == "Noget"


def test_whom_to_call_need_not_come() -> None:
    one = appointment(siu("S12", {16: "KK1^Ny^Ib"}))
    assert one["participant"][1]["required"] == "information-only"
    kept = appointment(siu("S12", {}, AIP), siu("S13", {16: "KK1^Ny^Ib"}, sent="20250315090000+0100"))
    assert actors(kept) == ["Patient", "Karen Lund", "Ib Ny"]


def test_notes_are_the_comment_and_cannot_end_a_line() -> None:
    note = segment("NTE", {3: r"Tag medicin med\X0D\PID\F\1~Husk \T\ brug"})
    message = siu("S12", {}).replace(b"TQ1|", note.encode() + b"\rTQ1|")
    comment = appointment(message)["comment"]
    assert comment.split("\n") == ["Tag medicin med", "PID|1", "Husk & brug"]


def test_notes_to_staff_and_about_rooms_are_no_comment() -> None:
    one = appointment(siu("S12", {}, AIP, "NTE|1||Kun til Karen", AIL, "NTE|1||Stole mangler"))
    assert "comment" not in one


def test_psychiatric_services_are_told_as_specialty() -> None:
    one = appointment(siu("S12", {}, "PV1|1|O||||||||PSY"))
    assert one["specialty"][0]["coding"][0]["code"] == "PSY"


@pytest.mark.parametrize(("event", "left"), [("S12", ["SCH-6.1", "SCH-6.2"]), ("S15", ["SCH-25"])])
def test_every_field_is_read_or_skipped_with_a_reason(event: str, left: list[str]) -> None:
    """Why something was booked says nothing, and of a cancellation the event tells the status."""
    found = language().explain(siu(event, {1: "P", 7: "ROUTINE", 8: "Normal", 16: "A^B"}, AIP, AIL))
    assert [one.field for one in found.unread if one.reason == "unread"] == left
