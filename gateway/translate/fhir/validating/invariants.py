"""The invariants that R4's definitions state in FHIRPath, each at every element it is for."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from gateway.translate.fhir.validating.problem import ERROR, WARNING, Problem
from gateway.translate.fhir.validating.walk import Node
from gateway.translate.fhirpath import Spent, Undecided, holds
from gateway.translate.r4 import definitions

Rule = tuple[str, str, str, str]


def broken(node: Node, budget: Spent) -> Iterator[Problem]:
    """The invariants that do not hold at a node. What cannot be decided from the resource alone is not told."""
    for key, severity, expression, text in _rules(node.shape, node.path):
        if not kept(expression, node, budget):
            yield Problem(node.place, f"{key}: {text}", "invariant", ERROR if severity == "error" else WARNING)


def kept(expression: str, node: Node, budget: Spent) -> bool:
    """Whether an invariant holds at a node, or cannot be decided: not when the budget is spent, either."""
    if budget.all_gone:
        return True
    try:
        return holds(expression, node.item, node.resource, node.root, budget)
    except (Undecided, ValueError, RecursionError):
        return True


@functools.lru_cache(maxsize=8192)
def _rules(shape: str, path: str) -> tuple[Rule, ...]:
    """Those of the type and its bases, of the inner element, of the element where it stands."""
    known = definitions()
    homes = [path, known.facts.home(shape)]
    base = known.facts.base(shape)
    while base:
        homes.append(base)
        base = known.facts.base(base)
    return tuple(
        (key, severity, expression, text)
        for home in dict.fromkeys(homes)
        for key, severity, expression, text in known.invariants.get(home, ())
    )
