"""Whatever stands in a message: a Translation or one of our errors, and always an answer that can be read."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.fhir import parse, write_json, write_xml
from gateway.translate.fhir.structure import structure
from gateway.translate.translation import Translation
from tests.translate.medcom.notices import END, LEFT, MEDCOM, notice

NOW = datetime(2025, 3, 16, tzinfo=UTC)
MESSAGES = [
    notice(),
    notice("start-leave-inpatient", earlier=(("m1", "admit-inpatient"),), status="onleave", leave=(LEFT, "")),
    notice(status="finished", end=END, deceased=True, earlier=(("m1", "admit-inpatient"),)),
]
_LEAVES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, "", " ", "x", "Patient/1", "urn:uuid:", "#", "/", "\u0000", "2509479989"),
    *("2025-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", [], {}, [None], [[]]),
    *(
        {"reference": 7},
        {"reference": ""},
        {"resourceType": "MessageHeader"},
        {"resourceType": "x", "identifier": 7, "meta": 7},
    ),
]


def told(text: bytes) -> None:
    refusal: GatewayError | None = None
    try:
        assert isinstance(MEDCOM.translate(text), Translation)
    except GatewayError as error:
        refusal = error
    answer = MEDCOM.refuse(text, refusal, NOW) if refusal else MEDCOM.accept(text, NOW)
    assert "2509479989" not in (refusal.told() if refusal else "")
    assert structure(parse(answer)) == []


@settings(max_examples=40)
@given(st.data())
def test_changed_messages(data: st.DataObject) -> None:
    """Any value at any place, taken away, put in, or moved."""
    bundle = deepcopy(data.draw(st.sampled_from(MESSAGES)))
    for _ in range(data.draw(st.integers(1, 3))):
        node: Any = bundle
        for _ in range(data.draw(st.integers(0, 8))):
            below = [
                n for n in (node.values() if isinstance(node, dict) else node) if isinstance(n, (dict, list)) and n
            ]
            if not below:
                break
            node = data.draw(st.sampled_from(below))
        keys = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()):
            node[key] = deepcopy(data.draw(st.sampled_from(_LEAVES)))
        else:
            del node[key]
        if not bundle:
            return
    told(write_json(bundle))


@settings(max_examples=30)
@given(st.data())
def test_damaged_bytes(data: st.DataObject) -> None:
    """A byte changed, cut out or put in, in JSON and in XML."""
    write = data.draw(st.sampled_from([write_json, write_xml]))
    text = bytearray(write(MESSAGES[1]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    told(bytes(text))


@given(st.binary(max_size=300))
def test_any_bytes(text: bytes) -> None:
    told(text)
