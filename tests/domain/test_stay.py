"""Every notification type of MedCom's and every ADT event, as the acts they become."""

from __future__ import annotations

import pytest

from gateway.domain.statement import Act, Statement, Verb
from tests.domain.stays import (
    IDS,
    corrected,
    folded,
    leaves,
    local,
    moment,
    said,
    statuses,
    stay,
    stays,
    withdrawn,
)


def test_admission_opens_a_stay() -> None:
    body = stay(said(1, "START", 0))
    assert body["status"] == "in-progress"
    assert body["class"]["code"] == "IMP"
    assert body["period"] == {"start": local(0)}
    assert body["subject"]["reference"].startswith("Patient/")


def test_acute_contact_is_a_stay_of_its_own_class() -> None:
    assert stay(said(1, "START", 0, kind="EMER"))["class"]["code"] == "EMER"


def test_corrected_admission_moves_the_start_and_keeps_the_id() -> None:
    before = stay(said(1, "START", 0))
    after = stay(said(1, "START", 0), corrected(2, "START", 2))
    assert after["period"] == {"start": local(2)}
    assert after["id"] == before["id"]


def test_corrected_department_keeps_the_id_too() -> None:
    before = stay(said(1, "START", 0))
    after = stay(said(1, "START", 0), corrected(2, "START", 0, provider="399841000016000"))
    assert after["serviceProvider"]["identifier"]["value"] == "399841000016000"
    assert after["id"] == before["id"]


def test_events_from_the_corrected_department_stay_with_the_same_stay() -> None:
    body = stay(
        said(1, "START", 0), corrected(2, "START", 0, provider="399841000016000"),
        said(3, "END", 5, provider="399841000016000"),
    )  # fmt: skip
    assert body["status"] == "finished"


def test_cancelled_admission_is_entered_in_error_never_cancelled() -> None:
    assert stay(said(1, "START", 0), withdrawn(2, "START", 0))["status"] == "entered-in-error"


def test_cancellation_before_the_admission_has_come() -> None:
    early = stay(withdrawn(2, "START", 0))
    assert early["status"] == "entered-in-error"
    late = stay(withdrawn(2, "START", 0), said(1, "START", 0))
    assert late["status"] == "entered-in-error"
    assert late["id"] == early["id"]


def test_admitted_again_after_a_cancelled_admission() -> None:
    body = stay(said(1, "START", 0), withdrawn(2, "START", 0), said(3, "START", 3))
    assert body["status"] == "in-progress"
    assert body["period"]["start"] == local(3)


def test_leave_and_return() -> None:
    body = stay(said(1, "START", 0), said(2, "LEAVE", 10), said(3, "RETURN", 20))
    assert body["status"] == "in-progress"
    assert statuses(body) == ["in-progress", "onleave", "in-progress"]
    assert leaves(body) == [{"start": local(10), "end": local(20)}]


def test_two_leaves_are_both_kept() -> None:
    body = stay(
        said(1, "START", 0), said(2, "LEAVE", 10), said(3, "RETURN", 20), said(4, "LEAVE", 30), said(5, "RETURN", 40)
    )
    assert leaves(body) == [{"start": local(10), "end": local(20)}, {"start": local(30), "end": local(40)}]


def test_corrected_leave_start() -> None:
    body = stay(said(1, "START", 0), said(2, "LEAVE", 10), corrected(3, "LEAVE", 12))
    assert leaves(body) == [{"start": local(12)}]
    assert body["status"] == "onleave"


def test_cancelled_leave_means_in_progress() -> None:
    body = stay(said(1, "START", 0), said(2, "LEAVE", 10), withdrawn(3, "LEAVE", 10))
    assert body["status"] == "in-progress"
    assert leaves(body) == []


def test_corrected_return() -> None:
    body = stay(said(1, "START", 0), said(2, "LEAVE", 10), said(3, "RETURN", 20), corrected(4, "RETURN", 22))
    assert leaves(body) == [{"start": local(10), "end": local(22)}]


def test_cancelled_return_means_on_leave() -> None:
    body = stay(said(1, "START", 0), said(2, "LEAVE", 10), said(3, "RETURN", 20), withdrawn(4, "RETURN", 20))
    assert body["status"] == "onleave"
    assert leaves(body) == [{"start": local(10)}]


def test_discharge() -> None:
    body = stay(said(1, "START", 0), said(2, "END", 48))
    assert body["status"] == "finished"
    assert body["period"] == {"start": local(0), "end": local(48)}
    assert statuses(body) == ["in-progress", "finished"]


def test_corrected_discharge() -> None:
    body = stay(said(1, "START", 0), said(2, "END", 48), corrected(3, "END", 50))
    assert body["period"]["end"] == local(50)


def test_cancelled_discharge_opens_the_stay_again_and_takes_the_end_away() -> None:
    body = stay(said(1, "START", 0), said(2, "END", 48), withdrawn(3, "END", 48))
    assert body["status"] == "in-progress"
    assert "end" not in body["period"]


def test_death_finishes_the_stay() -> None:
    assert stay(said(1, "START", 0), said(2, "DIE", 9))["status"] == "finished"


def test_death_during_leave_ends_the_leave_at_the_death() -> None:
    body = stay(said(1, "START", 0), said(2, "LEAVE", 10), said(3, "DIE", 15))
    assert body["status"] == "finished"
    assert leaves(body) == [{"start": local(10), "end": local(15)}]
    assert statuses(body) == ["in-progress", "onleave", "finished"]


def test_cancelled_death_gives_back_the_status_before() -> None:
    body = stay(said(1, "START", 0), said(2, "LEAVE", 10), said(3, "DIE", 15), withdrawn(4, "DIE", 15))
    assert body["status"] == "onleave"
    assert "end" not in body["period"]


def test_dead_on_arrival_starts_and_ends_at_once() -> None:
    body = stay(said(1, "DIE", 3))
    assert body["period"] == {"start": local(3), "end": local(3)}


def test_corrected_death() -> None:
    body = stay(said(1, "START", 0), said(2, "DIE", 9), corrected(3, "DIE", 11))
    assert body["period"]["end"] == local(11)


def test_cancelling_a_discharge_also_reaches_a_death() -> None:
    """HL7 v2 has one cancel event, A13, for a discharge whether the patient went home or died."""
    assert stay(said(1, "START", 0), said(2, "DIE", 9), withdrawn(3, "END", 9))["status"] == "in-progress"


def test_never_back_from_leave() -> None:
    body = stay(said(1, "START", 0), said(2, "LEAVE", 10), said(3, "END", 40))
    assert body["status"] == "finished"
    assert leaves(body)[0]["end"] == local(40)


@pytest.mark.parametrize(
    ("act", "status"), [("LEAVE", "in-progress"), ("RETURN", "onleave"), ("END", "in-progress"), ("DIE", "in-progress")]
)
def test_cancellation_of_what_never_came_tells_how_the_stay_is(act: str, status: str) -> None:
    body = stay(withdrawn(1, act, 5, period={"start": local(0)}))
    assert body["status"] == status
    assert body["period"] == {"start": local(0)}


@pytest.mark.parametrize(("act", "status"), [("LEAVE", "onleave"), ("RETURN", "in-progress"), ("END", "finished")])
def test_correction_of_what_never_came_counts_as_the_event(act: str, status: str) -> None:
    assert stay(corrected(1, act, 5))["status"] == status


def test_late_admission_does_not_admit_a_discharged_citizen_again() -> None:
    body = stay(said(2, "END", 48), said(1, "START", 0))
    assert body["status"] == "finished"
    assert body["period"]["start"] == local(0)


def test_update_never_touches_the_status() -> None:
    finished = stay(said(1, "START", 0), said(2, "END", 5), said(3, "UPDATE", 6, priority={"text": "akut"}))
    assert finished["status"] == "finished"
    assert finished["priority"] == {"text": "akut"}


def test_update_before_the_admission_is_known() -> None:
    body = stay(said(2, "UPDATE", 1, period={"start": local(0)}))
    assert body["status"] == "in-progress"
    assert body["period"]["start"] == local(0)


def test_empty_leaves_and_null_deletes() -> None:
    start = said(1, "START", 0, priority={"text": "akut"})
    assert "priority" in stay(start, said(2, "UPDATE", 1))
    assert "priority" not in stay(start, said(2, "UPDATE", 1, cleared=("priority",)))


def test_transfer_in_the_house_moves_the_bed_only() -> None:
    ward = [{"location": {"display": "Modtagelsen"}, "status": "active"}]
    other = [{"location": {"display": "Afsnit 4"}, "status": "active"}]
    body = stay(said(1, "START", 0, location=ward), said(2, "MOVE", 4, location=other))
    assert [place["location"]["display"] for place in body["location"]] == ["Modtagelsen", "Afsnit 4"]
    assert [place["status"] for place in body["location"]] == ["completed", "active"]
    assert body["location"][0]["period"] == {"start": local(0), "end": local(4)}
    assert body["status"] == "in-progress"


def test_cancelled_transfer_puts_the_citizen_back() -> None:
    ward = [{"location": {"display": "Modtagelsen"}, "status": "active"}]
    other = [{"location": {"display": "Afsnit 4"}, "status": "active"}]
    body = stay(
        said(1, "START", 0, location=ward), said(2, "MOVE", 4, location=other), withdrawn(3, "MOVE", 4, location=other)
    )
    assert [place["location"]["display"] for place in body["location"]] == ["Modtagelsen"]


def test_another_hospital_in_the_same_episode_is_a_second_stay_and_discharges_nobody() -> None:
    first, second = stays(said(1, "START", 0), said(2, "START", 5, provider="502701000016000"))
    assert first["status"] == second["status"] == "in-progress"
    assert first["id"] != second["id"]


def test_acute_to_admitted_is_a_second_stay_and_ends_the_acute_contact() -> None:
    acute, admitted = stays(said(1, "START", 0, kind="EMER"), said(2, "START", 5))
    assert acute["status"] == "finished"
    assert acute["period"]["end"] == local(5)
    assert "hospitalization" not in acute
    assert admitted["status"] == "in-progress"


def test_cancelled_admission_gives_the_acute_contact_back() -> None:
    acute, admitted = stays(said(1, "START", 0, kind="EMER"), said(2, "START", 5), withdrawn(3, "START", 5))
    assert acute["status"] == "in-progress"
    assert admitted["status"] == "entered-in-error"


def test_death_told_with_the_class_of_the_acute_contact_reaches_the_admission() -> None:
    body = stay(said(1, "START", 0), said(2, "DIE", 9, kind="EMER"))
    assert body["status"] == "finished"
    assert body["class"]["code"] == "IMP"


def test_psychiatric_and_somatic_stays_overlap() -> None:
    both = stays(said(1, "START", 0), said(2, "START", 5, key="episode|e2", provider="502701000016000"))
    assert [body["status"] for body in both] == ["in-progress", "in-progress"]


def test_discharge_after_a_transfer_ends_the_former_stay_where_the_new_one_began() -> None:
    first, second = stays(
        said(1, "START", 0), said(2, "START", 5, provider="502701000016000"),
        said(3, "END", 9, provider="502701000016000"),
    )  # fmt: skip
    assert (first["status"], second["status"]) == ("finished", "finished")
    assert first["period"] == {"start": local(0), "end": local(5)}
    assert "hospitalization" not in first


def test_a_stay_that_a_transfer_ended_ends_after_all_that_happened_in_it() -> None:
    first, _ = stays(
        said(1, "START", 0), said(2, "LEAVE", 4), said(3, "START", 5, provider="502701000016000"),
        said(4, "RETURN", 7), said(5, "END", 9, provider="502701000016000"),
    )  # fmt: skip
    assert first["period"]["end"] == local(7)
    assert leaves(first) == [{"start": local(4), "end": local(7)}]


def test_an_admission_does_not_end_an_acute_contact_that_was_only_expected() -> None:
    found = stays(said(1, "PLAN", 3, kind="EMER"), said(2, "START", 5))
    assert {body["class"]["code"]: body["status"] for body in found} == {"EMER": "planned", "IMP": "in-progress"}


def test_an_end_told_twice_is_the_later_one() -> None:
    body = stay(said(1, "START", 0), said(2, "END", 5), said(3, "END", 7))
    assert body["period"] == {"start": local(0), "end": local(7)}
    assert [row["period"].get("start") for row in body["statusHistory"]] == [local(0), local(7)]


def test_a_diagnosis_goes_with_a_stay_in_error_only_where_no_other_stay_tells_of_it() -> None:
    found = {"condition": {"reference": f"Condition/{IDS('Condition', 'c1')}"}}
    known = Statement("Condition", "c1", Act.STATE, Verb.ASSERT, moment(0), moment(0), {"code": {}}, "psyk", "m0/0")
    wrong = (said(1, "START", 0, diagnosis=[found]), withdrawn(2, "START", 0))
    other = said(3, "START", 1, key="episode|e2", provider="502701000016000", diagnosis=[found])
    for told, error in ((wrong, True), ((*wrong, other), False)):
        (condition,) = [one for one in folded(known, *told) if one.kind == "Condition"]
        assert condition.withdrawn is error


def test_discharge_from_the_first_hospital_leaves_the_second_stay_open() -> None:
    first, second = stays(said(1, "START", 0), said(2, "START", 5, provider="502701000016000"), said(3, "END", 9))
    assert (first["status"], second["status"]) == ("finished", "in-progress")


def test_cancelled_discharge_after_a_transfer_gives_both_stays_back() -> None:
    first, second = stays(
        said(1, "START", 0), said(2, "START", 5, provider="502701000016000"),
        said(3, "END", 9, provider="502701000016000"), withdrawn(4, "END", 9, provider="502701000016000"),
    )  # fmt: skip
    assert (first["status"], second["status"]) == ("in-progress", "in-progress")


def test_admitted_again_in_the_same_episode() -> None:
    first, second = stays(said(1, "START", 0), said(2, "END", 5), said(3, "START", 50))
    assert (first["status"], second["status"]) == ("finished", "in-progress")


def test_numbers_of_one_episode_are_one_episode() -> None:
    """The first message knows only the local number, the last only the national one."""
    body = stay(
        said(1, "START", 0, key="episode|local"),
        said(2, "LEAVE", 5, key="episode|local", aliases=("episode|national",)),
        said(3, "END", 9, key="episode|national"),
    )
    assert body["status"] == "finished"


def test_correction_aims_at_the_message_it_names() -> None:
    body = stay(
        said(1, "START", 0), said(2, "LEAVE", 10), said(3, "RETURN", 20), said(4, "LEAVE", 30),
        corrected(5, "LEAVE", 11, corrects=2),
    )  # fmt: skip
    assert leaves(body) == [{"start": local(11), "end": local(20)}, {"start": local(30)}]


def test_correction_that_names_an_unknown_message_falls_back_to_the_latest() -> None:
    body = stay(said(1, "START", 0), withdrawn(2, "START", 0, corrects=77))
    assert body["status"] == "entered-in-error"


def test_correction_of_a_correction() -> None:
    body = stay(said(1, "START", 0), corrected(2, "START", 1, corrects=1), corrected(3, "START", 2, corrects=2))
    assert body["period"]["start"] == local(2)


def test_cancellation_reaches_only_what_was_registered_before_it() -> None:
    body = stay(said(1, "START", 0), withdrawn(2, "START", 0), said(3, "START", 0, recorded=5))
    assert body["status"] == "in-progress"


def test_end_before_anything_else_is_still_a_stay() -> None:
    body = stay(said(1, "END", 5, period={"start": local(0)}))
    assert body["status"] == "finished"
    assert body["period"] == {"start": local(0), "end": local(5)}


def test_planned_admission_then_admitted() -> None:
    body = stay(said(1, "PLAN", 0), said(2, "START", 30))
    assert statuses(body) == ["planned", "in-progress"]
    assert moment(0) < moment(30)
