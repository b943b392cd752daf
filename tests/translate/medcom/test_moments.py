"""Times of MedCom's messages: what a hospital's clock may write, and what none may."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.errors import WrongType
from gateway.translate.fhir.times import moment

DENMARK = ZoneInfo("Europe/Copenhagen")
PLACE = "Bundle.entry[2].resource.period.start"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2025-03-16T12:00:00+01:00", utc(2025, 3, 16, 11)),
        ("2025-03-16T12:00:00Z", utc(2025, 3, 16, 12)),
        ("2025-03-16T12:00:00.5+01:00", utc(2025, 3, 16, 11, 0, 0, 500_000)),
        ("2025-03-16T12:00:00.123456789+01:00", utc(2025, 3, 16, 11, 0, 0, 123_456)),
        ("2025-03-16T12:00:00.00000000000000000001Z", utc(2025, 3, 16, 12)),
        # a date alone is the start of the Danish day, in winter, in summer, and on the days in between
        ("2025-01-10", utc(2025, 1, 9, 23)),
        ("2025-07-10", utc(2025, 7, 9, 22)),
        ("2025-03-30", utc(2025, 3, 29, 23)),
        ("2025-03-31", utc(2025, 3, 30, 22)),
        ("2025-10-26", utc(2025, 10, 25, 22)),
        ("2025-10-27", utc(2025, 10, 26, 23)),
        # a leap second is the second after it
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1)),
        ("2017-01-01T00:59:60.25+01:00", utc(2017, 1, 1, 0, 0, 0, 250_000)),
        # zones at the edge, and the first and the last day that is read
        ("2025-03-16T12:00:00+14:00", utc(2025, 3, 15, 22)),
        ("2025-03-16T12:00:00-12:00", utc(2025, 3, 17)),
        ("1900-01-01T00:00:00Z", utc(1900, 1, 1)),
        ("2199-12-31T23:59:59Z", utc(2199, 12, 31, 23, 59, 59)),
        ("2024-02-29", utc(2024, 2, 28, 23)),
    ],
)
def test_a_time_is_a_moment(text: str, meant: datetime) -> None:
    found = moment(text, PLACE, DENMARK)
    assert found == meant
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "", "2025", "2025-03", "2025-3-16", "16-03-2025", "20250316", "2025-03-16 12:00:00Z", "2025-03-16T12:00Z",
        "2025-03-16T12:00:00", "2025-03-16T12:00:00+0100", "2025-03-16T12:00:00+01", "2025-03-16T12:00:00,5Z",
        "2025-03-16T12:00:00.Z", "2025-03-16T12:00:00.000000000000000000001Z", "2025-03-16T12:00:00Z ",
        " 2025-03-16", "2025-03-16\n", "2025-03-16T12:00:00z", "1899-12-31", "2200-01-01", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00", "2025-03-16T12:00:00+01:00[Europe/Copenhagen]", "20٢٥-٠٣-١٦",
        "20٢٥-٠٣-١٦T12:00:00Z",
    ],
)  # fmt: skip
def test_another_form_is_told_with_its_place(text: str) -> None:
    with pytest.raises(WrongType, match="day, time and zone") as told:
        moment(text, PLACE, DENMARK)
    assert told.value.where == PLACE
    assert not text.strip() or text not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-29", "2025-02-30T10:00:00Z", "2025-13-01", "2025-00-10", "2025-04-31T10:00:00+02:00",
        "2025-03-16T24:00:00Z", "2025-03-16T12:60:00Z", "2025-03-16T12:00:61Z", "2025-03-16T12:00:99.1234567Z",
        "2025-03-16T12:00:00+24:00", "1900-02-29",
    ],
)  # fmt: skip
def test_no_time_of_the_calendar_is_told_with_its_place(text: str) -> None:
    with pytest.raises(WrongType, match="calendar") as told:
        moment(text, PLACE, DENMARK)
    assert told.value.where == PLACE
    assert text not in str(told.value)
