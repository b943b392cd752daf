import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.rules import functions
from gateway.translate.rules.functions import SHARED
from gateway.translate.rules.reader import Unfit
from tests.translate.rules import toy

ENV = toy.env()


def call(name: str, *args: str) -> object:
    return SHARED[name].call(ENV, *args)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("date", "2025", "2025"), ("date", "2025-03", "2025-03"), ("date", "2024-02-29", "2024-02-29"),
        ("date", "2025-03-14+01:00", "2025-03-14"), ("date", "2025-03-14T23:30:00Z", "2025-03-14"),
        ("datetime", "2025-03", "2025-03"), ("datetime", "2025-03-14", "2025-03-14"),
        ("datetime", "2025-03-14T09:15", "2025-03-14T09:15:00+01:00"),
        ("datetime", "2025-07-14T09:15:30", "2025-07-14T09:15:30+02:00"),
        ("datetime", "2025-03-14T09:15:30.1234567-05:00", "2025-03-14T09:15:30.1234567-05:00"),
        ("datetime", "2025-03-14T09:15:00Z", "2025-03-14T09:15:00+00:00"),
        ("datetime", "2025-07-14T09:15:00.120+0200", "2025-07-14T09:15:00.120+02:00"),
        ("datetime", "2025-03-14T24:00", "2025-03-15T00:00:00+01:00"),
        ("datetime", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("instant", "2025-03-14T09:15:00+01:00", "2025-03-14T09:15:00+01:00"),
        ("uri", "1.2.208.176.1.2", "urn:oid:1.2.208.176.1.2"), ("uri", "http://a/b", "http://a/b"),
        ("uri", "urn:uuid:x", "urn:uuid:x"), ("oid", "urn:oid:1.2", "urn:oid:1.2"),
        ("oid", "2.16.0.1", "urn:oid:2.16.0.1"),
        ("boolean", "Y", True), ("boolean", "false", False), ("boolean", " 0 ", False),
        ("integer", "-12", -12), ("integer", "007", 7), ("decimal", "2.50", 2.5), ("decimal", "3", 3),
        ("gender", "F", "female"), ("gender", "Mand", "male"), ("gender", "unknown", "unknown"),
        ("phone", "12 34 56 78", "+4512345678"), ("phone", "0045 12345678", "+4512345678"),
        ("phone", "+46 (0)8-123 456", "+4608123456"), ("phone", "1813", "1813"),
        ("upper", "æøå", "ÆØÅ"),
    ],
)  # fmt: skip
def test_what_is_read(name: str, text: str, wanted: object) -> None:
    assert call(name, text) == wanted


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", ""), ("date", "14-03-2025"), ("date", "2025-3-1"), ("date", "2025-02-29"), ("date", "2025-13"),
        ("date", "0000-01-01"), ("date", "20250314"), ("datetime", "2025-03-14T"), ("datetime", "2025-03-14T25:00"),
        ("datetime", "2025-03-14T24:01"), ("datetime", "2025-03-14T09:60"), ("datetime", "2025-03-14T09:15:61"),
        ("datetime", "2025-03-14T09:15+2500"), ("datetime", "2025-03-14T09:15+01"),
        ("datetime", "2025-03-14T09:15+25:00"), ("datetime", "9999-12-31T24:00"), ("datetime", "2025-03T09:15"),
        ("instant", "2025-03-14"), ("moment", "soon"), ("uri", "1.2.x"), ("uri", "a b"), ("uri", "3.1"),
        ("oid", "1.02"),
        ("boolean", "maybe"), ("integer", "1.5"), ("integer", "3000000000"), ("decimal", "1e5"), ("decimal", "NaN"),
        ("decimal", "0.1234567890123456"), ("gender", "W"), ("phone", "kontoret"), ("phone", "12"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_unfit_and_not_repeated(name: str, text: str) -> None:
    with pytest.raises(Unfit) as caught:
        call(name, text)
    assert not text or text not in str(caught.value)


def test_moments_are_utc_and_a_missing_zone_is_the_source_s() -> None:
    assert call("moment", "2025-03-14T09:15") == datetime(2025, 3, 14, 8, 15, tzinfo=UTC)
    assert call("moment", "2025-07-14") == datetime(2025, 7, 13, 22, tzinfo=UTC)
    assert call("moment", "2025") == datetime(2024, 12, 31, 23, tzinfo=UTC)
    assert call("moment", "2025-03-14T09:15:00.25-01:00") == datetime(2025, 3, 14, 10, 15, 0, 250000, tzinfo=UTC)


def test_a_time_in_the_hour_that_spring_skips_is_read_as_winter_time() -> None:
    assert call("moment", "2025-03-30T02:30") == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
    assert call("moment", "2025-10-26T02:30") == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_and_its_moment_agree(time: datetime) -> None:
    text = time.replace(year=2000, microsecond=0, tzinfo=None).isoformat()
    spelled = str(call("datetime", text))
    assert spelled.startswith(text)
    assert call("moment", spelled) == call("moment", text)


def test_authorities_never_merge_strangers() -> None:
    assert call("authority", "CPR") == "urn:oid:1.2.208.176.1.2"
    assert call("authority", "1.2.3") == "urn:oid:1.2.3"
    assert call("authority", "http://a/b") == "http://a/b"
    assert call("authority", "Lokal nr") == "urn:faellesplan:source:test-sender:Lokal%20nr"
    assert call("authority", "javascript:x") == "urn:faellesplan:source:test-sender:javascript%3Ax"


def test_keys_and_references() -> None:
    assert call("key", "urn:oid:1.2.208.176.1.2", "251248-9996") == "urn:oid:1.2.208.176.1.2|2512489996"
    assert call("key", "urn:oid:1.2.208.176.1.2", " ") == ""
    assert call("own", "Goal", "7") == "test-sender|Goal|7"
    assert call("own", "Goal", "") == ""
    assert call("identifier", "urn:oid:1.3.184", "64942212") == {"system": "http://cvr.dk", "value": "64942212"}
    assert call("identifier", "urn:oid:1.3.184", "") is None
    assert call("reference", "Goal", "") is None
    assert call("logical", "Practitioner", "", "", "Bo") == {"type": "Practitioner", "display": "Bo"}
    assert call("logical", "Practitioner", "urn:oid:1.2", "7") == {
        "type": "Practitioner", "identifier": {"system": "urn:oid:1.2", "value": "7"},
    }  # fmt: skip
    assert call("logical", "Practitioner", "urn:oid:1.2", "") is None


def test_texts() -> None:
    assert call("first", "", "a", "b") == "a"
    assert call("join", ", ", "a", "", "b") == "a, b"
    assert call("concat", "a", "/", "b") == "a/b"
    assert call("concat", "a", "", "b") == ""


@given(st.sampled_from(sorted(SHARED)), st.text(max_size=20))
def test_any_text_gives_a_value_or_unfit(name: str, text: str) -> None:
    arity = SHARED[name].arity[0]
    with contextlib.suppress(Unfit):
        SHARED[name].call(ENV, *[text] * arity)


def test_every_shared_function_is_documented_and_in_the_list() -> None:
    assert all(f.call.__doc__ for f in SHARED.values())
    public = {
        n for n, f in vars(functions).items() if callable(f) and getattr(f, "__module__", "") == functions.__name__
    }
    assert {f.call.__name__ for f in SHARED.values()} == {n for n in public if not n.startswith("_")}
