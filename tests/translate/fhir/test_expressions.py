"""FHIRPath of strangers and of tables: what no function takes is no expression, what no type fits decides nothing."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import BadRequest
from gateway.translate.fhir.patching.fhirpath_patch import patched
from gateway.translate.fhirpath import Spent, Undecided, holds
from gateway.translate.fhirpath.items import Item
from gateway.translate.fhirpath.parse import parse_once
from gateway.translate.r4 import definitions

PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "p", "active": True, "birthDate": "1948-12-25", "multipleBirthInteger": 2,
    "name": [{"family": "Prøve", "given": ["Ane", "Bo"]}, {"family": "Test", "given": ["Ane"]}],
    "contact": [{"period": {"start": "2025-03-01T08:00:00+01:00", "end": "2025-03-01T07:30:00Z"}}],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Bosted"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "#nowhere"}, {"display": "Uden nummer"}],
    "extension": [
        {"url": "urn:dose", "valueQuantity": {"value": 2, "unit": "mg"}},
        {"url": "urn:dose", "valueQuantity": {"value": 3, "unit": "mg"}},
        {"url": "urn:weight", "valueQuantity": {"value": 3, "unit": "kg"}},
    ],
}  # fmt: skip


def true(expression: str, budget: Spent | None = None) -> bool:
    item = Item(PATIENT, "Patient", None, definitions().facts)
    return holds(expression, item, item, item, budget)


@pytest.mark.parametrize(
    "expression",
    [
        "name.where()", "name.where(true, false)", "name.select()", "name.all()", "name.repeat()", "iif()", "iif(true)",
        "iif(true, 1, 2, 3)", "name.combine()", "name.union()", "name.intersect()", "name.subsetOf()", "extension()",
        "name.exists(true, true)", "name.count(1)", "name.first(1)", "name.empty(1)", "'a'.length(1)", "'a'.lower('x')",
        "'a'.startsWith()", "'a'.matches()", "'a'.replaceMatches('a')", "'a'.substring()", "'a'.substring(1, 2, 3)",
        "'1'.toInteger(1)", "name.trace()", "resolve(1)",
    ],
)  # fmt: skip
def test_a_function_takes_what_it_takes(expression: str) -> None:
    with pytest.raises(ValueError, match="does not take"):
        parse_once(expression)


@pytest.mark.parametrize("kind", ["", "1", "1 + 1", "'string'", "$this", "{}", "a.$this", "string()", "a.b.c", "%x"])
@pytest.mark.parametrize("function", ["is", "as", "ofType"])
def test_a_type_is_a_name(function: str, kind: str) -> None:
    with pytest.raises(ValueError, match="does not take"):
        parse_once(f"multipleBirth.{function}({kind})")


@pytest.mark.parametrize(
    "path",
    [
        "Patient.name.ofType($this)", "Patient.name.ofType({})", "Patient.name.where(is(1))",
        "Patient.name.where(family.as($this) = 'Prøve')", "Patient.name.where(given.count(1) = 2)",
        "Patient.name.where(first(1) = 2)", "Patient.name.where(extension() = 2)",
    ],
)  # fmt: skip
def test_a_patch_with_such_a_path_is_told_where(path: str) -> None:
    parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": path}]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    with pytest.raises(BadRequest) as told:
        patched(PATIENT, patch)
    assert told.value.where.startswith("Parameters.parameter[0]")
    assert "FHIRPath" in str(told.value)


@pytest.mark.parametrize(
    "expression",
    [
        "-'a' = 1", "-name = 1", "-active = 1", "active + 1 = 2", "1 * true = 1", "'a' + 1 = 'a1'", "name - 1 = 0",
        "extension[0].value & 'x' = 'x'", "'x' & name[0] = 'x'",
        "birthDate + 'x' = '1948-12-25x'", "'x' + birthDate = 'x'",
        "@2025-03-02 + '-x' = '2025-03-02-x'", "@2025-03-02T10:00 - 1 = 1", "contact.period.start + 'x' = 'x'",
        "'abc'.substring('x') = 'a'", "'abc'.substring(0, 'x') = 'a'", "'abc'.substring(true) = 'bc'",
        "'abc'.startsWith(1)", "'abc'.endsWith(true)", "'abc'.contains(1.5)", "'abc'.matches(1)", "'abc'.matches('(')",
        "'abc'.replaceMatches('a', 1) = 'x'", "'abc'.replaceMatches('(a)', '\\\\9') = 'x'",
        "'abc'.replaceMatches('[', 'x') = 'x'", "1.lower() = '1'", "active.length() = 4", "name.family.length() = 5",
        "name.given.toInteger() = 1", "name.toString() = 'x'", "%unknown = 1", "$total = 1", "name.conformsTo('x')",
        "extension[0].value < extension[2].value", "name[0] < name[1]", "name is HumanName",
        "@2024-02-30T00:00:00Z < @2024-03-01T00:00:00Z",
    ],
)  # fmt: skip
def test_what_no_type_fits_is_undecided(expression: str) -> None:
    with pytest.raises(Undecided):
        true(expression)


@pytest.mark.parametrize("longer", [512, 513])
def test_patterns_go_over_short_texts_alone(longer: int) -> None:
    expression = f"'{'a' * longer}'.matches('^a+$')"
    if longer == 512:
        assert true(expression)
    else:
        with pytest.raises(Undecided):
            true(expression)


@pytest.mark.parametrize(
    "expression",
    [
        # http://hl7.org/fhirpath/N1/#existscriteria-expression-boolean: a short form of where(…).exists()
        "name.exists($index = 1)", "name.exists($index = 1 and family = 'Test')", "name.exists($index = 2).not()",
        "name.exists($index = 0 and family = 'Test').not()",
        # http://hl7.org/fhirpath/N1/#substringstart-integer-length-integer-string
        "'abcdefg'.substring(3) = 'defg'", "'abcdefg'.substring(1, 2) = 'bc'", "'abcdefg'.substring(6, 2) = 'g'",
        "'abcdefg'.substring(7, 1).empty()", "'abcdefg'.substring(-1).empty()", "'abcdefg'.substring(-1, 1).empty()",
        "'abcdefg'.substring(0, 0) = ''", "'abcdefg'.substring(0, -1) = ''", "{}.substring(1).empty()",
        "'abc'.substring({}).empty()",
        # http://hl7.org/fhirpath/N1/#index-integer-collection
        "name[0].family = 'Prøve'", "name[2].empty()", "name[-1].empty()", "name[-2].empty()",
        "name['0'].empty()", "name[true].empty()",
        "name[1.0].empty()", "name[{}].empty()",
        # http://hl7.org/fhirpath/N1/#math
        "-1 + 1 = 0", "-7 div 2 = -3", "-7 mod 2 = -1", "5 mod 1.5 = 0.5", "(1 div 0).empty()", "(1 mod 0.0).empty()",
        "(1 + {}).empty()", "(-{}).empty()", "'a' + 'b' = 'ab'", "('a' + {}).empty()", "'a' & {} = 'a'",
        # texts of other types: http://hl7.org/fhirpath/N1/#tostring-string
        "active & 'x' = 'truex'", "'x' & active.not() = 'xfalse'", "1 & '' = '1'", "1.50 & 'x' = '1.50x'",
        "{} & {} = ''",
        "birthDate & 'x' = '1948-12-25x'", "@2025-03-02 & 'x' = '2025-03-02x'", "active.toString() = 'true'",
        "0.00000001.toString() = '0.00000001'", "0.00000001 & '' = '0.00000001'", "multipleBirth.toString() = '2'",
        "birthDate.toString() = '1948-12-25'", "true & false = 'truefalse'", "@2025-03.toString() = '2025-03'",
        "@2025-03-02T10:00:00.5+01:00.toString() = '2025-03-02T10:00:00.5+01:00'", "@T10:30.toString() = '10:30'",
        "@2025-03-02T.toString() & 'x' = '2025-03-02x'", "@2025 is Date", "@2025T10Z is DateTime", "@T10 is Time",
        "(@2025 is String).not()", "@2025-03-02T09:00:00Z=@2025-03-02T10:00:00+01:00",
        # what refers to nothing, to what is inside, and moments of two zones
        "managingOrganization.resolve().name = 'Bosted'", "generalPractitioner.resolve().empty()",
        "contact.period.start < contact.period.end", "(@2025-03 < @2025-03-02).empty()", "@2025-03 < @2025-04-01",
        "extension[0].value < extension[1].value", "extension('urn:dose').count() = 2",
        "extension.value.where(unit = 'mg').count() = 2",
        # what is not there has no part, no type and no order
        "nothing.startsWith('a').not()", "nothing.is(string).not()", "(nothing < 1).empty()", "({} = {}).empty()",
        "{} ~ {}", "({} !~ {}).not()", "({} xor true).empty()", "(nothing in name).empty()",
        "1.5.toInteger().empty()", "true.toInteger() = 1",
        "multipleBirth.as(integer) = 2", "(multipleBirth as string).empty()", "1 is FHIR.integer",
        "name.given.distinct().count() = 2", "name.isDistinct()", "('Ane' | 'Eva').subsetOf(name.given).not()",
        "name.given.union('Eva').count() = 3", "name.given.combine('Eva').count() = 4",
        "(true | false).allTrue().not()", "{}.allTrue()", "name.tail().family = 'Test'", "children().exists()",
    ],
)  # fmt: skip
def test_it_holds(expression: str) -> None:
    assert true(expression)


def test_the_steps_of_many_expressions_are_counted_together() -> None:
    budget = Spent(most=40)
    assert true("name.given.count() = 3", budget)
    assert 0 < budget.steps <= 40
    assert not budget.all_gone
    with pytest.raises(Undecided):
        true("-name = 1", budget)
    once = budget.steps
    for _ in range(10):
        true("name.given.count() = 3", budget)
    assert budget.steps > once
    assert budget.all_gone
