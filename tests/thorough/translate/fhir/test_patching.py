"""Whatever a patch says, it is applied or refused: nothing else is raised, and nothing that was given is changed."""

from __future__ import annotations

import copy
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.fhir.patching import fhirpath_patch, json_patch

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"use": "official", "value": "1"}, {"value": "2"}],
    "name": [{"given": ["Ane", None], "_given": [None, {"id": "g"}], "family": "Bo"}],
    "deceasedBoolean": False,
    "_birthDate": {"extension": [{"url": "u", "valueCode": "c"}]},
    "contact": [{"gender": "male", "name": {"text": "A"}}],
    "contained": [{"resourceType": "Basic", "id": "b"}],
}

_NAMES = st.sampled_from(["", "a", "b", "/", "~", "0", "1", "-", "01"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.decimals(-3, 3, places=1) | st.text("ab", max_size=2),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_NAMES, below, max_size=3),
    max_leaves=8,
)
_OBJECTS = st.dictionaries(_NAMES, _VALUES, max_size=4)
_POINTERS = st.lists(_NAMES, max_size=3).map(
    lambda names: "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names)
)
_OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": _POINTERS},
    optional={"from": _POINTERS, "value": _VALUES},
)


@settings(max_examples=400)
@given(body=_OBJECTS, operations=st.lists(_OPERATIONS, max_size=6))
def test_any_json_patch(body: dict[str, Any], operations: list[Any]) -> None:
    before = copy.deepcopy((body, operations))
    with suppress(GatewayError):
        assert isinstance(json_patch.patched(body, operations), dict)
    assert (body, operations) == before


@given(body=_OBJECTS, name=_NAMES, value=_VALUES)
def test_what_is_added_is_there_and_what_is_taken_back_was_never_there(
    body: dict[str, Any], name: str, value: Any
) -> None:
    path = "/" + name.replace("~", "~0").replace("/", "~1")
    made = json_patch.patched(body, [{"op": "add", "path": path, "value": value}])
    assert json_patch.same(made[name], value)
    assert json_patch.patched(made, [{"op": "test", "path": path, "value": value}]) == made
    gone = json_patch.patched(made, [{"op": "remove", "path": path}])
    assert gone == {key: held for key, held in body.items() if key != name}


@given(one=_VALUES, other=_VALUES)
def test_equality_of_values(one: Any, other: Any) -> None:
    assert json_patch.same(one, copy.deepcopy(one))
    assert json_patch.same(one, other) == json_patch.same(other, one)
    assert not json_patch.same(True, 1)
    assert json_patch.same(Decimal("1.0"), 1)


_WORDS = st.sampled_from(
    "Patient name given family identifier contact gender deceased birthDate extension value contained resource use"
    " where( where( is( 0 ) first() last() ofType( as is extension( 'u' 'official' ( ) . . . [ 0 1 ] = != and or"
    " not() exists() $this"
    " $index %resource | + - {} true descendants() iif( select( matches( 'a*' Resource x".split()
)
_PATHS = st.lists(_WORDS, min_size=1, max_size=9).map(" ".join) | st.lists(_WORDS, min_size=1, max_size=7).map("".join)
_GIVEN = st.sampled_from(
    [
        {"valueString": "x"},
        {"valueBoolean": True},
        {"valueIdentifier": {"value": "3"}},
        {"valueHumanName": {"given": ["C"]}},
        {"part": [{"name": "gender", "valueCode": "other"}]},
        {"part": [{"name": "name", "part": [{"name": "text", "valueString": "x"}]}]},
        {"part": "x"},
        {"resource": {"resourceType": "Basic"}},
        {"valueCode": "y", "_valueCode": {"id": "z"}},
        {},
    ]
)
_NUMBERS = st.sampled_from([0, 1, 2, -1, True, "0", None])


@st.composite
def _parameters(draw: st.DrawFn) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"name": "type", "valueCode": draw(st.sampled_from(["add", "insert", "delete", "replace", "move"]))},
        {"name": "path", "valueString": draw(_PATHS)},
        {"name": "name", "valueString": draw(_WORDS)},
        {"name": "value", **draw(_GIVEN)},
    ]
    parts += [{"name": name, "valueInteger": draw(_NUMBERS)} for name in ("index", "source", "destination")]
    return {"name": "operation", "part": parts}


@settings(max_examples=600)
@given(operations=st.lists(_parameters(), min_size=1, max_size=3))
def test_any_fhirpath_patch(operations: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(PATIENT)
    with suppress(GatewayError):
        made = fhirpath_patch.patched(PATIENT, {"resourceType": "Parameters", "parameter": operations})
        assert made["resourceType"] == "Patient"
        assert not _empty(made)
    assert before == PATIENT


def _empty(node: Any) -> bool:
    """Whether anything below has no content: FHIR has no such elements."""
    if isinstance(node, dict):
        return not node or any(_empty(below) for below in node.values())
    if isinstance(node, list):
        return not node or all(below is None for below in node) or any(_empty(below) for below in node)
    return False
