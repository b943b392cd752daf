"""Answers to an order: a MedCom Acknowledgement back to the endpoint it came from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, RuleBroken, Unavailable, Unreadable
from gateway.translate.fhir import parse, write_xml
from gateway.translate.fhir.structure import structure
from gateway.translate.kl import Kl
from tests.translate.kl.orders import RAW, order, raw

NOW = datetime(2025, 2, 4, 9, 31, tzinfo=UTC)


def header(answer: bytes) -> Any:
    return parse(answer)["entry"][0]["resource"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(None, "ok"), (RuleBroken(where="Bundle.entry[3]"), "fatal-error"), (Unavailable(), "transient-error")],
)
def test_sender_and_receiver_are_named_by_their_endpoints(kl: Kl, error: GatewayError | None, code: str) -> None:
    answer = kl.refuse(RAW, error, NOW) if error else kl.accept(RAW, NOW)
    found = header(answer)
    assert structure(parse(answer)) == []
    assert found["response"]["identifier"] == order()["entry"][0]["resource"]["id"]
    assert found["response"]["code"] == code
    assert found["destination"][0]["endpoint"] == "https://ffb.kk.example/fhir"
    organisations = [e["resource"] for e in parse(answer)["entry"] if e["resource"]["resourceType"] == "Organization"]
    assert {(o["name"], o["identifier"][0]["value"]) for o in organisations} == {
        ("Københavns Kommune", "https://ffb.kk.example/fhir"),
        ("Frederiksberg Kommune", "https://ffb.frederiksberg.example/fhir"),
    }


def test_xml_is_answered_in_xml(kl: Kl) -> None:
    answer = kl.accept(write_xml(parse(RAW)), NOW)
    assert answer.lstrip().startswith(b"<")
    assert header(answer)["response"]["code"] == "ok"


def test_a_broken_order_is_still_answered(kl: Kl) -> None:
    bundle = order()
    bundle["entry"][7]["resource"] = {"resourceType": "Goal", "id": ["odd"], "subject": 7}
    bundle["entry"][0]["resource"]["sender"] = "odd"
    bundle["entry"].append("odd")
    found = header(kl.refuse(raw(bundle), RuleBroken(), NOW))
    assert found["response"]["code"] == "fatal-error"


def test_an_order_without_parties_is_answered_to_the_caller(kl: Kl) -> None:
    bundle = order()
    for name in ("sender", "destination"):
        bundle["entry"][0]["resource"].pop(name)
    bundle["entry"][0]["resource"]["source"].pop("endpoint")
    assert parse(kl.refuse(raw(bundle), RuleBroken(), NOW))["resourceType"] == "OperationOutcome"


@given(st.binary(max_size=120))
def test_any_bytes_are_answered(kl: Kl, noise: bytes) -> None:
    for answer in (kl.accept(noise, NOW), kl.refuse(noise, Unreadable(), NOW)):
        assert parse(answer)["resourceType"] == "OperationOutcome"
