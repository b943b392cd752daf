"""What is expected and then comes, or is called off: admissions (A05, A14), transfers (A15), discharges (A16)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.translate.hl7v2.ward import (
    ADMITTED,
    HERLEV,
    adt,
    evn,
    fold,
    language,
    msh,
    of_kind,
    pid,
    pv1,
    raw,
    segment,
    stay,
)

EXPECTED = adt("A05", segment("PV2", {8: "202503140900"}), sent="20250310090000+0100", visit=pv1({2: "P", 44: ""}))
NOT_ADMITTED = adt("A11", sent="20250314120000+0100")
CALLED_OFF = adt("A38", sent="20250312090000+0100", visit=pv1({2: "P", 44: ""}))
WARD2 = "MED2^1^1^HGH"
TO_MOVE = adt("A15", sent="20250316080000+0100", visit=pv1({42: WARD2}))
TO_LEAVE = adt("A16", segment("PV2", {9: "20250320"}), sent="20250317080000+0100")
NOT_TO_LEAVE = adt("A25", sent="20250318080000+0100")


def planned(encounter: dict[str, Any]) -> dict[str, str]:
    return {e["url"].rpartition(".")[2]: e["valueDateTime"] for e in encounter.get("extension", [])}


def places(encounter: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["location"]["display"], one["status"]) for one in encounter.get("location", [])]


@pytest.mark.parametrize("event", ["A05", "A14"])
def test_a_stay_is_expected(event: str) -> None:
    when = segment("PV2", {8: "202503140900"})
    made = stay(adt(event, when, sent="20250310090000+0100", visit=pv1({2: "P", 44: ""})))
    assert (made["status"], made["class"]["code"]) == ("planned", "PRENC")
    assert "period" not in made, "it has not begun"
    assert made["statusHistory"] == [{"status": "planned", "period": {"start": "2025-03-10T09:00:00+01:00"}}]
    assert planned(made) == {"plannedStartDate": "2025-03-14T09:00:00+01:00"}
    assert places(made) == [("MED1-12-2, HGH", "planned")]
    (said,) = of_kind(language().translate(EXPECTED), "Encounter")
    assert not any("pre-admission" in note for note in said.notes)


def test_the_time_it_is_planned_for_may_stand_in_evn_3() -> None:
    event = segment("EVN", {1: "A14", 2: "202503100900", 3: "20250314"})
    assert planned(stay(raw(msh("A14"), event, pid(), pv1({44: ""})))) == {"plannedStartDate": "2025-03-14"}
    event = segment("EVN", {1: "A16", 2: "202503100900", 3: "20250314"})
    assert planned(stay(raw(msh("A16"), event, pid(), pv1({44: ""})))) == {"plannedEndDate": "2025-03-14"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_was_expected_begins_with_the_admission(order: tuple[int, ...]) -> None:
    made = stay(*((EXPECTED, ADMITTED)[at] for at in order))
    assert (made["status"], made["class"]["code"]) == ("in-progress", "IMP")
    assert made["period"] == {"start": "2025-03-14T09:15:00+01:00"}
    assert [row["status"] for row in made["statusHistory"]] == ["planned", "in-progress"]
    assert places(made) == [("MED1-12-2, HGH", "active")]


@pytest.mark.parametrize("place", ["", "MED1", "MED1^^^BBH"])
def test_who_is_expected_has_no_bed_yet(place: str) -> None:
    expected = adt("A05", sent="20250310090000+0100", visit=pv1({2: "P", 3: place, 44: ""}))
    made = stay(expected, ADMITTED)
    assert made["status"] == "in-progress"
    assert made["serviceProvider"]["display"] == "HGH"
    assert [one["display"] for one in (at["location"] for at in made["location"])] == ["MED1-12-2, HGH"]
    assert stay(ADMITTED, expected) == made


def test_who_is_expected_and_comes_acutely_in_the_same_visit_has_two_contacts() -> None:
    acute = adt("A04", sent="20250314093000+0100", visit=pv1({2: "E"}))
    made = {one["class"]["code"]: one["status"] for one in fold(EXPECTED, acute)["Encounter"]}
    assert made == {"PRENC": "planned", "EMER": "in-progress"}


def test_a_stay_expected_at_another_hospital_is_not_the_one_that_goes_on() -> None:
    elsewhere = adt("A14", sent="20250315090000+0100", visit=pv1({2: "P", 3: "PSY4^1^1^BBH", 44: ""}))
    made = {one["serviceProvider"]["display"]: one["status"] for one in fold(ADMITTED, elsewhere)["Encounter"]}
    assert made == {"HGH": "in-progress", "BBH": "planned"}


@pytest.mark.parametrize("cancel", ["A38", "A27"])
def test_an_expected_stay_is_called_off_and_was_no_error(cancel: str) -> None:
    off = adt(cancel, sent="20250312090000+0100", visit=pv1({2: "P", 44: ""}))
    made = stay(EXPECTED, off)
    assert made["status"] == "cancelled"
    assert made == stay(off, EXPECTED)
    assert stay(off)["status"] == "cancelled", "even when nobody told that it was expected"


def test_an_update_does_not_begin_what_is_expected_nor_revive_what_is_called_off() -> None:
    update = adt("A08", sent="20250311090000+0100", visit=pv1({2: "P", 44: ""}))
    assert stay(EXPECTED, update)["status"] == "planned"
    assert stay(EXPECTED, update, CALLED_OFF)["status"] == "cancelled"


def test_a_cancelled_admission_leaves_what_was_expected_before() -> None:
    assert stay(EXPECTED, ADMITTED, NOT_ADMITTED)["status"] == "planned"
    late = adt("A38", sent="20250315090000+0100")
    assert stay(EXPECTED, ADMITTED, NOT_ADMITTED, late)["status"] == "entered-in-error"


def test_who_came_unexpectedly_is_in_all_the_same() -> None:
    assert stay(EXPECTED, CALLED_OFF, ADMITTED)["status"] == "in-progress"


def test_who_is_on_leave_or_gone_had_come() -> None:
    leave = adt("A21", at="20250316100000+0100", sent="20250316101000+0100")
    made = stay(EXPECTED, leave)
    assert [row["status"] for row in made["statusHistory"]] == ["planned", "in-progress", "onleave"]
    assert made["period"] == {"start": "2025-03-14T09:15:00+01:00"}


def test_a_place_is_reserved_until_the_transfer() -> None:
    waiting = stay(ADMITTED, TO_MOVE)
    assert waiting["status"] == "in-progress"
    assert places(waiting) == [("MED1-12-2, HGH", "active"), ("MED2-1-1, HGH", "reserved")]
    moved = adt("A02", at="20250316120000+0100", sent="20250316120500+0100", visit=pv1({3: WARD2, 6: HERLEV}))
    assert places(stay(ADMITTED, TO_MOVE, moved)) == [("MED1-12-2, HGH", "completed"), ("MED2-1-1, HGH", "active")]


def test_a_reservation_is_cancelled_and_ends_with_the_stay() -> None:
    not_moved = adt("A26", sent="20250316090000+0100", visit=pv1({42: WARD2}))
    assert stay(ADMITTED, TO_MOVE, not_moved) == stay(not_moved, ADMITTED, TO_MOVE)
    assert places(stay(ADMITTED, TO_MOVE, not_moved)) == [("MED1-12-2, HGH", "active")]
    gone = adt("A03", sent="20250320130000+0100", visit=pv1({45: "20250320123000+0100"}))
    assert places(stay(ADMITTED, TO_MOVE, gone)) == [("MED1-12-2, HGH", "completed")]


def test_a_discharge_is_planned_and_the_stay_goes_on() -> None:
    made = stay(ADMITTED, TO_LEAVE)
    assert (made["status"], planned(made)) == ("in-progress", {"plannedEndDate": "2025-03-20"})
    assert "end" not in made["period"]


@pytest.mark.parametrize("order", [*permutations(range(4))][::5])
def test_a_cancelled_plan_of_discharge_takes_the_planned_end_from_what_repeats_it_too(order: tuple[int, ...]) -> None:
    repeats = adt("A08", segment("PV2", {9: "20250320"}), sent="20250317100000+0100")
    messages = (ADMITTED, TO_LEAVE, repeats, NOT_TO_LEAVE)
    made = stay(*(messages[at] for at in order))
    assert (made["status"], planned(made)) == ("in-progress", {})
    again = adt("A16", segment("PV2", {9: "20250325"}), sent="20250319100000+0100")
    assert planned(stay(*messages, again)) == {"plannedEndDate": "2025-03-25"}


def test_one_expectation_does_not_take_away_another() -> None:
    away = adt("A21", segment("PV2", {47: "202503180900"}), at="20250317100000+0100", sent="20250317101000+0100")
    told = {e["url"].rpartition("/")[2] for e in stay(ADMITTED, TO_LEAVE, away)["extension"]}
    assert told == {"extension-Encounter.plannedEndDate", "expected-return", "leave-period"}


def test_evn_alone_is_enough_for_a_stay_that_is_expected() -> None:
    assert stay(raw(msh("A05"), evn("A05"), pid(), "PV1||P"))["status"] == "planned"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_expected_stay_that_goes_on_when_nobody_told_of_its_beginning_is_expected_no_more(
    order: tuple[int, ...],
) -> None:
    """Only the return from a leave came: when the stay began is not known, and an open `planned` would be now."""
    back = adt("A22", sent="20250316080000+0100", visit=pv1({3: "", 44: ""}))
    messages = (EXPECTED, back)
    made = stay(*(messages[at] for at in order))
    assert made["status"] == "in-progress"
    assert "statusHistory" not in made
    assert places(made) == []
