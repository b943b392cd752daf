"""Whether a FHIR resource has the shape that R4 gives it: elements, cardinality, types, required codes, targets.

What fhir.resources lets through is found here: unknown codes, wrong reference targets, empty lists and objects,
numbers as text, blank strings. Findings are `path: text`, in words of the standard, never with a value.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gateway.domain.statement import Body
from gateway.translate.r4 import ElementFact, Facts

DEEPEST = 60  # levels; deeper is hostile, not clinical
_WRITTEN_AS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "positiveInt": (int,),
    "unsignedInt": (int,),
    "decimal": (int, float, Decimal),
}
_FREE = frozenset({"boolean", "decimal", "string", "markdown"})  # nothing left to see after the type
_LITERAL = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?$")
_NAME = re.compile(r"_?[A-Za-z]{1,40}")


def check_structure(facts: Facts, resource: Body) -> list[str]:
    """Every place where the resource differs from R4, as `path: text`; empty when there is none."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or facts.kind(kind) != "resource":
        return ["resourceType: not a resource type that is known here"]
    return list(_members(facts, kind, resource, kind, 0))


def _members(facts: Facts, path: str, value: Body, at: str, depth: int) -> Iterator[str]:
    """Check the members of an object whose definition is at `path`; `at` is its place in the resource."""
    if depth > DEEPEST:
        yield f"{at}: nested too deeply"
        return
    known = facts.children(path)
    if not value:
        yield f"{at}: an object needs at least one member"
    for name in value:
        if name not in known and name != "resourceType":
            yield f"{at}: R4 has no element {name if _NAME.fullmatch(name) else 'of this name'} here"
    chosen: Counter[str] = Counter()
    for name, fact in known.items():
        there = name in value or f"_{name}" in value
        chosen[fact.choice] += there
        if fact.min and not there and not fact.choice:
            yield f"{at}.{name}: is required"
        if name in value:
            yield from _element(facts, fact, value[name], f"{at}.{name}", depth)
    for choice, count in chosen.items():
        if choice and count > 1:
            yield f"{at}.{choice}: only one of its types may be given"
    needed = sorted({fact.choice for fact in known.values() if fact.choice and fact.min})
    yield from (f"{at}.{choice}: is required" for choice in needed if not chosen[choice])


def _element(facts: Facts, fact: ElementFact, value: Any, at: str, depth: int) -> Iterator[str]:
    if not fact.is_list:
        yield from _item(facts, fact, value, at, depth)
    elif not isinstance(value, list):
        yield f"{at}: must be a list"
    elif not value:
        yield f"{at}: an empty list must be left out"
    else:
        primitive = facts.kind(fact.types[0]) == "primitive" or "._" in fact.path
        for index, item in enumerate(value):
            if item is not None or not primitive:  # null keeps the place of a primitive that has an extension
                yield from _item(facts, fact, item, f"{at}[{index}]", depth)


def _item(facts: Facts, fact: ElementFact, value: Any, at: str, depth: int) -> Iterator[str]:
    kind = fact.types[0]
    if facts.kind(kind) == "primitive":
        yield from _primitive(facts, kind, fact, value, at)
    elif not isinstance(value, dict):
        yield f"{at}: must be an object"
    elif kind == "Resource":
        inner = value.get("resourceType")
        if isinstance(inner, str) and facts.kind(inner) == "resource":
            yield from _members(facts, inner, value, at, depth + 1)
        else:
            yield f"{at}.resourceType: not a resource type that is known here"
    else:
        if fact.codes is not None and not _coded(kind, fact.codes, value):
            yield f"{at}: none of its codes is one that R4 requires"
        if kind == "Extension" and ("extension" in value) == any(n.lstrip("_").startswith("value") for n in value):
            yield f"{at}: an extension has either a value or extensions"
        if kind == "Reference" and fact.targets:
            yield from check_target(fact.targets, value, at)
        anonymous = kind in {"BackboneElement", "Element"} and "._" not in fact.path
        yield from _members(facts, fact.path if anonymous else kind, value, at, depth + 1)


def _primitive(facts: Facts, kind: str, fact: ElementFact, value: Any, at: str) -> Iterator[str]:
    written_as = _WRITTEN_AS.get(kind, (str,))
    if not isinstance(value, written_as) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{at}: not written as {kind}"
    elif isinstance(value, str) and not value.strip():
        yield f"{at}: a text must not be blank"
    elif fact.codes is not None and value not in fact.codes:
        yield f"{at}: not one of the codes that R4 requires"
    elif kind not in _FREE and (pattern := facts.pattern(kind)) and not _compiled(pattern).fullmatch(str(value)):
        yield f"{at}: not a valid {kind}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _coded(kind: str, codes: frozenset[str], value: Body) -> bool:
    """Whether a Coding, or one coding of a CodeableConcept, is among `system|code`."""
    codings = value.get("coding", []) if kind == "CodeableConcept" else [value]
    tokens = (f"{c.get('system', '')}|{c.get('code', '')}" for c in codings if isinstance(c, dict))
    return any(token in codes for token in tokens)


def check_target(targets: tuple[str, ...], reference: Body, at: str) -> Iterator[str]:
    """Whether a reference names a type that it may: by its literal, and by its `type`."""
    literal = reference.get("reference")
    found = _LITERAL.search(literal) if isinstance(literal, str) else None
    named = {found.group(1) if found else None, reference.get("type")} - {None}
    if isinstance(literal, str) and not found and not literal.startswith(("#", "urn:")):
        yield f"{at}.reference: neither Type/id, nor a URL, nor contained"
    if any(name not in targets for name in named):
        yield f"{at}: must refer to {' or '.join(targets)}"
