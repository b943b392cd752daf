"""A search of a permitted world finds what asking every resource by itself finds; what is hidden changes nothing."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.searching.including import compile_include, included
from gateway.domain.searching.query import parameters, understand
from gateway.domain.searching.world import Entry, World
from gateway.translate import r4

SERVED = {kind: parameters(r4.facts().search, kind) for kind in ("Patient", "Encounter", "Condition", "Observation")}
IDS = ("a", "b", "c")
CODES = ("x", "y")

body = st.one_of(
    st.builds(
        lambda identity, status, of, code: {
            "resourceType": "Encounter", "id": identity, "status": status, "subject": {"reference": "Patient/p"},
            "partOf": {"reference": f"Encounter/{of}"}, "type": [{"coding": [{"code": code}]}],
        },
        st.sampled_from(IDS), st.sampled_from(CODES), st.sampled_from(IDS), st.sampled_from(CODES),
    ),
    st.builds(
        lambda identity, code, stay: {
            "resourceType": "Condition", "id": identity, "code": {"coding": [{"code": code}]},
            "subject": {"reference": "Patient/p"}, "encounter": {"reference": f"Encounter/{stay}"},
        },
        st.sampled_from(IDS), st.sampled_from(CODES), st.sampled_from(IDS),
    ),
)  # fmt: skip
things = st.lists(body, max_size=6, unique_by=lambda one: (one["resourceType"], one["id"]))


def world(bodies: list[dict[str, Any]], hops: frozenset[str]) -> World:
    def load(kind: str) -> list[Entry]:
        mine = [one for one in bodies if one["resourceType"] == kind]
        return [Entry(kind, one["id"], json.dumps(one).encode(), json.loads, 1) for one in mine]

    return World("p", {one["resourceType"] for one in bodies}, load, lambda kind: kind in hops)


def ids(here: World, name: str, value: str) -> set[str]:
    query = understand("Encounter", SERVED, [(name, value)])
    return {one.id for one in here.of("Encounter") if query.matches(one.body, here)}


def of(bodies: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in bodies if one["resourceType"] == kind]


def has(one: dict[str, Any], element: str, code: str) -> bool:
    told = one[element] if isinstance(one[element], list) else [one[element]]
    return any(coding["code"] == code for each in told for coding in each["coding"])


@settings(max_examples=300, deadline=None)
@given(things, st.sampled_from(CODES), st.sampled_from(IDS))
def test_hops_find_what_asking_each_resource_finds(bodies: list[dict[str, Any]], code: str, identity: str) -> None:
    here = world(bodies, frozenset({"Encounter", "Condition"}))
    stays, ills = of(bodies, "Encounter"), of(bodies, "Condition")
    by_id = {f"Encounter/{one['id']}": one for one in stays}

    def above(one: dict[str, Any]) -> dict[str, Any] | None:
        return by_id.get(one["partOf"]["reference"])

    assert ids(here, "type", code) == {one["id"] for one in stays if has(one, "type", code)}
    chained = {one["id"] for one in stays if (up := above(one)) and has(up, "type", code)}
    assert ids(here, "part-of.type", code) == chained
    two = {one["id"] for one in stays if (up := above(one)) and (top := above(up)) and has(top, "type", code)}
    assert ids(here, "part-of:Encounter.part-of.type", code) == two
    reached = {one["encounter"]["reference"] for one in ills if has(one, "code", code)}
    assert ids(here, "_has:Condition:encounter:code", code) == {
        one for one in IDS if f"Encounter/{one}" in reached & set(by_id)
    }
    assert ids(here, "_has:Condition:encounter:_id", identity) <= {one["id"] for one in stays}
    assert ids(here, "part-of:missing", "true") == set()


@settings(max_examples=300, deadline=None)
@given(things, st.integers(0, 63), st.sampled_from(CODES))
def test_what_is_not_in_the_world_changes_nothing(bodies: list[dict[str, Any]], mask: int, code: str) -> None:
    """The same question of a world from which things were taken is that of a world that never had them."""
    seen = [one for at, one in enumerate(bodies) if mask >> at & 1]
    one, other = (world(seen, frozenset({"Encounter", "Condition"})) for _ in range(2))
    for name in ("part-of.type", "_has:Condition:encounter:code", "_has:Encounter:part-of:type"):
        assert ids(one, name, code) == ids(other, name, code) <= {each["id"] for each in of(seen, "Encounter")}
    rules = [compile_include("_include:iterate", "*", SERVED), compile_include("_revinclude:iterate", "*", SERVED)]
    begun = list(one.of("Encounter"))
    names = {f"{each['resourceType']}/{each['id']}" for each in seen}
    assert {each.name for each in included(begun, one, rules, SERVED, "")} <= names - {each.name for each in begun}


@settings(max_examples=100, deadline=None)
@given(things, st.sampled_from(CODES))
def test_a_type_that_the_token_does_not_cover_matches_nothing(bodies: list[dict[str, Any]], code: str) -> None:
    here = world(bodies, frozenset({"Encounter"}))
    assert ids(here, "_has:Condition:encounter:code", code) == set()
    nothing = world(bodies, frozenset())
    assert ids(nothing, "part-of.type", code) == set()


@settings(max_examples=100, deadline=None)
@given(things)
def test_includes_are_what_references_lead_to(bodies: list[dict[str, Any]]) -> None:
    here = world(bodies, frozenset())
    begun = list(here.of("Condition"))
    found = included(begun, here, [compile_include("_include", "Condition:encounter", SERVED)], SERVED, "")
    there = {f"Encounter/{one['id']}" for one in of(bodies, "Encounter")}
    assert {one.name for one in found} == {one.body["encounter"]["reference"] for one in begun} & there
    back = included(
        list(here.of("Encounter")), here, [compile_include("_revinclude", "Condition:encounter", SERVED)], SERVED, ""
    )
    assert {one.name for one in back} == {one.name for one in begun if one.body["encounter"]["reference"] in there}
