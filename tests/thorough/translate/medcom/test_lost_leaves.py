"""A leave whose own message is lost is known from the return or the end that tells since when the citizen was gone."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.encounter import LEAVE
from tests.translate.medcom.notices import BACK, END, LEFT, START
from tests.translate.medcom.test_stays import OUT, SLOR, STIN, STOR, Course, encounters, history

Json = dict[str, Any]
AGAIN, LAST = "2025-03-14T10:00:00+01:00", "2025-03-14T18:00:00+01:00"


def lost(course: Course, *numbers: int) -> Json:
    """The stay when these messages never came."""
    (body,) = encounters([message for at, message in enumerate(course.messages) if at not in numbers])
    return body


def leaves(body: Json) -> list[Json]:
    return [one["valuePeriod"] for one in body.get("extension", []) if one["url"] == LEAVE]


def gone_and_back() -> Course:
    course = Course().say(STIN).say(STOR, status="onleave", leave=(LEFT, ""))
    return course.say(SLOR, leave=(LEFT, BACK))


def test_the_return_tells_its_leave() -> None:
    course = gone_and_back()
    assert lost(course, 1) == lost(course)
    assert leaves(lost(course, 1)) == [{"start": LEFT, "end": BACK}]
    assert history(lost(course, 1)) == ["in-progress", "onleave", "in-progress"]
    assert lost(course, 0, 1)["period"] == {"start": START}


def test_a_discharge_or_death_tells_the_leave_that_it_ends() -> None:
    """Never back from leave: SLHJ or MORS may follow STOR directly."""
    for activity, more in ((OUT, {}), (STOR, {"deceased": True})):
        course = Course().say(STIN).say(STOR, status="onleave", leave=(LEFT, ""))
        course.say(activity, status="finished", end=END, leave=(LEFT, ""), **more)
        assert lost(course, 1) == lost(course)
        assert leaves(lost(course, 1)) == [{"start": LEFT, "end": END}]
        assert history(lost(course, 1)) == ["in-progress", "onleave", "finished"]


def test_a_discharge_tells_the_leave_before_it() -> None:
    course = gone_and_back().say(OUT, status="finished", end=END, leave=(LEFT, BACK))
    for missing in ((1,), (2,), (1, 2)):
        assert lost(course, *missing) == lost(course), missing
    assert leaves(lost(course, 1, 2)) == [{"start": LEFT, "end": BACK}]


def test_the_second_of_two_leaves() -> None:
    """Only one leave per message: the receiver keeps the others."""
    course = gone_and_back().say(STOR, status="onleave", leave=(AGAIN, "")).say(SLOR, leave=(AGAIN, LAST))
    both = [{"start": LEFT, "end": BACK}, {"start": AGAIN, "end": LAST}]
    for missing in ((), (1,), (3,), (1, 3)):
        assert leaves(lost(course, *missing)) == both, missing
    assert lost(course, 1, 3) == lost(course)


def test_what_was_told_itself_counts() -> None:
    """A leave that was corrected or cancelled does not come back because a later message still tells of it."""
    corrected = gone_and_back().say(f"revise-{SLOR}", leave=(LEFT, AGAIN))
    assert leaves(lost(corrected)) == [{"start": LEFT, "end": AGAIN}]
    assert leaves(lost(corrected, 2)) == [{"start": LEFT, "end": AGAIN}]
    assert leaves(lost(corrected, 1, 2)) == [{"start": LEFT, "end": AGAIN}]
    cancelled = Course().say(STIN).say(STOR, status="onleave", leave=(LEFT, "")).say(f"cancel-{STOR}")
    cancelled.say(OUT, status="finished", end=END, leave=(LEFT, ""))
    assert leaves(lost(cancelled)) == []
    assert history(lost(cancelled)) == ["in-progress", "finished"]


@pytest.mark.parametrize("left", [END, "2025-03-20T09:00:00+01:00"])
def test_a_leave_that_begins_after_its_stay_is_none(left: str) -> None:
    course = Course().say(STIN).say(OUT, status="finished", end=BACK, leave=(left, ""))
    assert leaves(lost(course)) == []
