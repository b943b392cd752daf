"""The quick reader and the quick shape check say nothing that the careful ones would not say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.fhir import read_json as reader
from gateway.translate.fhir.sound import is_sound
from gateway.translate.fhir.structure import _resource

PATIENT = {"resourceType": "Patient", "id": "1"}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"resourceType":"Patient","id":"1","id":"2"}',
        b'{"resourceType":"Patient","id":"a\\":b","id" :"2"}',  # as many ends of names as names that are left
        b'{"resourceType":"Patient","id"\n:"1","id":"2"}',
        b'{"resourceType":"Patient","x":{"a":1,"a":1}}',
        b'{"resourceType":"Patient","x":"\\u0022\\u0022","id":1,"id":2}',  # as many quotes as there are without it
        b'{"resourceType":"Patient","x":"\\n\\u0022\\u0022\\u0022\\u0022","id":"1","id":"2"}',
    ],
)
def test_a_name_that_stands_twice_is_never_read_quickly(raw: bytes) -> None:
    assert reader._quickly(raw) is None
    with pytest.raises(GatewayError, match="twice"):
        reader.read_json(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"resourceType":"Observation","value":1.50}',
        b'{"resourceType":"Observation","value":1e2}',
        b'{"resourceType":"Observation","value":123456789012345678901234567890}',
        b'{"resourceType":"Observation","value":NaN}',
        b'{"resourceType":"Observation","value":"\\ud800"}',
        b'\xef\xbb\xbf{"resourceType":"Patient"}',
        b'{"resourceType":"Patient","text":"\xff"}',
        b'{"resourceType":"Patient"} {}',
        b'{"resourceType":1}',
        b"[]",
        b'{"resourceType":"Patient","x":' + b"[" * 80 + b"]" * 80 + b"}",
    ],
)
def test_what_needs_care_is_read_with_care(raw: bytes) -> None:
    assert reader._quickly(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        b'{"resourceType":"Patient","id":"1"}',
        b'{ "resourceType" : "Patient", "text" : "a : b" }',
        '{"resourceType":"Patient","name":[{"family":"Ødegaard"}]}'.encode(),
    ],
)
def test_what_is_plain_is_read_quickly_and_the_same(raw: bytes) -> None:
    assert reader._quickly(raw) == reader._carefully(raw) == json.loads(raw)


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", 'q":', "b :", "1.0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "given", "active", "contact", "_active", 'x"', "a:b"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["name", "active", "contact", "contained", "birthDate", "x"]), _TREES, max_size=4)
)
def test_both_readers_agree(tree: dict[str, Any]) -> None:
    raw = json.dumps(PATIENT | tree).encode()
    quick = reader._quickly(raw)
    assert quick is None or quick == reader._carefully(raw)


_ELEMENT = st.fixed_dictionaries({}, optional={"id": _TREES, "extension": st.lists(_TREES, max_size=2), "x": _TREES})
_BESIDE = st.dictionaries(st.sampled_from(["_active", "_birthDate", "_gender", "_name"]), _ELEMENT | _TREES, max_size=2)


@pytest.mark.parametrize(
    "beside",
    [
        {"birthDate": "1948-12-25", "_birthDate": {"extension": [{"url": "http://x.y/z", "valueBoolean": True}]}},
        {"_birthDate": {"extension": [{"url": "http://x.y/z", "_valueCode": {"id": "a"}}]}},
        {"name": [{"given": ["Nancy"], "_given": [{"id": "a"}], "_family": {"id": "b"}}]},
    ],
)
def test_what_stands_beside_a_primitive_is_sound(beside: dict[str, Any]) -> None:
    """One such element made the check of a whole message six times as long."""
    assert is_sound(PATIENT | beside)


@given(
    st.dictionaries(st.sampled_from(["name", "active", "contact", "contained", "birthDate", "x"]), _TREES, max_size=4),
    _BESIDE,
)
def test_what_is_called_sound_has_no_fault_of_shape(tree: dict[str, Any], beside: dict[str, Any]) -> None:
    resource = PATIENT | tree | beside
    if is_sound(resource):
        assert [fault for fault in _resource(resource, "") if fault.rule == "shape"] == []


@pytest.mark.parametrize("before", ["", "\\n", "\\\\", "\\n" * 200])
def test_spelled_characters_are_seen_wherever_they_stand(before: str) -> None:
    assert reader.spells_characters(f'"{before}\\u00e6"'.encode())
    assert not reader.spells_characters(f'"{before}u00e6"'.encode())
