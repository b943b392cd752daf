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
    "_filter": "what it can ask is asked by parameters, each of which is checked",
    "_list": "no List is kept here",
    "birthOrderBoolean": "R4 names no element for it",
    "mothersMaidenName": "R4 names an extension that is defined nowhere, and no source tells it",
    "part-agree": "R4 names an extension of example.org",
    "amino-acid-change": "genetics: no source tells it",
    "dna-variant": "genetics: no source tells it",
    "gene-amino-acid-change": "genetics: no source tells it",
    "gene-dnavariant": "genetics: no source tells it",
    "gene-identifier": "genetics: no source tells it",
}
"""Search parameters of R4 that are not served on purpose, with the reason."""

ALONE = frozenset(
    "AuditEvent Binary Bundle CapabilityStatement CodeSystem ConceptMap DomainResource MessageHeader OperationOutcome"
    " Parameters Provenance Resource Subscription ValueSet".split()
)
"""Types that stand in nobody's plan: no question of other resources passes through them."""

# R4 leaves its expression empty; the facts leave it out for that.
_MORE: dict[str, dict[str, Mapping[str, Any]]] = {
    "Patient": {"age": {"id": "patient-age", "type": "number", "expression": "Patient.birthDate"}}
}

# R4 publishes the two components of this one with their types exchanged.
_MENDED = {"DocumentReference-relationship": ("token", "reference")}
_EVERYWHERE = ("Resource", "DomainResource")


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
    for owner in (*_EVERYWHERE, kind):
        rows |= facts.get(owner, {})
    rows |= _MORE.get(kind, {})
    made = {name: _parameter(name, row) for name, row in rows.items() if name not in NOT_SERVED}
    return {name: one for name, one in made.items() if one is not None}


def _parameter(name: str, row: Mapping[str, Any]) -> Parameter | None:
    if name in ("_content", "_text"):
        return Parameter(name, "string", _whole if name == "_content" else _narrative)
    extract = compile_expression(row.get("expression", ""))
    if extract is None or row["type"] not in KINDS:
        return None
    components = _components(row)
    if row["type"] == "composite" and not components:
        return None
    return Parameter(name, row["type"], extract, tuple(row.get("targets", ())), components)


def _components(row: Mapping[str, Any]) -> tuple[Component, ...]:
    told = row.get("components", ())
    kinds = _MENDED.get(row["id"], tuple(one["type"] for one in told))
    made = [(kind, compile_relative(one["expression"])) for kind, one in zip(kinds, told, strict=True)]
    found = tuple(Component(kind, extract) for kind, extract in made if extract is not None and kind in KINDS)
    return found if len(found) == len(told) else ()


def _whole(body: dict[str, Any]) -> list[Any]:
    return [body]


def _narrative(body: dict[str, Any]) -> list[Any]:
    text = body.get("text", {})
    return [text["div"]] if "div" in text else []
