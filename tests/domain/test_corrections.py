"""Corrections and cancellations whose original never came must reach nothing else: only the latest message may
be corrected."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from gateway.domain.statement import Statement
from tests.domain.stays import corrected, leaves, local, said, statuses, stay, stays, withdrawn

LOST = 77  # the number of a message that never came


def in_any_order(*statements: Statement) -> dict[str, object]:
    found = [stay(*order) for order in permutations(statements)]
    assert all(body == found[0] for body in found)
    return found[0]


def test_discharged_again_after_a_cancelled_discharge_that_never_came() -> None:
    body = in_any_order(said(1, "START", 0), withdrawn(3, "END", 9, corrects=LOST), said(4, "END", 20))
    assert body["status"] == "finished"
    assert body["period"] == {"start": local(0), "end": local(20)}


def test_the_lost_discharge_comes_after_all() -> None:
    body = stay(said(1, "START", 0), said(2, "END", 9), withdrawn(3, "END", 9, corrects=2), said(4, "END", 20))
    assert (body["status"], body["period"]["end"]) == ("finished", local(20))


def test_gone_again_after_a_cancelled_leave_that_never_came() -> None:
    body = in_any_order(said(1, "START", 0), withdrawn(3, "LEAVE", 5, corrects=LOST), said(4, "LEAVE", 10))
    assert body["status"] == "onleave"
    assert leaves(body) == [{"start": local(10)}]


def test_admitted_as_inpatient_after_a_cancelled_acute_contact_that_never_came() -> None:
    """AN_STAA for the wrong type of notification, then STIN: the citizen is in hospital."""
    cancelled = withdrawn(2, "START", 0, kind="EMER", corrects=LOST)
    found = {body["class"]["code"]: body for body in stays(cancelled, said(3, "START", 0.5))}
    assert found["IMP"]["status"] == "in-progress"
    again = stays(said(3, "START", 0.5), withdrawn(4, "START", 0, kind="EMER", corrects=LOST))
    assert {body["class"]["code"]: body["status"] for body in again}["IMP"] == "in-progress"


def test_a_corrected_second_leave_that_never_came_leaves_the_first_as_it_was() -> None:
    body = in_any_order(
        said(1, "START", 0), said(2, "LEAVE", 10), said(3, "RETURN", 20), corrected(5, "LEAVE", 31, corrects=LOST)
    )
    assert body["status"] == "onleave"
    assert leaves(body) == [{"start": local(10), "end": local(20)}, {"start": local(31)}]


def test_a_corrected_second_return_that_never_came_leaves_the_first_as_it_was() -> None:
    body = stay(
        said(1, "START", 0), said(2, "LEAVE", 10), said(3, "RETURN", 20), said(4, "LEAVE", 30),
        corrected(6, "RETURN", 41, corrects=LOST),
    )  # fmt: skip
    assert body["status"] == "in-progress"
    assert leaves(body) == [{"start": local(10), "end": local(20)}, {"start": local(30), "end": local(41)}]


def test_a_cancelled_second_return_that_never_came() -> None:
    body = stay(
        said(1, "START", 0), said(2, "LEAVE", 10), said(3, "RETURN", 20), said(4, "LEAVE", 30),
        withdrawn(6, "RETURN", 41, corrects=LOST),
    )  # fmt: skip
    assert statuses(body) == ["in-progress", "onleave", "in-progress", "onleave"]


@pytest.mark.parametrize("act", ["LEAVE", "RETURN", "END", "DIE"])
def test_a_dangling_correction_still_reaches_the_message_just_before_it(act: str) -> None:
    """AN_STIN_P points at a message of another stay: what is meant is the latest word about this one."""
    before = [said(1, "START", 0), *([said(2, "LEAVE", 5)] if act == "RETURN" else [])]
    moved = stay(*before, said(3, act, 10), corrected(4, act, 12, corrects=LOST))
    assert moved == stay(*before, said(3, act, 10), corrected(4, act, 12, corrects=3))
    gone = stay(*before, said(3, act, 10), withdrawn(4, act, 10, corrects=LOST))
    assert gone == stay(*before, said(3, act, 10), withdrawn(4, act, 10, corrects=3))


def test_what_was_cancelled_once_is_not_cancelled_again_in_another() -> None:
    """The same cancellation under a new header id, after the citizen was discharged again."""
    body = stay(
        said(1, "START", 0), said(2, "END", 9), withdrawn(3, "END", 9, corrects=2), said(4, "END", 20),
        withdrawn(5, "END", 9, corrects=2),
    )  # fmt: skip
    assert (body["status"], body["period"]["end"]) == ("finished", local(20))


def test_a_dangling_correction_of_one_hospital_leaves_the_other_alone() -> None:
    other = "502701000016000"
    first, second = stays(
        said(1, "START", 0), said(2, "START", 5, provider=other), corrected(3, "START", 1, corrects=LOST)
    )
    assert first["period"]["start"] == local(1)
    assert second["period"]["start"] == local(5)


def test_an_event_without_a_name_for_what_it_cancels_reaches_the_latest_of_its_kind() -> None:
    """HL7 v2 names no message: A12 comes after an update and other moves as well."""
    ward = [{"location": {"display": "Modtagelsen"}, "status": "active"}]
    other = [{"location": {"display": "Afsnit 4"}, "status": "active"}]
    body = stay(
        said(1, "START", 0, location=ward), said(2, "MOVE", 4, location=other), said(3, "UPDATE", 5),
        withdrawn(4, "MOVE", 4, location=other),
    )  # fmt: skip
    assert [place["location"]["display"] for place in body["location"]] == ["Modtagelsen"]


def test_an_admission_registered_after_a_cancellation_without_a_name_stands() -> None:
    body = in_any_order(withdrawn(2, "START", 1), said(3, "START", 0))
    assert body["status"] == "in-progress"


def test_the_clocks_of_two_hospitals_differ() -> None:
    body = in_any_order(said(5, "START", 0), withdrawn(3, "START", 0, corrects=LOST))
    assert body["status"] == "entered-in-error"


def test_of_two_systems_each_takes_back_its_own_word() -> None:
    """HL7 v2 and MedCom both tell the leave; the HL7 v2 sender cancels (A52), and MedCom's word stands."""
    told_too = replace(said(3, "LEAVE", 6), source="kommune")
    body = in_any_order(said(1, "START", 0), said(2, "LEAVE", 5), told_too, withdrawn(4, "LEAVE", 5))
    assert leaves(body) == [{"start": local(6)}]
    assert body["status"] == "onleave"


def test_a_correction_deletes_what_the_corrected_word_told() -> None:
    told, anew = {"text": "Sengeafsnit"}, {"text": "Dagafsnit"}
    body = stay(said(1, "START", 0, serviceType=told), corrected(2, "START", 0, cleared=("serviceType",)))
    assert "serviceType" not in body
    body = stay(said(1, "START", 0, serviceType=told), corrected(2, "START", 0, serviceType=anew))
    assert body["serviceType"] == anew
