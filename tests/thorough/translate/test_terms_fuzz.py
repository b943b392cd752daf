"""Whatever the operations on codes are asked: an answer that is R4, or a failure with a declared kind."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
from fhir.resources.R4B.parameters import Parameters
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.labels import Labeller
from gateway.errors import BadRequest, NotFound
from gateway.translate import policy_tables
from gateway.translate.fhir import parse, write_xml
from gateway.translate.terms import answers
from gateway.translate.terms.asked import OPERATIONS, Asked, of_query, of_resource
from tests.translate.terms.test_terms import FFB, FSIII, HOMELESS, KLE, MAPPINGS, MUNICIPALITY, SKS, terms

TODAY = "2026-11-22"


@functools.cache
def labeller() -> Labeller:
    return policy_tables.load(MAPPINGS / "policy", None, terms())[1]


DOORS: dict[tuple[str, str], Callable[[Asked], dict[str, Any]]] = {
    ("CodeSystem", "$lookup"): lambda asked: answers.lookup(terms(), asked, TODAY),
    ("CodeSystem", "$validate-code"): lambda asked: answers.validate_in_system(terms(), asked, TODAY),
    ("CodeSystem", "$subsumes"): lambda asked: answers.subsumes(terms(), asked),
    ("ValueSet", "$validate-code"): lambda asked: answers.validate_in_set(terms(), asked, TODAY),
    ("ConceptMap", "$translate"): lambda asked: answers.translate(terms(), asked, TODAY, labeller()),
}
SETS = ["http://fhir.kl.dk/core/ValueSet/KLGoalTypeCodes", "http://fhir.kl.dk/term/ValueSet/KLTargetGroupsFFB|2"]
MAPS = ["https://faellesplan.dk/fhir/ConceptMap/v2-sex", "https://faellesplan.dk/fhir/ConceptMap/municipality-region"]
texts = st.one_of(
    st.sampled_from([FFB, FSIII, KLE, SKS, MUNICIPALITY, *SETS, *MAPS, "http://cvr.dk"]),
    st.sampled_from([HOMELESS, "E1", "27.35.04", "DF2041", "0101", "101", "F", "true", "2026", "2026-02-30", "*"]),
    st.text(max_size=12),
    st.sampled_from(["", " ", "\u0000", "|", "urn:oid:", "ﬀ", "İ", "١٠١", "²", "\ud800", "x" * 3000]),
)
names = st.sampled_from(sorted({name for served in OPERATIONS.values() for name in served}))
coding = st.dictionaries(
    st.sampled_from(["system", "code", "display", "version", "userSelected", "x"]), texts, max_size=4
)
values = st.one_of(
    texts, st.none(), st.booleans(), st.integers(), st.lists(texts, max_size=2), coding,
    st.fixed_dictionaries({"coding": st.lists(coding, max_size=3)}),
)  # fmt: skip
kinds = st.sampled_from(
    ["valueUri", "valueCode", "valueString", "valueCoding", "valueCodeableConcept", "valueBoolean", "valueDateTime"]
)
parameter = st.one_of(
    st.builds(lambda name, kind, value: {"name": name, kind: value}, names, kinds, values),
    st.builds(lambda name, value: {"name": name, "valueCoding": value}, st.just("coding"), coding),
    values,
)
good = st.sampled_from(
    [
        {"name": "system", "valueUri": FSIII},
        {"name": "code", "valueCode": "E1"},
        {"name": "coding", "valueCoding": {"system": FFB, "code": HOMELESS}},
        {"name": "codeA", "valueCode": "E1"},
        {"name": "codeB", "valueCode": "E"},
        {"name": "url", "valueUri": SETS[0]},
        {"name": "url", "valueUri": MAPS[1]},
        {"name": "targetsystem", "valueUri": FSIII},
    ]
)


def answered(door: tuple[str, str], ask: Callable[[], Asked]) -> None:
    try:
        body = DOORS[door](ask())
    except (BadRequest, NotFound):
        return
    Parameters.model_validate(body)
    assert parse(json.dumps(body).encode()) == body == parse(write_xml(body))


@pytest.mark.parametrize("door", DOORS, ids="".join)
@given(st.lists(st.one_of(good, parameter), max_size=5))
def test_parameters_of_every_shape(door: tuple[str, str], parameters: list[Any]) -> None:
    answered(door, lambda: of_resource(*door, {"resourceType": "Parameters", "parameter": parameters}))


@pytest.mark.parametrize("door", DOORS, ids="".join)
@given(st.lists(st.tuples(names, texts), max_size=5))
def test_urls_of_every_shape(door: tuple[str, str], params: list[tuple[str, str]]) -> None:
    answered(door, lambda: of_query(*door, params))


@pytest.mark.parametrize("door", DOORS, ids="".join)
@given(params=st.dictionaries(st.sampled_from(["system", "code", "display", "url", "date", "target"]), texts))
def test_urls_that_are_nearly_right(door: tuple[str, str], params: dict[str, str]) -> None:
    served = {name: value for name, value in params.items() if name in OPERATIONS[door]}
    answered(door, lambda: of_query(*door, [("code", "E1"), *((n, v) for n, v in served.items() if n != "code")]))
