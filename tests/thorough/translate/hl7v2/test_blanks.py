"""Blanks, doubled segments and telephone numbers: what the quick ways through a message must not lose."""

from __future__ import annotations

from tests.translate.hl7v2.ward import PID3, body, evn, msh, pid, pv1, segment, translated


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


def test_segments_that_come_twice_are_not_remembered_as_those_of_another_message() -> None:
    parts = (msh(), evn(), pid(), pv1())
    for pair in (("One", "Two"), ("Three", "Four")):
        reasons = (segment("PV2", {3: f"J15^{name}^SKS"}) for name in pair)
        told = body(translated(*parts, *reasons), "Encounter")["reasonCode"]
        assert [reason["text"] for reason in told] == [*pair]


def test_a_number_may_say_when_it_ends_alone() -> None:
    ended = "77^^^REGH&1.2.208.176.1.2.1&ISO^MR^^20251231"
    for sent, period in (
        (ended, {"start": "2025-12-31"}),
        (ended.replace("^^2025", "^^^2025"), {"end": "2025-12-31"}),
    ):
        numbers = body(translated(msh(), evn(), pid({3: f"{PID3}~{sent}"}), pv1()), "Patient")["identifier"]
        assert [one["period"] for one in numbers if "period" in one] == [period]


def test_diagnoses_in_words_alone_are_as_many_as_their_words() -> None:
    told = translated(msh(), evn(), pid(), pv1(), *(segment("DG1", {1: "1", 4: words}) for words in ("Uro", "Angst")))
    found = [one for one in told.statements if one.kind == "Condition"]
    assert len({one.key for one in found}) == 2
    assert [one.body["code"]["text"] for one in found] == ["Uro", "Angst"]
