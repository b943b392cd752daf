"""The document of what was fetched: what is no such document is refused with its place, and never with a value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.errors import (
    GatewayError,
    MissingField,
    NoCitizen,
    RuleBroken,
    UnknownMessage,
    UnknownSource,
    Unreadable,
    WrongType,
)
from gateway.translate.door import door_of
from gateway.translate.vendor import Vendor
from gateway.translate.vendor.gathered import canonical, written
from tests.outbound.case_system import CPR, OTHER
from tests.translate.vendor.answers import citizen, document, grant

DUMMY = {"type": "cpr", "identifier": "1111111111"}


def changed(**more: Any) -> bytes:
    return json.dumps(json.loads(document()) | more).encode()


@pytest.mark.parametrize(
    ("raw", "error", "where"),
    [
        (b"", Unreadable, "line 1"),
        (b"\xff\xfe", Unreadable, "line 1"),
        (b"[]", Unreadable, "line 1"),
        (b'{"vendor": "nexus", "x": NaN}', Unreadable, "line 1"),
        (b'{"vendor":' * 60 + b"1" + b"}" * 60, Unreadable, "line 1"),
        (b'{"vendor":' * 20_000 + b"1" + b"}" * 20_000, Unreadable, "line 1"),
        (changed(x="a\x00b"), Unreadable, "line 1"),
        (changed(x="a\ud800b"), Unreadable, "line 1"),
        (b'{"vendor": "nexus"}', MissingField, "installation"),
        (changed(content=[]), WrongType, "content"),
        (changed(content={"grants": {}}), WrongType, "content"),
        (changed(content={"grants": [1]}), WrongType, "content.grants[0]"),
        (changed(fetched="yesterday"), WrongType, "fetched"),
        (changed(fetched="2026-03-02T09:00:00"), WrongType, "fetched"),
        (changed(fetched=5), WrongType, "fetched"),
        (changed(asked=5), WrongType, "asked"),
        (changed(vendor="momentum"), UnknownMessage, "vendor"),
        (changed(installation="nowhere"), UnknownSource, "installation"),
        (changed(content={}), NoCitizen, "citizen"),
        (changed(asked=OTHER), RuleBroken, "citizen[0]"),
        (document(citizen=[citizen(), citizen(id=2)]), RuleBroken, "citizen[1]"),
        (document(citizen=[citizen(patientIdentifier=DUMMY)]), RuleBroken, "citizen[0]"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(nexus: Vendor, raw: bytes, error: type[GatewayError], where: str) -> None:
    with pytest.raises(error) as caught:
        nexus.translate(raw)
    assert caught.value.where == where
    told = nexus.refuse(raw, caught.value, datetime.now(UTC)).decode()
    assert CPR not in told
    assert OTHER not in told


def test_odd_values_are_left_out_or_told_and_break_nothing(nexus: Vendor) -> None:
    odd: list[Any] = [None, 5, "text", [], {}, [[]], {"type": "orderedDate", "date": "soon"}, {"type": ["x"]}]
    for value in odd:
        raw = document(grants=[grant(currentElements=value), {"id": 2, "name": value, "currentElements": [value]}])
        assert len(nexus.translate(raw).statements) == 3
    without = document(grants=[{"name": "no id"}])
    assert [one.kind for one in nexus.translate(without).statements] == ["Patient"]
    assert nexus.translate(without).findings


def test_a_file_is_known_by_its_first_bytes() -> None:
    assert door_of(document()) == "nexus"
    assert door_of(b"\n " + document("momentum")) == "momentum"


def test_the_same_content_is_the_same_bytes_in_any_order(nexus: Vendor) -> None:
    moment = nexus.translate(document()).sent
    assert moment
    one = {"citizen": [citizen()], "grants": [grant(id=1), grant(id=2)]}
    two = {"grants": [grant(id=2), grant(id=1)], "citizen": [citizen()]}
    assert written("nexus", "koebenhavn", moment, CPR, one) == written("nexus", "koebenhavn", moment, CPR, two)
    assert canonical(one) == canonical(two)
    assert canonical(one) != canonical({"citizen": [citizen()], "grants": [grant(id=1)]})


def test_explain_lists_what_no_rule_read(nexus: Vendor) -> None:
    found = nexus.explain(
        document(grants=[grant({"type": "new", "text": "x"}, {"type": "orderedDate", "date": "2026-01-01"})])
    )
    assert [one.field for one in found.unread if one.reason == "unread"] == ["grants.currentElements[type=new].text"]
    assert all(row.rule.startswith("mappings/nexus/nexus.yaml:") for row in found.rows)
