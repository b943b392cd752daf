"""Times: the precision that was sent, the source's zone, the hours that are not there or there twice."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.hl7v2 import time

DK = ZoneInfo("Europe/Copenhagen")
YEAR_1900, YEAR_2100 = datetime(1900, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - hypothesis wants them without a zone


@pytest.mark.parametrize(
    ("text", "fhir", "day", "instant"),
    [
        ("2025", "2025", "2025", "2024-12-31T23:00:00+00:00"),
        ("202503", "2025-03", "2025-03", "2025-02-28T23:00:00+00:00"),
        ("20250314", "2025-03-14", "2025-03-14", "2025-03-13T23:00:00+00:00"),
        ("20250714", "2025-07-14", "2025-07-14", "2025-07-13T22:00:00+00:00"),
        ("2025031409", "2025-03-14T09:00:00+01:00", "2025-03-14", "2025-03-14T08:00:00+00:00"),
        ("202503140915", "2025-03-14T09:15:00+01:00", "2025-03-14", "2025-03-14T08:15:00+00:00"),
        ("20250314091530", "2025-03-14T09:15:30+01:00", "2025-03-14", "2025-03-14T08:15:30+00:00"),
        ("20250714091530", "2025-07-14T09:15:30+02:00", "2025-07-14", "2025-07-14T07:15:30+00:00"),
        ("20250314091530.1", "2025-03-14T09:15:30.1+01:00", "2025-03-14", "2025-03-14T08:15:30.100000+00:00"),
        ("20250314091530.1234", "2025-03-14T09:15:30.1234+01:00", "2025-03-14", "2025-03-14T08:15:30.123400+00:00"),
        ("20250314091530123", "2025-03-14T09:15:30.123+01:00", "2025-03-14", "2025-03-14T08:15:30.123000+00:00"),
        ("2025031409153000+0100", "2025-03-14T09:15:30.00+01:00", "2025-03-14", "2025-03-14T08:15:30+00:00"),
        ("20250314091530+0100", "2025-03-14T09:15:30+01:00", "2025-03-14", "2025-03-14T08:15:30+00:00"),
        ("20250314091530-0330", "2025-03-14T09:15:30-03:30", "2025-03-14", "2025-03-14T12:45:30+00:00"),
        ("202503140915+0000", "2025-03-14T09:15:00+00:00", "2025-03-14", "2025-03-14T09:15:00+00:00"),
        ("20250314091530.25+0215", "2025-03-14T09:15:30.25+02:15", "2025-03-14", "2025-03-14T07:00:30.250000+00:00"),
        ("20250314+0100", "2025-03-14", "2025-03-14", "2025-03-13T23:00:00+00:00"),
        ("20240229", "2024-02-29", "2024-02-29", "2024-02-28T23:00:00+00:00"),
        ("20000229", "2000-02-29", "2000-02-29", "2000-02-28T23:00:00+00:00"),
    ],
)
def test_precision_and_zone(text: str, fhir: str, day: str, instant: str) -> None:
    assert time.fhir(text, DK) == fhir
    assert time.day(text) == day
    assert time.instant(text, DK).isoformat() == instant


def test_the_skipped_hour_in_spring_is_read_with_the_offset_before() -> None:
    assert time.fhir("202503300230", DK) == "2025-03-30T03:30:00+02:00"
    assert time.instant("202503300230", DK) == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
    assert time.fhir("202503300159", DK) == "2025-03-30T01:59:00+01:00"
    assert time.fhir("202503300300", DK) == "2025-03-30T03:00:00+02:00"


def test_the_double_hour_in_autumn_is_the_first_one_unless_the_offset_says_otherwise() -> None:
    assert time.fhir("202510260230", DK) == "2025-10-26T02:30:00+02:00"
    assert time.fhir("202510260230+0100", DK) == "2025-10-26T02:30:00+01:00"


def test_midnight_at_the_end_of_a_day_is_the_next_day() -> None:
    assert time.fhir("202503142400", DK) == "2025-03-15T00:00:00+01:00"
    assert time.fhir("20251231240000", DK) == "2026-01-01T00:00:00+01:00"
    assert time.day("202503142400") == "2025-03-15"


def test_the_zone_is_the_source_s() -> None:
    assert time.fhir("202503140915", ZoneInfo("Atlantic/Faroe")) == "2025-03-14T09:15:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "", "0000", "20", "202", "20253", "2025031", "202503140", "20250314091", "2025-03-14", "20251301", "20250001",
        "20250230", "20230229", "19000229", "20250300", "202503142401", "202503142500", "202503140960",
        "20250314091560", "20250314091530.", "202503140915301",
        "2025031409153012345", "20250314.5", "202503140915+01", "202503140915+1500", "202503140915+0160",
        "202503140915Z", "2025031409:15", " 20250314", "20250314 ", "٢٠٢٥", "i går", '""', "20250314091530.1234567890",
        "99991231240000",
    ],
)  # fmt: skip
def test_what_is_no_time_is_told_without_its_value(text: str) -> None:
    for read in (lambda: time.fhir(text, DK), lambda: time.day(text), lambda: time.instant(text, DK)):
        with pytest.raises(time.NoTime) as caught:
            read()
        assert str(caught.value).startswith(time.WANTED)
        assert text not in str(caught.value).removeprefix(time.WANTED) or not text


def test_the_ends_of_time_are_no_moments() -> None:
    assert time.fhir("99991231235959-1200", DK) == "9999-12-31T23:59:59-12:00"
    for text in ("99991231235959-1200", "000101010000+1400"):
        with pytest.raises(time.NoTime):
            time.instant(text, DK)


@given(st.datetimes(YEAR_1900, YEAR_2100), st.integers(-12 * 60, 14 * 60))
def test_a_time_with_an_offset_is_that_moment(when: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    text = when.strftime("%Y%m%d%H%M%S") + offset
    iso = when.replace(microsecond=0).isoformat() + offset[:3] + ":" + offset[3:]
    assert time.instant(text, DK) == datetime.fromisoformat(iso)
    assert datetime.fromisoformat(time.fhir(text, DK)) == datetime.fromisoformat(iso)


@given(st.datetimes(YEAR_1900.replace(year=1980), YEAR_2100))
def test_a_local_time_and_its_moment_agree(when: datetime) -> None:
    text = when.strftime("%Y%m%d%H%M%S")
    assert datetime.fromisoformat(time.fhir(text, DK)) == time.instant(text, DK)


@given(st.text(alphabet="0123456789+-.", max_size=24))
def test_any_text_is_a_time_or_none(text: str) -> None:
    for read in (lambda: time.fhir(text, DK), lambda: time.day(text), lambda: time.instant(text, DK)):
        with contextlib.suppress(time.NoTime):
            read()
