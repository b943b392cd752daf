"""JSON Patch: every operation, every pointer, and what only looks like a patch."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import BadRequest, GatewayError, Refused, TooLarge, Unreadable, WrongType
from gateway.translate.fhir.patching import json_patch

BODY: dict[str, Any] = {"resourceType": "Goal", "a": {"b": [1, 2, {"c": "x"}]}, "d/e": 1, "m~n": 2, "": {"": 3}}


def patched(*operations: Any) -> dict[str, Any]:
    return json_patch.patched(BODY, list(operations))


def test_public_vectors(examples: Path) -> None:
    vectors = json.loads((examples / "fhir/fhir-test-cases-r4/json-patch-tests.json").read_bytes())
    assert len(vectors) >= 16
    for vector in vectors:
        if "error" in vector:
            with pytest.raises(Refused):
                json_patch.patched(vector["doc"], vector["patch"])
        else:
            assert json_patch.patched(vector["doc"], vector["patch"]) == vector["expected"], vector["comment"]


def test_the_resource_given_stays_as_it_was() -> None:
    before = json.dumps(BODY)
    value = {"x": [1]}
    made = patched(
        {"op": "add", "path": "/a/b/0", "value": value},
        {"op": "add", "path": "/a/b/0/x/-", "value": 2},
        {"op": "copy", "from": "/a", "path": "/q"},
        {"op": "remove", "path": "/a"},
    )
    assert made["q"]["b"][0] == {"x": [1, 2]}
    assert json.dumps(BODY) == before
    assert value == {"x": [1]}


@pytest.mark.parametrize(
    ("operation", "path", "expected"),
    [
        ({"op": "add", "path": "/a/b/3", "value": 9}, ("a", "b"), [1, 2, {"c": "x"}, 9]),
        ({"op": "add", "path": "/a/b/-", "value": None}, ("a", "b"), [1, 2, {"c": "x"}, None]),
        ({"op": "add", "path": "/a", "value": 0}, ("a",), 0),
        ({"op": "replace", "path": "/d~1e", "value": 5}, ("d/e",), 5),
        ({"op": "replace", "path": "/m~0n", "value": 5}, ("m~n",), 5),
        ({"op": "replace", "path": "//", "value": 5}, ("", ""), 5),
        ({"op": "remove", "path": "/a/b/2/c"}, ("a", "b"), [1, 2, {}]),
        ({"op": "move", "from": "/a/b/0", "path": "/a/b/-"}, ("a", "b"), [2, {"c": "x"}, 1]),
        ({"op": "move", "from": "/a/b", "path": "/a/b"}, ("a", "b"), [1, 2, {"c": "x"}]),
        ({"op": "move", "from": "/a/b/1", "path": "/a"}, ("a",), 2),
        ({"op": "copy", "from": "/a/b/2", "path": "/a/b/0"}, ("a", "b"), [{"c": "x"}, 1, 2, {"c": "x"}]),
        ({"op": "test", "path": "/a/b", "value": [Decimal("1.0"), 2, {"c": "x"}]}, ("d/e",), 1),
    ],
)
def test_operations(operation: dict[str, Any], path: tuple[str, ...], expected: Any) -> None:
    made: Any = patched(operation)
    for name in path:
        made = made[name]
    assert made == expected


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ({"op": "add", "path": "/a/b/4", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/01", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/-1", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/١", "value": 1}, "path"),
        ({"op": "add", "path": "/a/b/x", "value": 1}, "path"),
        ({"op": "add", "path": "/x/y", "value": 1}, "path"),
        ({"op": "add", "path": "/d~1e/y", "value": 1}, "path"),
        ({"op": "replace", "path": "/x", "value": 1}, "path"),
        ({"op": "replace", "path": "/a/b/-", "value": 1}, "path"),
        ({"op": "replace", "path": "/a/b/3", "value": 1}, "path"),
        ({"op": "remove", "path": "/a/b/-"}, "path"),
        ({"op": "remove", "path": "/x"}, "path"),
        ({"op": "test", "path": "/x", "value": None}, "path"),
        ({"op": "test", "path": "/d~1e", "value": True}, "value"),
        ({"op": "test", "path": "/d~1e", "value": "1"}, "value"),
        ({"op": "test", "path": "/a/b", "value": [1, 2, {"c": "x", "d": 1}]}, "value"),
        ({"op": "move", "from": "/x", "path": "/y"}, "from"),
        ({"op": "move", "from": "/a", "path": "/a/b/c"}, "path"),
        ({"op": "copy", "from": "/a", "path": "/a/b/0"}, "path"),
        ({"op": "copy", "from": "", "path": "/whole"}, "path"),
    ],
)
def test_what_does_not_fit_names_its_place(operation: dict[str, Any], member: str) -> None:
    with pytest.raises(Refused) as told:
        patched({"op": "test", "path": "/d~1e", "value": 1}, operation)
    assert told.value.where == f"[1].{member}"
    assert told.value.status == 422


@pytest.mark.parametrize(
    ("operation", "place"),
    [
        ("add", "[0]"),
        ({"path": "/a", "value": 1}, "[0].op"),
        ({"op": "Add", "path": "/a", "value": 1}, "[0].op"),
        ({"op": ["add"], "path": "/a", "value": 1}, "[0].op"),
        ({"op": "add", "value": 1}, "[0].path"),
        ({"op": "add", "path": None, "value": 1}, "[0].path"),
        ({"op": "add", "path": "a", "value": 1}, "[0].path"),
        ({"op": "add", "path": "/m~2n", "value": 1}, "[0].path"),
        ({"op": "add", "path": "/m~", "value": 1}, "[0].path"),
        ({"op": "add", "path": "/a"}, "[0].value"),
        ({"op": "move", "path": "/a"}, "[0].from"),
    ],
)
def test_what_is_no_operation(operation: Any, place: str) -> None:
    with pytest.raises(BadRequest) as told:
        patched(operation)
    assert (told.value.where, told.value.status) == (place, 400)


def test_the_whole_may_be_replaced_but_not_removed() -> None:
    assert patched({"op": "replace", "path": "", "value": {"resourceType": "Goal"}}) == {"resourceType": "Goal"}
    for operations in (
        [{"op": "remove", "path": ""}],
        [{"op": "replace", "path": "", "value": [1]}],
        [{"op": "remove", "path": ""}, {"op": "add", "path": "/a", "value": 1}],
    ):
        with pytest.raises(Refused):
            patched(*operations)


def test_what_doubles_each_time_ends() -> None:
    grow = [{"op": "add", "path": "/l", "value": []}, {"op": "add", "path": "/k", "value": list(range(500))}]
    twice = [{"op": "copy", "from": "/k", "path": "/l/-"}, {"op": "move", "from": "/l", "path": "/k"}]
    with pytest.raises(TooLarge):
        patched(*grow, *([*twice, {"op": "copy", "from": "/k", "path": "/l"}] * 300))
    deep = [{"op": "add", "path": "/" + "x/" * at + "x", "value": {}} for at in range(70)]
    with pytest.raises(TooLarge) as told:
        patched(*deep)
    assert told.value.where == "[63]"
    with pytest.raises(TooLarge):
        patched(*[{"op": "test", "path": "", "value": BODY}] * 1001)


def test_the_bytes_of_a_patch_are_read_as_strictly_as_a_resource() -> None:
    assert json_patch.read(b'[{"op":"add","path":"/a","value":1.10}]')[0]["value"] == Decimal("1.10")
    wrong: dict[bytes, type[GatewayError]] = {
        b'{"op":"add"}': Unreadable,
        b'[{"op":"add","op":"remove"}]': Unreadable,
        b"[NaN]": WrongType,
        b"[1e400]": WrongType,
        b"[" * 70 + b"]" * 70: Unreadable,
        b"[] //": Unreadable,
    }
    for raw, kind in wrong.items():
        with pytest.raises(kind):
            json_patch.read(raw)
