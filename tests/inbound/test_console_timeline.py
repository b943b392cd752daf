"""Who looked when, drawn: every look is in the picture and in the table beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.record import AccessRecord, Decision
from gateway.inbound.console.texts import texts
from gateway.inbound.console.timeline import WIDTH, timeline

DA = texts("da")
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def looked(who: str, day: float, name: str = "") -> AccessRecord:
    at = START + timedelta(days=day)
    return AccessRecord(time=at, interaction="read", decision=Decision.PERMIT, user=f"u|{who}", user_name=name or who)


def test_nothing_is_no_picture() -> None:
    assert timeline([], DA) is None


def test_the_table_tells_what_the_dots_show() -> None:
    picture = timeline([looked("a", 0), looked("a", 0.1), looked("a", 3), looked("b", 1, "Ib Ny")], DA)
    assert picture is not None
    assert [name for _, name in picture.names] == ["a", "Ib Ny"], "the most active first"
    assert picture.table == (("a", (("1. marts 2026", 2), ("4. marts 2026", 1))), ("Ib Ny", (("2. marts 2026", 1),)))
    assert [dot.says for dot in picture.dots] == [
        "a, 1. marts 2026: 2 opslag", "Ib Ny, 2. marts 2026: 1 opslag", "a, 4. marts 2026: 1 opslag",
    ]  # fmt: skip
    first, middle, last = picture.dots
    assert first.x < middle.x < last.x
    assert first.radius > last.radius
    assert first.y == last.y != middle.y
    assert [day for _, day in picture.ticks] == ["1. marts 2026", "4. marts 2026"]


@pytest.mark.parametrize(("days", "most"), [(0, 1), (60, 61), (400, 58), (4000, 143)])
def test_no_line_is_fuller_than_can_be_read(days: int, most: int) -> None:
    picture = timeline([looked("a", day) for day in range(days + 1)], DA)
    assert picture is not None
    assert len(picture.dots) <= most
    assert sum(count for _, row in picture.table for _, count in row) == days + 1, "nobody's look is left out"
    assert all(dot.x - dot.radius >= 0 and dot.x + dot.radius <= WIDTH for dot in picture.dots)


def test_people_beyond_the_lines_are_counted() -> None:
    picture = timeline([looked(str(number), 0) for number in range(20)], DA)
    assert picture is not None
    assert (len(picture.names), picture.left_out) == (12, 8)


def test_who_has_no_name_is_told_by_number_and_a_system_alone_by_its_own() -> None:
    at = {"time": START, "interaction": "import", "decision": Decision.PERMIT}
    picture = timeline(
        [AccessRecord(**at, client="kk"), AccessRecord(**at, user="https://x|root"), AccessRecord(**at)],  # type: ignore[arg-type]
        DA,
    )
    assert picture is not None
    assert {name for _, name in picture.names} == {"kk", "root", "?"}


def test_two_who_share_a_name_have_a_line_each() -> None:
    picture = timeline([looked("1", 0, "Karla Bo"), looked("2", 0, "Karla Bo")], DA)
    assert picture is not None
    assert len(picture.names) == 2
