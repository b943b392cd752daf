"""SMART scopes: which are read, what is given of them, what they allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inbound.scopes import Scope, allows, narrow, read


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("system/CarePlan.rs", "rs"),
        ("system/*.cruds", "cruds"),
        ("system/CarePlan.read", "rs"),
        ("system/CarePlan.write", "cud"),
        ("system/CarePlan.*", "cruds"),
    ],
)
def test_scopes_that_are_read(text: str, may: str) -> None:
    scope = read(text)
    assert scope is not None
    assert scope.may == may


@pytest.mark.parametrize(
    "text",
    [
        "",
        "system/CarePlan.",
        "system/CarePlan",
        "system/careplan.rs",
        "system/CarePlan.sr",
        "system/CarePlan.rrs",
        "system/CarePlan.rs ",
        "system/CarePlan.rs\n",
        "system/CarePlan.RS",
        "System/CarePlan.rs",
        "system/CarePlan.rs?category=x",
        "user/CarePlan.rs",
        "patient/*.rs",
        "system/**.rs",
        "system/C.rs",
        "launch",
    ],
)
def test_scopes_that_are_not(text: str) -> None:
    assert read(text) is None
    assert not allows([text], "CarePlan", "r")


def test_allows() -> None:
    assert allows(["system/CarePlan.rs", "system/Bundle.c"], "CarePlan", "s")
    assert allows(["system/*.r"], "CarePlan", "r")
    assert not allows(["system/CarePlan.rs"], "CarePlan", "u")
    assert not allows(["system/CarePlan.rs"], "CareTeam", "r")
    assert not allows([], "CarePlan", "r")


scopes = st.builds(
    Scope,
    st.sampled_from(["*", "Patient", "CarePlan", "Consent"]),
    st.sets(st.sampled_from("cruds"), min_size=1).map(lambda s: "".join(c for c in "cruds" if c in s)),
)


@given(st.lists(scopes, max_size=4), st.lists(scopes, max_size=4))
def test_what_is_given_was_asked_and_is_registered(asked: list[Scope], registered: list[Scope]) -> None:
    texts = [str(s) for s in asked]
    given_ = [str(s) for s in narrow(" ".join(texts), registered)]
    for kind in ("Patient", "CarePlan", "Consent", "Goal"):
        for letter in "cruds":
            both = allows(texts, kind, letter) and allows(map(str, registered), kind, letter)
            assert allows(given_, kind, letter) == both
