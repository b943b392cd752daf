"""The search parameters that are served, made from the R4 definitions; and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.searching.extract import Extract, compile_expression, compile_relative

KINDS = ("token", "reference", "date", "string", "uri", "quantity", "number", "composite", "special")
"""The types of search parameters that are matched here (R4 3.1.1.4)."""

NOT_SERVED = {
    "_query": "no named queries are defined",
    "_list": "no List is kept here",
    "_contained": "what is contained in a resource is found with it alone",
    "_containedType": "what is contained in a resource is found with it alone",
    "part-agree": "R4 names an extension of example.org",
}
"""Search parameters of R4 that are not served on purpose, with the reason."""

ALONE = frozenset(
    "AuditEvent Binary Bundle CapabilityStatement CodeSystem ConceptMap DomainResource MessageHeader OperationOutcome"
    " Parameters Provenance Resource Subscription ValueSet".split()
)
"""Types that stand in nobody's plan: no question of other resources passes through them."""

# R4 leaves the expression of these empty, or names extensions that are defined nowhere; these are the defined ones.
_HL7 = "http://hl7.org/fhir/StructureDefinition"
_AMINO_ACID = f"Observation.extension('{_HL7}/observation-geneticsAminoAcidChange').extension('Name')"
_VARIANT = f"Observation.extension('{_HL7}/observation-geneticsVariant').extension('Name')"
_MORE: dict[str, dict[str, Mapping[str, Any]]] = {
    "Patient": {
        "age": {"type": "number", "expression": "Patient.birthDate"},
        "birthOrderBoolean": {"type": "token", "expression": "Patient.multipleBirth"},
        "mothersMaidenName": {
            "type": "string", "expression": f"Patient.extension('{_HL7}/patient-mothersMaidenName')",
        },
    },
    "Observation": {
        "amino-acid-change": {"type": "string", "expression": _AMINO_ACID},
        "gene-amino-acid-change": {"type": "string", "expression": _AMINO_ACID},
        "dna-variant": {"type": "string", "expression": _VARIANT},
        "gene-dnavariant": {"type": "string", "expression": _VARIANT},
        "gene-identifier": {
            "type": "token", "expression": f"Observation.extension('{_HL7}/observation-geneticsGene')",
        },
    },
}  # fmt: skip

# R4 publishes the two components of this one with their types exchanged.
_MENDED = {"DocumentReference-relationship": ("token", "reference")}
EVERYWHERE = ("Resource", "DomainResource")
"""The types whose parameters every type has."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a composite parameter's value, looked for below the item that the composite names."""

    kind: str
    extract: Extract


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one type. `targets` are the types that a reference may lead to, empty for any."""

    name: str
    kind: str
    extract: Extract
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()


def parameters(facts: Mapping[str, Mapping[str, Mapping[str, Any]]], kind: str) -> dict[str, Parameter]:
    """Every parameter that is served for a type, from `search` of profiles/r4-facts.json."""
    rows: dict[str, Mapping[str, Any]] = {}
    for owner in (*EVERYWHERE, kind):
        rows |= facts.get(owner, {})
    rows |= _MORE.get(kind, {})
    made = {name: _parameter(name, row) for name, row in rows.items() if name not in NOT_SERVED}
    return {name: one for name, one in made.items() if one is not None}


def _parameter(name: str, row: Mapping[str, Any]) -> Parameter | None:
    if name in ("_content", "_text", "_filter"):
        return Parameter(name, "special" if name == "_filter" else "string", _narrative if name == "_text" else _whole)
    extract = compile_expression(row.get("expression", ""))
    if name == "birthOrderBoolean" and extract is not None:
        extract = _of_several(extract)
    if extract is None or row["type"] not in KINDS:
        return None
    components = _components(row)
    if row["type"] == "composite" and not components:
        return None
    return Parameter(name, row["type"], extract, tuple(row.get("targets", ())), components)


def _components(row: Mapping[str, Any]) -> tuple[Component, ...]:
    told = row.get("components", ())
    kinds = _MENDED.get(row.get("id", ""), tuple(one["type"] for one in told))
    made = [(kind, compile_relative(one["expression"])) for kind, one in zip(kinds, told, strict=True)]
    found = tuple(Component(kind, extract) for kind, extract in made if extract is not None and kind in KINDS)
    return found if len(found) == len(told) else ()


def _whole(body: dict[str, Any]) -> list[Any]:
    return [body]


def _narrative(body: dict[str, Any]) -> list[Any]:
    text = body.get("text", {})
    return [text["div"]] if "div" in text else []


def _of_several(extract: Extract) -> Extract:
    """Whether somebody was born as one of several: so it says, or as which of them."""
    return lambda body: [one if isinstance(one, bool) else True for one in extract(body)]
