"""Virkning: half-open spans, every spelling of a time, ends that never come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.oio import Oio
from gateway.translate.oio.effect import Instant, Span, instant
from tests.translate.oio.building import START, actor, case, index, uuid, wrapped
from tests.translate.oio.cases import said

HERE = ZoneInfo("Europe/Copenhagen")


@pytest.mark.parametrize(
    ("written", "fhir", "before"),
    [
        ("2025-03-01", "2025-03-01", "2025-02-28"),
        ("2025-03-01T00:00:00+01:00", "2025-03-01T00:00:00+01:00", "2025-02-28T23:59:59+01:00"),
        ("2025-03-01T00:00:00Z", "2025-03-01T00:00:00+00:00", "2025-02-28T23:59:59+00:00"),
        ("2025-03-01T00:00:00.5+01:00", "2025-03-01T00:00:00.500+01:00", "2025-03-01T00:00:00.499+01:00"),
        ("2025-03-01T00:00:00.000001+01:00", "2025-03-01T00:00:00.000001+01:00", "2025-03-01T00:00:00.000000+01:00"),
        ("2025-07-01T08:00:00", "2025-07-01T08:00:00+02:00", "2025-07-01T07:59:59+02:00"),
        ("2014-03-23 T14:54:23.234+01.00", "2014-03-23T14:54:23.234+01:00", "2014-03-23T14:54:23.233+01:00"),
        ("2014-05-19 12:02:32", "2014-05-19T12:02:32+02:00", "2014-05-19T12:02:31+02:00"),
        ("2025-02-28T24:00:00+01:00", "2025-03-01T00:00:00+01:00", "2025-02-28T23:59:59+01:00"),
        # The second 02:00 of the autumn night, told with its offset.
        ("2025-10-26T02:00:00+01:00", "2025-10-26T02:00:00+01:00", "2025-10-26T01:59:59+01:00"),
    ],
)
def test_every_spelling_and_the_instant_before_it(written: str, fhir: str, before: str) -> None:
    found = instant(written, HERE)
    assert found is not None
    assert (found.fhir(), found.before().fhir()) == (fhir, before)


@pytest.mark.parametrize("written", ["infinity", "Infinity", "9999-12-31", "9999-12-31T23:59:59.999+01:00"])
def test_forever(written: str) -> None:
    assert instant(written, HERE) is None


@pytest.mark.parametrize(
    "written",
    ["", "i går", "2025-02-30", "2025-03-01T25:00:00", "2025-03-01T24:00:01", "2025-03-01T10:60:00", "0001-01-01",
     "2025-03-01T10:00:00+99:00", "20250301", "٢٠٢٥-03-01"],
)  # fmt: skip
def test_what_is_no_time(written: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        instant(written, HERE)


def test_an_empty_span_ends_with_its_start() -> None:
    """A relation that was put right the same moment: FHIR has no empty period, and one without an end goes on."""
    at = instant("2025-03-01T00:00:00+01:00", HERE)
    assert Span(at, at).period() == dict.fromkeys(("start", "end"), "2025-03-01T00:00:00+01:00")
    assert Span(at, instant("2025-02-01", HERE)).period()["end"] == "2025-03-01T00:00:00+01:00"
    assert not Span(at, at).covers(datetime(2025, 2, 28, 23, tzinfo=UTC))


def test_who_was_taken_back_as_they_were_put_in_is_nobodys_contact_now(oio: Oio) -> None:
    wrong = actor("PrimaerBehandler", "Bruger", uuid(10), "Karla Sundby", start=START, end=START)
    team = said(oio.translate(wrapped(*index(case(wrong)))), "CareTeam").body
    (period,) = [one["period"] for one in team["participant"] if one["member"].get("display") == "Karla Sundby"]
    assert period == {"start": START, "end": START}


@given(st.integers(0, 10**16), st.sampled_from([1, 1000, 1_000_000]))
def test_an_inclusive_end_touches_the_exclusive_one(micros: int, fineness: int) -> None:
    step = timedelta(microseconds=fineness)
    end = Instant(datetime(1900, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros // fineness * fineness), step)
    assert datetime.fromisoformat(end.before().fhir()) + step == end.at


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    try:
        found = instant(text, HERE)
    except ValueError:
        return
    assert found is None or datetime.fromisoformat(found.fhir())
