"""Whatever comes: a translation, or an error without a value of the message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, TooLarge, UnknownEvent, Unreadable, WrongType
from gateway.translate.fhir import parse
from gateway.translate.kl import Kl
from gateway.translate.translation import Translation
from tests.translate.kl.orders import RAW, Json, order, raw

NOW = datetime(2025, 2, 4, 9, 31, tzinfo=UTC)
_SECRETS = ("1502824933", "Tangmose", "Fyrtårnet")
_VALUES = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "Patient/x", "#x", "urn:uuid:x", [], {}, [[]], [None], ["x"], [{}],
     {"reference": "#"}, {"reference": "Goal/x"}, {"coding": "x"}, {"coding": [{"system": 7}]}, {"extension": "x"},
     {"extension": [{"url": 7}]}]
)  # fmt: skip


def outcome(kl: Kl, message: bytes) -> Translation | GatewayError:
    """What `translate` does; anything but these two fails the test."""
    try:
        return kl.translate(message)
    except GatewayError as error:
        found = error
    assert not any(secret in found.told() for secret in _SECRETS)
    return found


def paths(node: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [here, *(p for name, value in below for p in paths(value, (*here, name)))]


_PATHS = [p for p in paths(order()) if p]


@given(st.sampled_from(_PATHS), st.sampled_from(["remove", "double", "change"]), _VALUES)
def test_any_element_gone_twice_or_changed(kl: Kl, path: tuple[Any, ...], change: str, value: Any) -> None:
    bundle: Any = order()
    parent = bundle
    for step in path[:-1]:
        parent = parent[step]
    if change == "remove":
        del parent[path[-1]]
    elif change == "double" and isinstance(parent, list):
        parent.append(parent[path[-1]])
    else:
        parent[path[-1]] = value
    message = raw(bundle)
    outcome(kl, message)
    assert parse(kl.refuse(message, Unreadable(), NOW))


@given(st.integers(0, len(RAW) - 1), st.integers(0, 30), st.binary(max_size=5))
def test_any_damage(kl: Kl, at: int, cut: int, put: bytes) -> None:
    outcome(kl, RAW[:at] + put + RAW[at + cut :])


@given(st.binary(max_size=200))
def test_any_bytes(kl: Kl, noise: bytes) -> None:
    assert isinstance(outcome(kl, noise), GatewayError)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (RAW.replace(b'"type": "message"', b'"type": "message", "type": "message"'), Unreadable),
        (RAW.replace(b'"valuePositiveInt": 1', b'"valuePositiveInt": NaN'), WrongType),
        (RAW.replace(b'"Rasmus"', b"[" * 200 + b"]" * 200), Unreadable),
        (b'{"resourceType": "Bundle", "x": "' + b"a" * 10_000_001 + b'"}', TooLarge),
        (b'<!DOCTYPE B [<!ENTITY e "x">]><Bundle xmlns="http://hl7.org/fhir"><id value="&e;"/></Bundle>', Unreadable),
    ],
    ids=["name twice", "NaN", "deep", "large", "entity"],
)  # fmt: skip
def test_hostile_documents(kl: Kl, message: bytes, error: type[GatewayError]) -> None:
    assert isinstance(outcome(kl, message), error)


def test_references_in_a_circle_do_no_harm(kl: Kl) -> None:
    bundle: Json = order()
    plans = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "CarePlan"]
    plans[0]["basedOn"] = [{"reference": f"CarePlan/{plans[1]['id']}"}]
    plans[0]["contained"] = [{"resourceType": "CarePlan", "id": "a", "status": "active", "intent": "plan",
                              "subject": {"reference": "#a"}, "basedOn": [{"reference": "#a"}]}]  # fmt: skip
    plans[0]["replaces"] = [{"reference": "#a"}]
    assert isinstance(outcome(kl, json.dumps(bundle).encode()), Translation)


@pytest.mark.parametrize("system", [[], ["x"], {}, None, 7])
def test_an_event_whose_system_is_no_text(kl: Kl, system: Any) -> None:
    bundle = order()
    bundle["entry"][0]["resource"]["eventCoding"]["system"] = system
    assert isinstance(outcome(kl, raw(bundle)), UnknownEvent)
    assert parse(kl.refuse(raw(bundle), Unreadable(), NOW))
