"""What is called flawless has no fault at all, whatever is done to it; and what has none is mostly called so."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translate.fhir import parse
from gateway.translate.fhir.flawless import is_flawless
from gateway.translate.fhir.kinds import _GLANCES
from gateway.translate.fhir.shape import children
from gateway.translate.fhir.structure import _resource, structure
from gateway.translate.fhir.values import primitive_fault

ORDER = json.loads(Path("mappings/kl/examples/order.json").read_bytes())
STRANGE = [
    None, "", "  ", [], {}, 0, -1, 1.5, True, "x\x00", "2025-02-30", "ÆØÅ", [None], [[]], [{}], [""], {"id": "1"},
    {"resourceType": "Patient"}, {"extension": []}, {"url": "http://a", "valueString": "b", "valueCode": "c"},
    {"reference": "Patient/1"}, {"reference": "Nowhere/1", "type": "Nowhere"}, {"coding": [{"code": "x"}]},
    {"start": "2025-03-02", "end": "2025-03-01"}, [{"start": "2025-03-02", "end": "2025-03-01"}],
]  # fmt: skip
NAMES = ["id", "status", "extension", "valueString", "valueCode", "deceasedBoolean", "_status", "period", "code", "zzz"]


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    for name, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        found += _places(value, (*path, name))
    return found


PLACES = _places(ORDER)


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        tree = tree[name]
    return tree


def _agrees(tree: Any) -> None:
    if is_flawless(tree):
        assert list(_resource(tree, "")) == []


@given(st.sampled_from(PLACES[1:]), st.sampled_from(STRANGE))
def test_a_value_that_is_changed(place: tuple[Any, ...], value: Any) -> None:
    tree = copy.deepcopy(ORDER)
    _at(tree, place[:-1])[place[-1]] = value
    _agrees(tree)


@given(
    st.sampled_from([p for p in PLACES if isinstance(_at(ORDER, p), dict)]),
    st.sampled_from(NAMES),
    st.sampled_from(STRANGE),
)
def test_an_element_that_is_added(place: tuple[Any, ...], name: str, value: Any) -> None:
    tree = copy.deepcopy(ORDER)
    _at(tree, place)[name] = value
    _agrees(tree)


@given(st.sampled_from(PLACES[1:]))
def test_an_element_that_is_left_out(place: tuple[Any, ...]) -> None:
    tree = copy.deepcopy(ORDER)
    del _at(tree, place[:-1])[place[-1]]
    _agrees(tree)


@pytest.mark.parametrize("name", sorted(_GLANCES))
@given(data=st.data())
def test_what_passes_at_a_glance_has_the_form(name: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(_GLANCES[name].__self__, fullmatch=True))
    homes = {"id": "Patient.id", "uri": "Patient.implicitRules", "url": "MessageHeader.source.endpoint",
             "canonical": "CarePlan.instantiatesCanonical", "code": "Patient.language", "date": "Patient.birthDate",
             "dateTime": "CarePlan.created", "instant": "Patient.meta.lastUpdated"}  # fmt: skip
    shape, _, element = homes[name].rpartition(".")
    child = children("Meta" if shape == "Patient.meta" else shape)[element]
    assert child.type == name
    assert primitive_fault(text, child) is None


@pytest.mark.parametrize("tree", [None, [], {}, "x", {"resourceType": "Resource"}, {"resourceType": ["Patient"]}])
def test_what_is_no_resource_is_not_flawless(tree: Any) -> None:
    assert not is_flawless(tree)


def test_nearly_all_that_is_without_fault_is_called_flawless(examples: Path) -> None:
    trees = [parse(path.read_bytes()) for path in sorted(examples.glob("municipal/fhir/examples/*.json"))]
    without = [tree for tree in trees if not list(_resource(tree, ""))]
    assert is_flawless(ORDER)
    assert structure(ORDER) == []
    assert sum(map(is_flawless, without)) > len(without) * 0.9 > 50
