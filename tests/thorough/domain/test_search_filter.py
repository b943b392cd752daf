"""`_filter`: operators, and, or, not, chains; and that it asks no more than the parameters do by themselves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.searching.filtering import DEEPEST, MOST_LENGTH, MOST_TESTS, passes_through
from gateway.domain.searching.world import Entry, World
from gateway.errors import BadRequest
from tests.domain.test_searching import STAY, asked, finds

PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "p1", "active": True, "birthDate": "1982-02-15", "gender": "female",
    "name": [{"family": "Åkjær, født Bo", "given": ["Renée"]}, {"family": "Lind"}], "multipleBirthInteger": 2,
    "identifier": [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "2"}],
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
                   "valueString": "Østergård"}],
}  # fmt: skip
GENETIC = "http://hl7.org/fhir/StructureDefinition/observation-genetics"
FOUND: dict[str, Any] = {
    "resourceType": "Observation", "id": "o1", "status": "final",
    "valueQuantity": {"value": Decimal("5.4"), "unit": "mmol/l"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "1234-5"}], "text": "Glukose (fastende)"},
    "effectivePeriod": {"start": "2026-03-02", "end": "2026-03-05"},
    "extension": [
        {"url": f"{GENETIC}AminoAcidChange", "extension": [
            {"url": "Name", "valueCodeableConcept": {"coding": [{"code": "LA1-1", "display": "p.Val600Glu"}]}},
            {"url": "Type", "valueCodeableConcept": {"text": "Missense"}}]},
        {"url": f"{GENETIC}Variant", "extension": [{"url": "Name", "valueCodeableConcept": {"text": "c.1799T>A"}}]},
        {"url": f"{GENETIC}Gene", "valueCodeableConcept": {"coding": [{"system": "urn:hgnc", "code": "1097"}]}},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "text", "found"),
    [
        (STAY, "status eq finished", True),
        (STAY, "status ne finished", False),
        (STAY, "status eq finished and date ge 2026-03-02", True),
        (STAY, "status eq planned or date ge 2026-03-02", True),
        (STAY, "status eq planned and date ge 2026-03-02 or status eq finished", True),
        (STAY, "status eq finished or status eq planned and date lt 2000", True),
        (STAY, "(status eq finished or status eq planned) and date lt 2000", False),
        (STAY, "not (status eq planned)", True),
        (STAY, "not (status eq finished and (date lt 2000 or type pr true))", False),
        (STAY, "date po 2026-03-05", True),
        (STAY, "date po 2026-03-06", False),
        (STAY, "date po 2026-03", True),
        (STAY, "date eq 2026-03", True),
        (STAY, "date sa 2026-03-01", True),
        (STAY, "date eb 2026-03-04", False),
        (STAY, "length pr false", True),
        (STAY, "type pr true", True),
        (STAY, 'type eq "a,b"', True),
        (STAY, "type eq a,b", True),
        (STAY, "identifier eq urn:visit|V1", True),
        (STAY, "identifier eq urn:visit|V2", False),
        (STAY, "diagnosis re Condition/c1", True),
        (STAY, "diagnosis eq c1", True),
        (STAY, "diagnosis ne Condition/c1", False),
        (STAY, "_id eq e1", True),
        (STAY, "patient eq p1", True),
        (PATIENT, 'family eq "lind"', True),
        (PATIENT, 'family eq "åkjær, FØDT bo"', True),
        (PATIENT, "family eq Åkjær", False),
        (PATIENT, "family sw åk", True),
        (PATIENT, "family ew bo", True),
        (PATIENT, "given co ene", True),
        (PATIENT, "family ne Lind", True),
        (PATIENT, "given ne Renee", False),
        (PATIENT, "identifier ne urn:a|1", True),
        (PATIENT, "birthdate lt 1983 and gender eq female and active eq true", True),
        (PATIENT, "birthdate ap 1982", True),
        (PATIENT, "birthOrderBoolean eq true", True),
        (PATIENT, "phonetic pr true", True),
        (FOUND, "value-quantity gt 5", True),
        (FOUND, "value-quantity le 5.4||mmol/l", True),
        (FOUND, "code eq http://loinc.org|1234-5", True),
        (FOUND, "date po 2026-03-04", True),
        (FOUND, "code-value-quantity pr true", True),
        (FOUND, 'amino-acid-change eq "p.val600glu"', True),
    ],
)
def test_a_filter_finds(body: dict[str, Any], text: str, found: bool) -> None:
    assert finds("_filter", text, body) is found


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "status", "status eq", "status eq x and", "and status eq x", "status eq x status eq y",
        "not status eq x", "(status eq x", "status eq x)", "()", "status eq (", "status xx finished",
        "status equals finished",
        "banana eq 1", "status co fin", "date co 2026",
        'type eq "x',
        'type eq "\\x"', "length eq x", "date ge notadate",
        "type pr maybe", "status:not eq x", "_filter eq x", "_has:Condition:encounter:code eq x", "near eq 1",
        "diagnosis.x eq 1", "type[code eq x].text eq y", "status\0 eq x", "encounter.encounter.encounter.status eq x",
        "patient.subject.status.code eq x", 'status eq ""',
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked("Encounter", ("_filter", text))
    said = f"{refused.value} {refused.value.text} {refused.value.where} {refused.value.hint}"
    assert len(text) < 12 or text not in said


@pytest.mark.parametrize("name", ["_filter:missing", "_filter:not"])
def test_it_takes_no_modifier(name: str) -> None:
    with pytest.raises(BadRequest):
        asked("Encounter", (name, "true"))


def test_it_has_bounds() -> None:
    deep = "(" * DEEPEST + "status eq x" + ")" * DEEPEST
    assert not asked("Encounter", ("_filter", deep)).matches(STAY)
    many = " or ".join(["status eq x"] * MOST_TESTS)
    assert not asked("Encounter", ("_filter", many)).matches(STAY)
    for wrong in (f"({deep})", f"{many} or status eq x", "status eq " + "x" * MOST_LENGTH, "(" * 3000, "not " * 900):
        with pytest.raises(BadRequest):
            asked("Encounter", ("_filter", wrong))


def world(*bodies: dict[str, Any], hops: bool = True) -> World:
    entries = [Entry(one["resourceType"], one["id"], b"", lambda raw, one=one: one) for one in bodies]
    return World(
        "p1",
        {one.kind for one in entries},
        lambda kind: [one for one in entries if one.kind == kind],
        lambda kind: hops,
    )


def test_a_chain_in_it_passes_through_what_the_caller_may_see_alone() -> None:
    for text, found in (
        ("patient.family sw lin", True), ("patient.family eq li", False), ("subject:Patient.gender ne male", True),
        ("patient.birthdate lt 1983 and status eq finished", True), ("patient.gender eq male", False),
    ):  # fmt: skip
        query = asked("Encounter", ("_filter", text))
        assert query.matches(STAY, world(PATIENT)) is found, text
        assert not query.matches(STAY, world(PATIENT, hops=False)), text
        assert not query.matches(STAY, world()), text
        assert query.wide
        assert passes_through(text)
    assert not asked("Encounter", ("_filter", "identifier eq urn:oid:1.2.3|a.b")).wide
    back = asked("Patient", ("_has:Encounter:patient:_filter", "status eq finished and type pr true"))
    assert back.matches(PATIENT, world(STAY))


def test_what_leads_into_the_directory_is_asked_there_with_its_operator() -> None:
    query = asked("Encounter", ("_filter", 'service-provider.name co "linik" or status eq planned'))
    (question,) = query.beyond
    assert (question.asked.name, question.asked.value, question.asked.op) == ("name", "linik", "co")
    told = {"resourceType": "Organization", "id": "o", "name": "Klinikken"}
    assert question.test(told, world())


@pytest.mark.parametrize(
    ("body", "name", "value", "found"),
    [
        (PATIENT, "birthOrderBoolean", "true", True),
        (PATIENT | {"multipleBirthInteger": None, "multipleBirthBoolean": False}, "birthOrderBoolean", "false", True),
        (PATIENT | {"multipleBirthInteger": None, "multipleBirthBoolean": True}, "birthOrderBoolean", "true", True),
        (PATIENT | {"multipleBirthInteger": None}, "birthOrderBoolean:missing", "true", True),
        (PATIENT, "mothersMaidenName", "ostergard", False),
        (PATIENT, "mothersMaidenName", "øster", True),
        (PATIENT, "mothersMaidenName:contains", "gård", True),
        (FOUND, "amino-acid-change", "p.val", True),
        (FOUND, "gene-amino-acid-change:contains", "600", True),
        (FOUND, "amino-acid-change", "missense", False),
        (FOUND, "dna-variant", "c.1799", True),
        (FOUND, "gene-dnavariant:exact", "c.1799T>A", True),
        (FOUND, "gene-identifier", "urn:hgnc|1097", True),
        (FOUND, "gene-identifier:not", "urn:hgnc|1097", False),
        (FOUND | {"extension": []}, "dna-variant:missing", "true", True),
    ],
)
def test_parameters_of_which_r4_names_no_element_that_is(
    body: dict[str, Any], name: str, value: str, found: bool
) -> None:
    assert finds(name, value, {key: one for key, one in body.items() if one is not None}) is found
