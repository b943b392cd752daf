"""No bytes in place of a token or an assertion do anything but get refused."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unauthenticated
from gateway.inbound.acting import Acting, NotRegistered, acting
from gateway.inbound.assertion import BadAssertion, verify
from gateway.inbound.scopes import Scope
from gateway.inbound.token_check import TokenCheck
from tests.inbound.oauth_client import ISSUER, TOKEN_URL, World, hospital

WORLD = World()
CHECK = TokenCheck(WORLD.tokens, WORLD.clients, WORLD.clock)
TOKEN = WORLD.tokens.issue(hospital(), Acting(), [Scope("CarePlan", "rs")])
ASSERTION = WORLD.assertion()
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        CHECK.caller([f"Bearer {token}"])


def not_verified(assertion: str) -> None:
    with pytest.raises(BadAssertion) as told:
        verify(assertion, WORLD.clients, (TOKEN_URL, ISSUER), WORLD.clock())
    assert str(told.value).isascii()


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    refused(text)
    not_verified(text)


@given(values, values, st.binary(max_size=100))
def test_any_header_and_any_claims(header: Any, claims: Any, signature: bytes) -> None:
    text = f"{part(header)}.{part(claims)}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    refused(text)
    not_verified(text)


@given(st.integers(0, 10_000), st.characters(min_codepoint=32, max_codepoint=126))
def test_one_character_changed(place: int, character: str) -> None:
    for good, check in ((TOKEN, refused), (ASSERTION, not_verified)):
        at = place % len(good)
        changed = good[:at] + character + good[at + 1 :]
        head, claims, signature = (good.split("."), changed.split("."))[0]
        same = changed.count(".") == 2 and changed.split(".")[:2] == [head, claims]
        if not (same and base64_equal(changed.split(".")[2], signature)):
            check(changed)


def base64_equal(one: str, other: str) -> bool:
    """The last character of base64 has bits that say nothing."""
    try:
        return base64.urlsafe_b64decode(one + "==") == base64.urlsafe_b64decode(other + "==")
    except ValueError:
        return False


@given(st.lists(st.tuples(st.text(max_size=10), st.text(max_size=30)), max_size=5))
def test_any_form(form: list[tuple[str, str]]) -> None:
    status, body = asyncio.run(World().endpoint.answer(form))
    assert status == 400
    assert "access_token" not in body


@given(values)
def test_any_extensions(extensions: Any) -> None:
    try:
        said = acting(extensions, hospital())
    except NotRegistered:
        return
    assert set(said.purposes) <= {"TREAT", "BTG"}


@given(st.dictionaries(st.sampled_from(["iat", "exp", "nbf", "aud", "jti", "sub", "iss"]), values, max_size=4))
def test_any_claims_signed_by_the_client_itself(changed: dict[str, Any]) -> None:
    """Whatever a registered client signs, only what holds all rules is taken."""
    claims = {**WORLD.claims(), **changed}
    signed = WORLD.assertion(**{name: value if value is not None else "" for name, value in claims.items()})
    try:
        found = verify(signed, WORLD.clients, (TOKEN_URL, ISSUER), WORLD.clock())
    except BadAssertion:
        return
    assert found.client.id == claims["iss"] == claims["sub"] == "rh-epj"
    assert claims["aud"] in (TOKEN_URL, ISSUER, [TOKEN_URL], [ISSUER])
    assert found.expires <= datetime.fromtimestamp(WORLD.clock().timestamp() + 310, UTC)
