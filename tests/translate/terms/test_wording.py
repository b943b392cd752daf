"""Words for codes without any."""

from __future__ import annotations

import copy
from typing import Any

from gateway.translate.terms.wording import worded
from tests.translate.terms.test_terms import FFB, FSIII, HOMELESS, KLE, terms


def test_codes_get_the_words_of_their_system() -> None:
    codings: list[dict[str, Any]] = [
        {"system": "http://kl.dk/fhir/common/caresocial/CodeSystem/FFB", "code": HOMELESS},
        {"system": FSIII, "code": "E1"},
        {"system": FSIII, "code": "B4"},
        {"system": KLE, "code": "27.35.04"},
        {"system": FFB, "code": HOMELESS, "display": "som det blev sagt"},
        {"system": FFB, "code": "x"},
        {"system": "urn:x", "code": HOMELESS},
        {"system": FFB},
        {"system": ["x"], "code": 1},
    ]
    body = {"resourceType": "Bundle", "entry": [{"resource": {"code": {"coding": codings}}}]}
    before = copy.deepcopy(codings)
    assert worded(terms(), body) is body
    assert [one.pop("display", "") for one in codings[:5]] == [
        "Hjemløshed", "Fortsættes", "Svære begrænsninger", "Forebyggende hjemmebesøg", "som det blev sagt",
    ]  # fmt: skip
    before[4].pop("display")
    assert codings == before, "and nothing else changes"
