"""The invariants of our profiles, evaluated by fhirpathpy: for tests alone, it is no tool for the hot path.

R4's own invariants that need resolve(), hasValue() or trace() are left out: fhirpathpy has none of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

from gateway.translate.conformance import Profiles

NOT_HERE = ("resolve()", "hasValue()", "trace(", "%resource")

Check = Callable[[Any], list[Any]]


@functools.cache
def compiled(expression: str) -> Check:
    """An expression, ready to be evaluated on R4 values."""
    return fhirpathpy.compile(expression, models["r4"])  # type: ignore[no-any-return]


def broken(profiles: Profiles, resource: dict[str, Any], *, severity: str = "error") -> list[str]:
    """`key at path` of each broken invariant of the profiles and extensions of ours that the resource claims."""
    found = []
    for url in resource.get("meta", {}).get("profile", []):
        if url in profiles.urls:
            found += [at for path, at, rule in _rules(profiles, url, severity) if not _holds(path, rule, resource)]
    for extension in _extensions(resource):
        if extension.get("url") in profiles.urls:
            for place, at, rule in _rules(profiles, extension["url"], severity, by="id"):
                known = place != "Extension" and not at.startswith("ext-1 ")  # asks for value[x] under no known type
                nodes = _nodes(place, extension) if known else []
                found += [at for node in nodes if compiled(rule)(node) != [True]]
    return found


def _rules(profiles: Profiles, url: str, severity: str, *, by: str = "path") -> Iterator[tuple[str, str, str]]:
    """(path or id of the element, `key at path`, expression) of each invariant in a definition."""
    for element in profiles.definition(url)["snapshot"]["element"]:
        for rule in element.get("constraint", []):
            expression = rule["expression"]
            if rule["severity"] == severity and not any(word in expression for word in NOT_HERE):
                yield element[by], f"{rule['key']} at {element['path']}", expression


def _holds(path: str, rule: str, resource: dict[str, Any]) -> bool:
    """Choice types are only known on the way down from the resource, so the expression starts there."""
    return compiled(f"{path.replace('[x]', '')}.all({rule})")(resource) == [True]


def _nodes(place: str, value: dict[str, Any]) -> list[Any]:
    """The values at an element of an extension's definition (`Extension.extension:role.value[x]`): those of one slice,
    the choices under any of their names."""
    nodes: list[Any] = [value]
    for step in place.split(".")[1:]:
        name, _, part = step.partition(":")
        stem = name.removesuffix("[x]")
        found = [
            n[k] for n in nodes if isinstance(n, dict) for k in n if k == name or (stem != name and k.startswith(stem))
        ]
        flat = [item for one in found for item in (one if isinstance(one, list) else [one])]
        nodes = [one for one in flat if not part or one.get("url") == part]
    return nodes


def _extensions(value: Any) -> Iterator[dict[str, Any]]:
    """Every extension anywhere in a value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in {"extension", "modifierExtension"}:
                yield from inner
            yield from _extensions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _extensions(inner)
