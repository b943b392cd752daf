"""Modifiers that code tables, hierarchies and the day answer; how names sound; places and distances."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.searching.matching import MODIFIERS, modifiers_of
from gateway.domain.searching.matching.sounds import sound
from gateway.domain.searching.query import Here, parameters, understand
from gateway.domain.searching.world import Entry, World
from gateway.errors import BadRequest
from gateway.translate import r4
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems
from gateway.translate.terms.searched import KnownCodes
from gateway.translate.terms.terms import Terms

SERVED = {kind: parameters(r4.facts().search, kind) for kind in r4.facts().search}
MAPPINGS = Path(__file__).parents[3] / "mappings"
KLE, FFB, SKS = "https://data.gov.dk/id/classification/KLE", "urn:oid:1.2.208.176.2.22", "urn:oid:1.2.208.176.2.4.12"
TARGETS = "http://fhir.kl.dk/term/ValueSet/KLTargetGroupsFFB"
HOMELESS = "293bf940-c075-4e3d-b5ef-6e331202e556"
CHILD, PARENT = "af7624f8-affd-4a7e-8754-b1b1dd9d8def", "67b4ac73-dedf-4337-ad56-476b0a55ab03"


@pytest.fixture(scope="module")
def here() -> Here:
    problems = Problems()
    terms = Terms.read(MAPPINGS, Codes.read(MAPPINGS / "codes", problems), problems)
    return Here("https://gateway.example/fhir/", KnownCodes(terms), date(2026, 3, 2))


def ill(system: str, code: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "c", "code": {"coding": [{"system": system, "code": code}]}}


@pytest.mark.parametrize(
    ("body", "name", "value", "found"),
    [
        (ill(FFB, HOMELESS), "code:in", TARGETS, True),
        (ill("1.2.208.176.2.22", HOMELESS.upper()), "code:in", f"{TARGETS}|1", True),
        (ill(FFB, HOMELESS), "code:in", "ValueSet/KLTargetGroupsFFB", True),
        (ill(FFB, HOMELESS), "code:not-in", TARGETS, False),
        (ill(SKS, "DF20"), "code:in", TARGETS, False),
        (ill(SKS, "DF20"), "code:not-in", TARGETS, True),
        (ill("", HOMELESS), "code:in", TARGETS, False),
        (ill(SKS, "DF105"), "code:below", f"{SKS}|DF10", True),
        (ill(SKS, "DF10"), "code:below", f"{SKS}|DF10", True),
        (ill(SKS, "F10.5"), "code:below", f"{SKS}|DF10", True),
        (ill(SKS, "DF1059Z"), "code:below", f"{SKS}|DF10", True),
        (ill(SKS, "DF20"), "code:below", f"{SKS}|DF10", False),
        (ill(SKS, "DF10"), "code:below", f"{SKS}|DF105", False),
        (ill(SKS, "DF105"), "code:below", "DF10", True),
        (ill("urn:other", "DF105"), "code:below", f"{SKS}|DF10", False),
        (ill(SKS, "DF10"), "code:above", f"{SKS}|DF105", True),
        (ill(SKS, "DF10"), "code:above", f"{SKS}|DF1059Z", True),
        (ill(SKS, "DF105"), "code:above", f"{SKS}|DF10", False),
        (ill(FFB, CHILD), "code:below", f"{FFB}|{PARENT}", True),
        (ill(FFB, PARENT), "code:above", f"{FFB}|{CHILD}", True),
        (ill(KLE, "27.36.04"), "code:below", f"{KLE}|27.36", True),
        (ill(KLE, "27.36.04"), "code:below", f"{KLE}|27", True),
        (ill(KLE, "29.36.04"), "code:below", f"{KLE}|27", False),
        (ill(KLE, "27.36"), "code:above", f"{KLE}|27.36.04", True),
        ({"resourceType": "Condition", "id": "c"}, "code:not-in", TARGETS, True),
        ({"resourceType": "Condition", "id": "c"}, "code:below", f"{SKS}|DF10", False),
        ({"resourceType": "CarePlan", "id": "p", "instantiatesCanonical": ["http://x.dk/p|2.1"]},
         "instantiates-canonical:below", "http://x.dk/p|2", True),
        ({"resourceType": "CarePlan", "id": "p", "instantiatesCanonical": ["http://x.dk/p|21"]},
         "instantiates-canonical:below", "http://x.dk/p|2", False),
        ({"resourceType": "Patient", "id": "p", "birthDate": "1980-03-02"}, "age", "46", True),
        ({"resourceType": "Patient", "id": "p", "birthDate": "1980-03-03"}, "age", "46", False),
        ({"resourceType": "Patient", "id": "p", "birthDate": "1980"}, "age", "ge46", True),
        ({"resourceType": "Patient", "id": "p", "birthDate": "1980"}, "age", "lt46", True),
        ({"resourceType": "Patient", "id": "p"}, "age", "ge0", False),
        ({"resourceType": "Patient", "id": "p", "name": [{"family": "Christensen"}]}, "phonetic", "kristensen", True),
        ({"resourceType": "Patient", "id": "p", "name": [{"family": "Sørensen", "given": ["Åse"]}]}, "phonetic",
         "aase soerensen", True),
        ({"resourceType": "Patient", "id": "p", "name": [{"family": "Hansen"}]}, "phonetic", "Jensen", False),
        ({"resourceType": "Patient", "id": "p", "name": [{"family": "Hansen"}]}, "phonetic", "--", False),
        ({"resourceType": "Encounter", "id": "e", "period": {"start": "2026-01-25", "end": "2026-01-26"}}, "date",
         "ap2026-01-21", True),  # forty days ago, so four days more or less
        ({"resourceType": "Encounter", "id": "e", "period": {"start": "2026-01-27", "end": "2026-01-28"}}, "date",
         "ap2026-01-21", False),
        ({"resourceType": "Encounter", "id": "e", "period": {"start": "0001-01-01", "end": "0001-01-02"}}, "date",
         "ap0001", True),
        ({"resourceType": "Encounter", "id": "e", "period": {"start": "9998-01-01"}}, "date", "ap9999", True),
        ({"resourceType": "Location", "id": "l", "position": {"latitude": 55.6761, "longitude": 12.5683}}, "near",
         "55.70|12.58|3|km", True),
        ({"resourceType": "Location", "id": "l", "position": {"latitude": 55.6761, "longitude": 12.5683}}, "near",
         "55.70|12.58|2000|m", False),
        ({"resourceType": "Location", "id": "l", "position": {"latitude": 55.6761, "longitude": 12.5683}}, "near",
         "56.15|10.21", False),
        ({"resourceType": "Location", "id": "l"}, "near", "55.70|12.58|3|km", False),
        ({"resourceType": "Location", "id": "l"}, "near:missing", "true", True),
    ],
)  # fmt: skip
def test_what_tables_and_the_day_answer(here: Here, body: dict[str, Any], name: str, value: str, found: bool) -> None:
    assert understand(body["resourceType"], SERVED, [(name, value)], here).matches(body) is found


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("Condition", "code:in", "http://example.org/ValueSet/unknown"), ("Condition", "code:below", "urn:unknown|1"),
        ("Condition", "code:below", f"{SKS}|banana"), ("Condition", "code:above", "no-such-code-anywhere"),
        ("Patient", "age", "old"), ("Patient", "phonetic:exact", "Hansen"), ("Patient", "_content:contains", "x"),
        ("Location", "near", "55.7"), ("Location", "near", "95|12|1|km"), ("Location", "near", "55|12|1|parsec"),
        ("Location", "near", "55|12|1|km|x"), ("Condition", "subject:below", "x"),
        ("Encounter", "date:below", "2026"), ("Encounter", "status:exact", "finished"),
        ("Encounter", "subject:identifier.name", "x"), ("Encounter", "part-of:below.status", "x"),
        ("Location", "_sort", "near"), ("Patient", "_sort", "-age"), ("Patient", "_sort", "phonetic"),
    ],
)  # fmt: skip
def test_what_nobody_can_answer_is_refused_without_its_value(here: Here, kind: str, name: str, value: str) -> None:
    with pytest.raises(BadRequest) as refused:
        understand(kind, SERVED, [(name, value)], here)
    assert len(value) < 3 or value not in refused.value.told()


def test_a_reference_leads_up_a_hierarchy_where_one_of_its_types_has_one(here: Here) -> None:
    assert not understand("CarePlan", SERVED, [("based-on:above", "")], here).beyond  # on a CarePlan, among others
    (asked,) = understand("Encounter", SERVED, [("location:below", "Location/l")], here).beyond
    assert (asked.asked.kind, asked.identity, asked.below) == ("Location", "l", True)


def test_without_tables_a_question_of_codes_is_refused() -> None:
    for name in ("code:in", "code:not-in", "code:below", "code:above"):
        with pytest.raises(BadRequest):
            understand("Condition", SERVED, [(name, f"{SKS}|DF10")])


def test_every_modifier_is_of_r4_and_each_type_of_parameter_has_missing() -> None:
    known = {"missing", "exact", "contains", "text", "in", "not-in", "above", "below", "not", "of-type", "identifier"}
    assert {one for names in MODIFIERS.values() for one in names} == known
    for rows in SERVED.values():
        for parameter in rows.values():
            taken = "missing" in modifiers_of(parameter)
            assert taken is (parameter.name != "_filter"), parameter.name


def stay(identity: str, of: str = "") -> dict[str, Any]:
    above = {"partOf": {"reference": f"Encounter/{of}"}} if of else {}
    return {"resourceType": "Encounter", "id": identity, "status": "finished"} | above


def test_what_stands_below_and_above() -> None:
    bodies = [stay("a"), stay("b", "a"), stay("c", "b"), stay("d"), stay("e", "f"), stay("f", "e"), stay("g", "gone")]

    def load(kind: str) -> list[Entry]:
        return [
            Entry(kind, one["id"], json.dumps(one).encode(), json.loads, 1) for one in bodies if kind == "Encounter"
        ]

    def found(value: str, *, able: bool = True) -> str:
        name, _, told = value.partition("=")
        query, world = understand("Encounter", SERVED, [(name, told)]), World("p", ("Encounter",), load, lambda _: able)
        return "".join(one["id"] for one in bodies if query.matches(one, world))

    assert found("part-of:below=a") == "bc"  # whose whole is a, or stands below it
    assert found("part-of:below=Encounter/b") == "c"
    assert found("part-of:above=b") == "bc"
    assert found("part-of:below=e") == "ef"  # a circle ends
    assert found("part-of:below=gone") == ""  # what is not there is not known to be above anything
    assert found("part-of:below=a", able=False) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("Christensen", "Kristensen"), ("Schmidt", "Smidt"), ("Åse", "Aase"), ("Hanssen", "Hansen"), ("Knud", "Knut"),
     ("Philip", "Filip"), ("Hjort", "Jort"), ("Østergård", "Oestergaard"), ("René", "Rene"), ("A\u030age", "Åge")],
)  # fmt: skip
def test_names_that_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other) != ""


def test_names_that_do_not() -> None:
    names = ("Hansen", "Jensen", "Nielsen", "Larsen", "Holm", "Lund", "Mads", "Bo", "Karen", "Lise")
    assert len({sound(one) for one in names}) == len(names)
