"""Validation: everything that can be said of a resource by R4 and by our profiles, without asking anybody else.

structure.py says what a resource may hold; here come the invariants, the rules that R4 states in words, references and
ids inside one resource or Bundle, R4's own extensions, and the profiles of ours that it claims. It is used by
`$validate` and where a resource is written by REST, never on the way of a message.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.translate.fhir.structure import MOST_FAULTS, structure
from gateway.translate.fhir.validating.bundles import misbundled
from gateway.translate.fhir.validating.contents import unsound
from gateway.translate.fhir.validating.definitions import misdefined
from gateway.translate.fhir.validating.extensions import misplaced
from gateway.translate.fhir.validating.invariants import broken
from gateway.translate.fhir.validating.problem import ERROR, INFORMATION, WARNING, Problem
from gateway.translate.fhir.validating.profiled import unfit
from gateway.translate.fhir.validating.references import unresolved
from gateway.translate.fhir.validating.walk import Node, walk
from gateway.translate.fhirpath import Spent
from gateway.translate.r4 import definitions

__all__ = ["ERROR", "INFORMATION", "WARNING", "Problem", "validate"]

MOST_PROBLEMS = 100
MOST_STEPS = 500_000  # of all invariants together: some seconds
_CODED = frozenset({"Coding", "Quantity"})


def validate(resource: dict[str, Any], asked: Iterable[str] = ()) -> list[Problem]:
    """All that was found, errors first, at most 100. Never raises, whatever the tree holds.

    `asked` are URLs of profiles of ours that the resource is to conform to, beside those it claims.
    """
    known = definitions()
    faults = structure(resource, known.facts)
    found = [Problem(fault.where, fault.text, fault.issue) for fault in faults]
    nodes = list(walk(resource, known.facts))
    budget = Spent(MOST_STEPS)
    for node in nodes:
        found += broken(node, budget)
        for rule in (unsound, misplaced, misdefined):
            found += rule(node)
    found += _not_looked_up(nodes)
    found += unresolved(nodes)
    found += misbundled(nodes)
    if len(faults) < MOST_FAULTS and not any(fault.rule == "shape" for fault in faults):
        wanted = _beside_r4(asked, resource)
        for node in nodes:  # profiles are compared with sound shapes only
            found += unfit(node, budget, wanted if node is nodes[0] else ())
    if budget.all_gone:
        found.append(Problem("", "The resource is too large for all its invariants.", "too-costly", WARNING))
    return sorted(dict.fromkeys(found), key=lambda one: one.rank)[:MOST_PROBLEMS]


def _not_looked_up(nodes: list[Node]) -> list[Problem]:
    """Says that codes were taken as they are: SNOMED CT, LOINC, UCUM and all that HL7 does not publish with R4."""
    systems = {node.text("system") for node in nodes if node.shape in _CODED}
    if all(system in definitions().systems for system in systems - {""}):
        return []
    text = "Codes and units of code systems that are not held here (SNOMED CT, LOINC, UCUM …) were not looked up."
    return [Problem("", text, "informational", INFORMATION)]


def _beside_r4(asked: Iterable[str], resource: dict[str, Any]) -> list[str]:
    """The profiles that ask for more than the resource's type does, without their versions."""
    plain = f"http://hl7.org/fhir/StructureDefinition/{resource.get('resourceType')}"
    return [url for url in (one.partition("|")[0] for one in asked) if url != plain]
