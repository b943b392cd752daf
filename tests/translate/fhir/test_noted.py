"""What the walk over a resource notes: all that languages put in other words, in resources of any kind, once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gateway.translate.fhir.flawless import Seen, is_flawless, look
from gateway.translate.fhir.kinds import RESOURCES

Json = dict[str, Any]

INNER: Json = {"url": "urn:inner", "valueReference": {"reference": "Organization/o"}}
OUTER: Json = {"url": "urn:outer", "extension": [INNER]}
TWICE: Json = {"coding": [{"system": "urn:s", "code": "a", "extension": [OUTER]}, {"code": "b"}], "text": "t"}
HELD: Json = {"resourceType": "Organization", "id": "o", "name": "O", "type": [{"text": "inside"}]}
CONDITION: Json = {
    "resourceType": "Condition",
    "id": "c",
    "meta": {"security": [{"system": "urn:s", "code": "R"}]},
    "contained": [HELD],
    "code": TWICE,
    "subject": {"reference": "Patient/p", "identifier": {"system": "urn:s", "value": "1"}},
    "onsetDateTime": "2025-03-31",
}
BUNDLE: Json = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": CONDITION}]}


def _has(seen: Seen, *nodes: Json) -> bool:
    """Whether these objects themselves were noted, in this order, and no others."""
    return list(map(id, seen.noted)) == list(map(id, nodes))


def test_everything_is_noted_behind_what_lies_in_it() -> None:
    seen = look(BUNDLE)
    assert seen.flawless
    assert _has(seen)
    inner = seen.inside[id(CONDITION)]
    reference, (label,), subject = INNER["valueReference"], CONDITION["meta"]["security"], CONDITION["subject"]
    assert _has(inner, label, reference, INNER, OUTER, TWICE, subject)
    assert _has(inner.inside[id(HELD)], HELD["type"][0])


@pytest.mark.parametrize(
    "change",
    [
        {"frob": 1}, {"recordedDate": "in spring"}, {"category": []}, {"note": [{"text": "x"}, None]},
        {"onsetAge": {"value": 1}}, {"_recordedDate": {"id": "x"}},
    ],
)  # fmt: skip
def test_what_is_not_flawless_is_noted_all_the_same(change: Json) -> None:
    resource = CONDITION | change
    seen = look(resource)
    assert not seen.flawless
    assert [id(one) for one in seen.noted] == [id(one) for one in look(CONDITION).noted]
    assert seen.inside.keys() == {id(HELD)}


def test_what_stands_beside_a_primitive_is_noted() -> None:
    seen = look({"resourceType": "Patient", "_birthDate": {"extension": [INNER]}})
    assert _has(seen, INNER["valueReference"], INNER)
    assert not seen.flawless


def test_a_type_that_is_not_known_is_passed_by() -> None:
    strange = {"resourceType": "Frob", "subject": {"reference": "Patient/p"}}
    seen = look({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": strange}]})
    assert not seen.flawless
    assert _has(seen.inside[id(strange)])


@pytest.mark.parametrize("kind", ["Coding", "Bundle.entry", "Resource", "", "frob", ["Patient"], None, 1])
def test_only_resources_have_a_type(kind: object) -> None:
    assert not is_flawless({"resourceType": kind, "id": "x"})
    assert not is_flawless(CONDITION | {"code": {"resourceType": kind, "text": "x"}})


def test_checks_are_bounded() -> None:
    """Whoever sends every set of elements there is makes the gateway write some checks anew, and no more."""
    elements = ["language", "implicitRules", "name", "alias", "telecom", "address", "partOf", "contact", "active", "id"]
    for number in range(1, 400):
        names = [name for at, name in enumerate(elements) if number >> at & 1]
        look({"resourceType": "Organization"} | dict.fromkeys(names, "x"))
    shape = RESOURCES["Organization"]
    assert shape is not None
    assert 0 < len(shape.checks) <= 256
    assert is_flawless(copy.deepcopy(BUNDLE))
