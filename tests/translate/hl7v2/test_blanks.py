"""Blanks, doubled segments and telephone numbers: what the quick ways through a message must not lose."""

from __future__ import annotations

from tests.translate.hl7v2.ward import body, evn, msh, pid, pv1, segment, translated


def test_blanks_around_a_value_are_no_part_of_it() -> None:
    found = body(translated(msh(), evn(), pid({8: " F ", 7: " 19480125"}), pv1()), "Patient")
    assert (found["gender"], found["birthDate"]) == ("female", "1948-01-25")


def test_the_same_number_at_home_and_at_work_keeps_its_use() -> None:
    number = "^PRN^PH^^45^^33445566"
    plain = "^^PH^^45^^33445566"
    found = body(translated(msh(), evn(), pid({13: plain, 14: plain}), pv1()), "Patient")
    assert [one["use"] for one in found["telecom"]] == ["home", "work"]
    again = body(translated(msh(), evn(), pid({13: number, 14: plain}), pv1()), "Patient")
    assert [one["use"] for one in again["telecom"]] == ["home", "work"]


def test_a_segment_that_comes_twice_is_read_twice() -> None:
    """A second PV2 has a reason of its own; one alone is read as before."""
    parts, one, two = (
        (msh(), evn(), pid(), pv1()),
        segment("PV2", {3: "J15^One^SKS"}),
        segment("PV2", {3: "J16^Two^SKS"}),
    )
    told = body(translated(*parts, one, two), "Encounter")["reasonCode"]
    assert [reason["text"] for reason in told] == ["One", "Two"]
    assert [reason["text"] for reason in body(translated(*parts, one), "Encounter")["reasonCode"]] == ["One"]
