"""FHIR JSON is read strictly: what two readers could understand differently is refused, with its place."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, MissingField, Unreadable, WrongCharset, WrongType
from gateway.translate.fhir import parse, write_json


def patient(inside: str) -> bytes:
    return b'{"resourceType":"Patient",' + inside.encode() + b"}"


def test_numbers_keep_every_digit() -> None:
    raw = patient('"a":1.00,"b":66.899999999999991,"c":100000000000000000000.5,"d":7,"e":-0.010')
    made = parse(raw)
    assert made["a"] == Decimal("1.00")
    assert isinstance(made["d"], int)
    assert write_json(made) == raw


def test_what_is_read_is_written_again_in_the_same_order() -> None:
    raw = patient('"name":[{"given":["Åse",null],"family":"Østergård"}],"active":false,"x":null')
    assert write_json(parse(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "error", "where"),
    [
        (b'\xef\xbb\xbf{"resourceType":"Patient"}', WrongCharset, "line 1"),
        ('{"resourceType":"Patient"}'.encode("utf-16-le"), Unreadable, "line 1 column 2"),
        ('{\n"resourceType":"Ø"}'.encode("latin-1"), WrongCharset, "line 2"),
        (b'{"resourceType":"Patient",\n"id":"a" "b"}', Unreadable, "line 2 column 10"),
        (patient('"id":"a" /* why */'), Unreadable, "line 1 column 36"),
        (patient('"id":"a"') + b"{}", Unreadable, "line 1 column 36"),
        (patient('"id":"a","id":"b"'), Unreadable, "Patient.id"),
        (patient('"contact":[{"name":{"text":"a","text":"b"}}]'), Unreadable, "Patient.contact[0].name.text"),
        (patient('"multipleBirthInteger":NaN'), WrongType, "Patient.multipleBirthInteger"),
        (patient('"extension":[{"valueDecimal":-Infinity}]'), WrongType, "Patient.extension[0].valueDecimal"),
        (patient('"extension":[{"valueDecimal":1e400}]'), WrongType, "Patient.extension[0].valueDecimal"),
        (patient('"extension":[{"valueDecimal":1e-400}]'), WrongType, "Patient.extension[0].valueDecimal"),
        (patient('"multipleBirthInteger":' + "9" * 5000), WrongType, "Patient.multipleBirthInteger"),
        (patient('"id":"\\ud800"'), WrongCharset, ""),
        (patient('"id":01'), Unreadable, "line 1 column 33"),
        (patient('"id":"a\tb"'), Unreadable, "line 1 column 34"),
        (b'[{"resourceType":"Patient"}]', Unreadable, "line 1"),
        (b"{}", MissingField, "resourceType"),
        (b'{"resourceType":7}', MissingField, "resourceType"),
        (b"", Unreadable, "line 1 column 1"),
        (b"null", Unreadable, "line 1"),
        (b'{"resourceType":"Pat', Unreadable, "line 1 column 17"),
    ],
)
def test_refused_with_its_place(raw: bytes, error: type[GatewayError], where: str) -> None:
    with pytest.raises(error) as caught:
        parse(raw, "application/fhir+json")
    assert caught.value.where == where


@pytest.mark.parametrize("raw", [b"", b" ", b"null", b"\xff", b"MSH|^~", b"\x00{}"])
def test_what_is_neither_json_nor_xml(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="neither"):
        parse(raw)


def test_a_repeated_name_that_may_be_a_value_is_not_told() -> None:
    with pytest.raises(Unreadable) as caught:
        parse(patient('"Anna Hansen":1,"Anna Hansen":2'))
    assert caught.value.where == "Patient.…"
    assert "Anna" not in caught.value.told()


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 20_000,
        b'{"a":' * 20_000,
        patient('"a":' + "[" * 64 + "]" * 64),
        patient('"a":"' + "\\" * 400_000),
        b'{"' + b'"' * 400_000,
    ],
    ids=["arrays", "objects", "one level too many", "backslashes", "quotes"],
)
def test_nesting_and_long_strings_are_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(raw, "json")


def test_64_levels_are_read() -> None:
    assert parse(patient('"a":' + "[" * 63 + "]" * 63))["resourceType"] == "Patient"


def test_brackets_inside_strings_are_no_nesting() -> None:
    text = "[{" * 500 + '\\"' + "[{" * 500
    assert parse(patient(f'"a":"{text}"'))["a"].count("[") == 1000


@pytest.mark.parametrize(
    ("content_type", "works"),
    [
        ("application/fhir+json", True),
        ("application/json; charset=UTF-8", True),
        ("", True),
        ("application/octet-stream", True),
        ("application/fhir+json; charset=iso-8859-1", False),
        ("application/fhir+xml", False),
    ],
)
def test_the_content_type_decides(content_type: str, works: bool) -> None:
    raw = b'{"resourceType":"Patient"}'
    if works:
        assert parse(raw, content_type) == {"resourceType": "Patient"}
    else:
        with pytest.raises(Unreadable):
            parse(raw, content_type)


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda t: ('{"resourceType":"Patient",' + t).encode()))
def test_any_bytes_give_a_resource_or_one_of_our_errors(raw: bytes) -> None:
    try:
        made = parse(raw)
    except GatewayError:
        return
    assert isinstance(made["resourceType"], str)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcæ_", max_size=5), inner, max_size=3),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abcæ_", max_size=5), _json, max_size=4))
def test_written_and_read_is_the_same(content: dict[str, object]) -> None:
    resource = {"resourceType": "Basic"} | content
    assert parse(write_json(resource)) == resource


@pytest.mark.parametrize("content", [{"a": "\ud800"}, {"a": object()}], ids=["half a character", "no JSON value"])
def test_what_json_cannot_hold_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(WrongType):
        write_json(content)
