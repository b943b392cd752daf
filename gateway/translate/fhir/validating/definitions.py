"""Resources that define searches, against R4's own search parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.translate.fhir.validating.problem import Problem
from gateway.translate.fhir.validating.walk import Node
from gateway.translate.r4 import definitions

_ALL = frozenset({"Resource", "DomainResource"})
_PARTS = 2


def misdefined(node: Node) -> Iterator[Problem]:
    """What is wrong with a SearchParameter, or with one that a CapabilityStatement names."""
    if node.shape == "SearchParameter":
        yield from _parameter(node)
    elif node.path == "CapabilityStatement.rest.resource.searchParam" and node.parent is not None:
        yield from _named(node, node.parent.text("type"))


def _parameter(node: Node) -> Iterator[Problem]:
    """http://hl7.org/fhir/R4/searchparameter.html"""
    parts = node.value.get("component")
    if node.text("type") == "composite":
        if not isinstance(parts, list) or len(parts) < _PARTS:
            yield Problem(node.place, "A composite parameter has at least two components.")
    elif parts:
        yield Problem(f"{node.place}.component", "Only a composite parameter has components.")
    origin = _known(node.text("derivedFrom"))
    if origin is None:
        return
    if node.text("type") and node.text("type") != origin["type"]:
        yield Problem(f"{node.place}.type", "The parameter it is derived from has another type.", "value")
    bases = node.value.get("base")
    if isinstance(bases, list) and not _serves(origin, *map(str, bases)):
        yield Problem(f"{node.place}.base", "The parameter it is derived from is not for all of these types.", "value")


def _named(node: Node, kind: str) -> Iterator[Problem]:
    origin = _known(node.text("definition"))
    if origin is None:
        return
    if node.text("type") and node.text("type") != origin["type"]:
        yield Problem(f"{node.place}.type", "The definition of this parameter has another type.", "value")
    if kind and not _serves(origin, kind):
        yield Problem(f"{node.place}.definition", "The definition of this parameter is not for this type.", "value")


def _known(url: str) -> Any:
    return definitions().searches.get(url.partition("|")[0])


def _serves(origin: Any, *kinds: str) -> bool:
    bases = set(origin["base"])
    return bool(bases & _ALL) or set(kinds) <= bases
