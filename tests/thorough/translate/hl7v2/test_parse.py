"""Segments, fields, repetitions, components: what is there, what is empty, what is deleted, and where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SegmentOrder, TooLarge, Unreadable
from gateway.translate.hl7v2.header import read
from gateway.translate.hl7v2.parse import FIELDS, MOST_REPETITIONS, Message, Segment, fields, parse

HEAD = "MSH|^~\\&|SP|REGH"


def parsed(*segments: str, end: str = "\r", head: str = HEAD) -> Message:
    text = "".join(one + end for one in (head, *segments))
    return parse(text, read(text.encode()), "utf-8")


def only(text: str, head: str = HEAD) -> Segment:
    return parsed(text, head=head).segments[-1]


def test_fields_are_counted_as_in_the_standard() -> None:
    message = parsed("PID|1||X")
    assert message.value("MSH", 3) == "SP"
    assert message.first["MSH"].raw(1) == "|"
    assert message.first["MSH"].raw(2) == "^~\\&"
    assert message.value("PID", 3) == "X"
    assert message.value("PID", 4) == message.value("PID", FIELDS - 1) == message.value("ZZZ", 1) == ""


def test_components_and_sub_components() -> None:
    pid = only("PID|||1^2&3^^4")
    assert [pid.value(3, n) for n in range(1, 6)] == ["1", "2", "", "4", ""]
    assert (pid.value(3, 2, 1), pid.value(3, 2, 2), pid.value(3, 2, 3)) == ("2", "3", "")
    assert (pid.value(3, 1, 1), pid.value(3, 1, 2)) == ("1", "")


def test_a_composite_where_a_text_was_is_read_by_its_first_part() -> None:
    """A later version may turn a simple component into a composite."""
    pid = only("PID|||||EVERYMAN&&&&Aniston^ADAM")
    assert pid.value(5) == "EVERYMAN"
    assert pid.repetitions(5)[0].said()[0] == "EVERYMAN"
    assert pid.repetitions(5)[0].subcomponents(1) == ["EVERYMAN", "", "", "", "Aniston"]
    assert only("PV1||I^Inpatient^HL70004").value(2) == "I"


def test_repetitions() -> None:
    pid = only("PID|||A^1~B~C^3")
    assert [one.said()[0] for one in pid.repetitions(3)] == ["A", "B", "C"]
    assert [one.place(2) for one in pid.repetitions(3)] == ["PID^1^3^1^2", "PID^1^3^2^2", "PID^1^3^3^2"]
    assert pid.value(3, 2) == "1"


@pytest.mark.parametrize("text", ["", "~", "~~", "^^^^", "^&^~&&", " ", " ^ ~ ", '""', '""^""', '""~""', '^""&""^ '])
def test_what_says_nothing_is_not_there(text: str) -> None:
    pid = only(f"PID|||{text}|x")
    assert pid.repetitions(3) == [] or pid.repetitions(3) == ()
    assert pid.value(3) == ""
    assert not [one for one in fields(parsed(f"PID|||{text}")) if one[0].name == "PID"]


def test_empty_repetitions_keep_the_places_of_the_others() -> None:
    (one,) = only("PID|||~B").repetitions(3)
    assert one.place() == "PID^1^3^2"
    assert only("PID|||~B").value(3) == "B"


@pytest.mark.parametrize("tail", ["", "|", "||||", "|^^|~|"])
def test_trailing_empties_mean_nothing(tail: str) -> None:
    assert [place[1:] for place in fields(parsed("PID|1||X^Y" + tail)) if place[0].name == "PID"] == [
        (1, 0, 0),
        (3, 1, 0),
        (3, 2, 0),
    ]


def test_white_space_around_a_value_is_not_part_of_it() -> None:
    pid = only("PID||| X ^ Y& Z")
    assert (pid.value(3), pid.value(3, 2), pid.value(3, 2, 2)) == ("X", "Y", "Z")
    assert pid.repetitions(3)[0].said()[:2] == ["X", "Y"]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_line_end_ends_a_segment(end: str) -> None:
    message = parsed("PID|1", "PV1|1", "ZBE|1", end=end)
    assert [one.name for one in message.segments] == ["MSH", "PID", "PV1", "ZBE"]


def test_line_ends_may_be_mixed() -> None:
    text = f"{HEAD}\nPID|1\r\nPV1|1\rDG1|1\n\nDG1|2"
    message = parse(text, read(text.encode()), "ascii")
    assert [one.name for one in message.segments] == ["MSH", "PID", "PV1", "DG1", "DG1"]


def test_a_line_feed_inside_a_text_is_part_of_it() -> None:
    text = f"{HEAD}\rNTE|1||first line\nsecond line\rPV1|1\r"
    message = parse(text, read(text.encode()), "ascii")
    assert message.value("NTE", 3) == "first line\nsecond line"
    assert message.value("PV1", 1) == "1"


def test_segment_ids_in_small_letters_are_read_as_capitals() -> None:
    assert parsed("pid|1||X", "Pv1|1").value("PID", 3) == "X"


def test_unknown_segments_are_kept_and_can_be_asked() -> None:
    message = parsed("ZBE|1^2|X", "PID|1", "Z99||Y")
    assert message.value("ZBE", 1, 2) == "2"
    assert message.value("Z99", 2) == "Y"
    assert [one.name for one in message.segments] == ["MSH", "ZBE", "PID", "Z99"]


def test_delimiters_of_the_message_split_it() -> None:
    pid = only("PID***A:1;B%x", "MSH*:;!%*SP*REGH")
    assert [one.said()[0] for one in pid.repetitions(3)] == ["A", "B"]
    assert (pid.value(3, 2), pid.repetitions(3)[1].subcomponents(1)) == ("1", ["B", "x"])
    assert only("PID***A^1", "MSH*:;!%*SP*REGH").value(3) == "A^1"


def test_a_delimiter_that_is_not_used_splits_nothing() -> None:
    assert only("PID|||A~B&C^D", "MSH|^|SP|REGH").value(3) == "A~B&C"


def test_segments_are_counted_by_name() -> None:
    message = parsed("DG1|1", "OBX|1", "DG1|2")
    assert [one.place(3) for one in message.all("DG1")] == ["DG1^1^3", "DG1^2^3"]
    assert message.several == {"DG1"}


def test_roles_belong_to_the_segment_before_them() -> None:
    message = parsed("PID|1", "ROL|1", "NK1|1", "ROL|2", "PV1|1", "PV2|", "ROL|3", "DG1|1", "ROL|4", "PR1|1", "ROL|5")
    assert [one.anchor for one in message.all("ROL")] == ["PID", "PID", "PV1", "PV1", "PR1"]
    assert [one.value(1) for one in message.all("ROL", ("PV1",))] == ["3", "4"]


@pytest.mark.parametrize("line", ["PIDX|1", "PI|1", "|1", "1ID|1", "garbage", "P D|1", "Ø12|1", "PI-|2"])
def test_a_line_that_is_no_segment_is_unreadable(line: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parsed(line)
    assert caught.value.where == "MSH^1"
    assert "Line 2," in caught.value.text
    assert line not in str(caught.value)


def test_blank_lines_are_no_segments() -> None:
    assert len(parsed("", "PID|1", "  ").segments) == 2


def test_a_second_header_is_in_the_wrong_place() -> None:
    with pytest.raises(SegmentOrder) as caught:
        parsed("PID|1", "MSH|^~\\&|SP")
    assert caught.value.where == "MSH^2"


@pytest.mark.parametrize("unit", ["x", "x^", "x&", "\\T\\", " ", '""', "^&"])
def test_a_field_of_a_megabyte_comes_to_an_end(unit: str) -> None:
    message = parsed("OBX|1|ED|||" + unit * (1_000_000 // len(unit)))
    message.value("OBX", 5)
    message.first["OBX"].repetitions(5)


def test_a_field_that_repeats_without_end_is_refused() -> None:
    segment = only("PID|||" + "X~" * 500_000)
    assert segment.raw(3).startswith("X~X~")
    with pytest.raises(TooLarge) as caught:
        segment.repetitions(3)
    assert caught.value.where == "PID^1^3"
    assert len(only("PID|||" + "~".join(["X"] * MOST_REPETITIONS)).repetitions(3)) == MOST_REPETITIONS


@pytest.mark.parametrize("unit", ["PID|1\n", "x\n", "\r", "OBX|1|\n\n"])
def test_lines_without_end_are_refused(unit: str) -> None:
    with pytest.raises((Unreadable, TooLarge)):
        parsed(unit * (1_000_000 // len(unit)))


def test_what_cannot_be_a_name_is_not_remembered() -> None:
    with pytest.raises(Unreadable):
        parsed("x" * 1_000_000)


@given(st.lists(st.text(alphabet="ab ^~&\\\"'", max_size=12), min_size=1, max_size=8))
def test_what_was_written_is_found_again(texts: list[str]) -> None:
    segment = only("ZZZ|" + "|".join(texts))
    for number, text in enumerate(texts, 1):
        assert segment.raw(number) == text
        found = segment.repetitions(number)
        assert bool(found) == any(
            piece.strip() not in ("", '""') for piece in text.replace("~", "^").replace("&", "^").split("^")
        )
        for one in found:
            assert one.raw in text
            assert [one.value(c) for c in range(1, 5)] == one.said()[:4]
