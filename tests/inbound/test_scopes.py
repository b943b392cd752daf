"""SMART scopes: which are read, what is given of them, what they allow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as every
from hypothesis import strategies as st

from gateway.inbound.scopes import Scope, allows, for_needs, narrow, read


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("system/CarePlan.rs", "rs"),
        ("system/*.cruds", "cruds"),
        ("system/CarePlan.read", "rs"),
        ("system/CarePlan.write", "cud"),
        ("system/CarePlan.*", "cruds"),
        ("user/CarePlan.rs", "rs"),
        ("patient/*.rs", "rs"),
        ("system/Condition.rs?category=problem-list-item", "rs"),
        ("system/Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|x&code=1", "rs"),
        ("system/Condition.rs?_security=R", "rs"),
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
        "system/CarePlan.dus",
        "system/CarePlan.reads",
        "system/CarePlan.rs?",
        "system/CarePlan.rs?category",
        "system/CarePlan.rs?category=",
        "system/CarePlan.rs?category=x&",
        "system/CarePlan.rs?category:in=x",
        "system/CarePlan.rs?category:not=x",
        "system/CarePlan.rs?subject.name=x",
        "system/CarePlan.rs?subject:Patient.name=x",
        "system/CarePlan.rs?_filter=x",
        "system/CarePlan.rs?_has:Goal:patient:x=y",
        "system/CarePlan.rs?_include=CarePlan:goal",
        "system/CarePlan.rs?_count=1",
        "system/CarePlan.rs?category=a%00b",
        "system/CarePlan.rs?category=%ff",
        "system/CarePlan.rs#x",
        "admin/CarePlan.rs",
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


def given(asked: str, *registered: str, **more: Any) -> str:
    return " ".join(map(str, narrow(asked, [one for one in map(read, registered) if one], **more)))


def test_the_parameters_of_both_sides_apply() -> None:
    problems = "system/Condition.rs?category=problem-list-item"
    assert given("system/*.rs", problems) == problems
    assert given(problems, "system/*.cruds") == problems
    assert given("system/Condition.rs?code=1", problems) == f"{problems}&code=1"
    assert given(problems, problems) == problems
    assert given("system/Condition.rs", problems, "system/Goal.rs") == problems


def test_what_nothing_could_test_is_not_given() -> None:
    served = {"Condition": ("category", "code"), "Goal": ("description",)}
    assert given("system/Condition.rs?category=x", "system/*.rs", served=served) != ""
    assert given("system/Condition.rs?colour=x", "system/*.rs", served=served) == ""
    assert given("system/*.rs?colour=x", "system/*.rs", served=served) == ""
    assert given("system/*.rs?category=x", "system/*.rs", served=served) == "system/*.rs?category=x"


def test_parameters_narrow_what_is_seen_and_give_no_write() -> None:
    assert given("system/Condition.cruds?code=1", "system/*.cruds") == "system/Condition.rs?code=1"
    assert given("system/Condition.cud?code=1", "system/*.cruds") == ""


def test_a_scope_of_any_length_is_none() -> None:
    told = read.cache_info().currsize
    long = "system/CarePlan.rs?_id=" + "1" * 1000
    assert [*map(str, narrow(f"{long} system/CarePlan.r", (Scope("*", "rs"),)))] == ["system/CarePlan.r"]
    assert read.cache_info().currsize <= told + 1, "nor is it remembered"


def test_levels_are_given_to_whom_they_fit() -> None:
    asked = "user/Goal.rs patient/Goal.rs system/Goal.rs"
    assert given(asked, "system/*.rs") == "system/Goal.rs"
    assert given(asked, "system/*.rs", levels=("system", "user")) == "system/Goal.rs user/Goal.rs"
    assert given(asked, "user/*.rs", levels=("system", "user", "patient")) == "user/Goal.rs"
    assert given("patient/*.rs", "system/Goal.rs", levels=("patient",)) == "patient/Goal.rs"


def test_what_holds_at_a_door() -> None:
    narrowed = ["system/Condition.r", "system/Condition.s?code=1", "system/Condition.u", "system/Goal.rs"]
    assert for_needs(narrowed, ("s",), "Condition") == ("system/Condition.s?code=1", "system/Goal.rs")
    assert for_needs(narrowed, ("Condition.r",), "") == ("system/Condition.r", "system/Goal.rs")
    assert for_needs(narrowed, ("u",), "Condition") == tuple(narrowed)
    assert for_needs(narrowed, (), "") == tuple(narrowed)


def test_a_scope_is_spelled_so_that_it_reads_the_same() -> None:
    for text in ("system/A_.rs", "system/Goal.rs?description=a%20b", "system/Goal.rs?a=%26%3D&b=%3F"):
        scope = read(text)
        assert scope is None or read(str(scope)) == scope
        assert scope is None or " " not in str(scope)


scopes = st.builds(
    Scope,
    st.sampled_from(["*", "Patient", "CarePlan", "Consent"]),
    st.sets(st.sampled_from("cruds"), min_size=1).map(lambda s: "".join(c for c in "cruds" if c in s)),
)


@every(st.lists(scopes, max_size=4), st.lists(scopes, max_size=4))
def test_what_is_given_was_asked_and_is_registered(asked: list[Scope], registered: list[Scope]) -> None:
    texts = [str(s) for s in asked]
    given_ = [str(s) for s in narrow(" ".join(texts), registered)]
    for kind in ("Patient", "CarePlan", "Consent", "Goal"):
        for letter in "cruds":
            both = allows(texts, kind, letter) and allows(map(str, registered), kind, letter)
            assert allows(given_, kind, letter) == both
