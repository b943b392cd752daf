"""Our own profiles (profiles/compiled): what a resource claims or is asked to conform to, and our extensions."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.translate.conformance import Profiles
from gateway.translate.fhir.validating.invariants import kept
from gateway.translate.fhir.validating.problem import ERROR, WARNING, Problem
from gateway.translate.fhir.validating.walk import Node, walk_below
from gateway.translate.fhirpath import Spent

_OURS = "https://faellesplan.dk/fhir/"


@dataclass(frozen=True, slots=True)
class _Rule:
    """An invariant of a profile. `way` leads to its element: names, each with the URL of the extension meant."""

    way: tuple[tuple[str, str], ...]
    key: str
    severity: str
    expression: str
    text: str


@functools.cache
def ours() -> Profiles:
    """The compiled profiles, read once."""
    return Profiles.read()


def unfit(node: Node, budget: Spent, asked: Iterable[str] = ()) -> Iterator[Problem]:
    """Where a resource, or an extension of ours, differs from its profiles."""
    profiles = ours()
    if node.is_resource:
        urls = profiles.meant(node.value, asked)
        for place, text in profiles.differences(node.value, asked, node.place):
            yield Problem(place, f"{text[:1].upper()}{text[1:]}.", "invariant")
    else:
        urls = [node.text("url")] if node.shape == "Extension" else []
    for url in urls:
        if url in profiles.urls:
            yield from _broken(node, url, budget)


def _broken(node: Node, url: str, budget: Spent) -> Iterator[Problem]:
    for rule in _rules(url):
        for found in _reached(node, rule.way):
            if not kept(rule.expression, found, budget):
                severity = ERROR if rule.severity == "error" else WARNING
                yield Problem(found.place, f"{rule.key}: {rule.text}", "invariant", severity)


@functools.cache
def _rules(url: str) -> tuple[_Rule, ...]:
    """The invariants that a profile adds to R4's."""
    elements = ours().definition(url)["snapshot"]["element"]
    fixed = {e["id"].removesuffix(".url"): e["fixedUri"] for e in elements if "fixedUri" in e}
    return tuple(
        _Rule(_way(e["id"], fixed), rule["key"], rule["severity"], rule["expression"], rule["human"])
        for e in elements
        for rule in e.get("constraint", ())
        if str(rule.get("source", "")).startswith(_OURS) and "expression" in rule
    )


def _way(identity: str, fixed: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """`Extension.extension:from.value[x]` as its names, with the URL that the slice has."""
    parts = identity.split(".")
    return tuple(
        (part.partition(":")[0], fixed.get(".".join(parts[: at + 1]), "") if ":" in part else "")
        for at, part in enumerate(parts)
        if at
    )


def _reached(node: Node, way: tuple[tuple[str, str], ...]) -> Iterator[Node]:
    if not way:
        yield node
        return
    (name, url), rest = way[0], way[1:]
    for below in walk_below(node):
        if below.child is not None and below.child.choice == name and (not url or below.text("url") == url):
            yield from _reached(below, rest)
