"""Where a search parameter looks: the few FHIRPath forms that R4's search parameters use, compiled to closures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

Extract = Callable[[dict[str, Any]], list[Any]]
_Step = Callable[[list[Any]], list[Any]]

_CAST = re.compile(r"^\((?P<path>[\w.]+) as (?P<type>\w+)\)")
_EXISTS = re.compile(r"^(?P<path>[\w.]+)\.exists\(\) and (?P=path) != false$")
_PART = re.compile(
    r"(?:^|\.)(?:(?:as|ofType)\((?P<cast>\w+)\)|where\(resolve\(\) is (?P<target>\w+)\)"
    r"|where\((?P<name>\w+)='(?P<value>[\w-]+)'\)|extension\('(?P<url>[^']+)'\)|(?P<step>[A-Za-z]\w*))(?=\.|$)"
)
# What may follow the name of a choice element (http://hl7.org/fhir/R4/formats.html#choice).
_CHOICES = frozenset(
    "Age Annotation Attachment Boolean Canonical Code CodeableConcept Coding Count Date DateTime Decimal Distance"
    " Duration HumanName Identifier Instant Integer Money Period PositiveInt Quantity Range Ratio Reference SampledData"
    " String Time Timing UnsignedInt Uri".split()
)


def compile_expression(expression: str) -> Extract | None:
    """The values of a search parameter's expression in a resource; None for a form that is not known."""
    extracts = [_branch(part.strip()) for part in expression.split(" | ")]
    known = [extract for extract in extracts if extract is not None]
    if len(known) < len(extracts):
        return None
    return known[0] if len(known) == 1 else lambda body: [value for extract in known for value in extract(body)]


def compile_relative(expression: str) -> Extract | None:
    """As `compile_expression`, for the component of a composite: it begins below the item that it is asked of."""
    return compile_expression(" | ".join(f"Item.{part.strip()}" for part in expression.split(" | ")))


def _branch(text: str) -> Extract | None:
    if found := _EXISTS.match(text):
        inner = _branch(found["path"])
        return inner and (lambda body: [any(value is not False for value in inner(body))])
    steps = _steps(_CAST.sub(r"\g<path>.as(\g<type>)", text))
    if steps is None:
        return None

    def extract(body: dict[str, Any]) -> list[Any]:
        nodes: list[Any] = [body]
        for step in steps:
            nodes = step(nodes)
        return nodes

    return extract


def _steps(text: str) -> list[_Step] | None:
    """The steps of a path below the resource type that it begins with."""
    parts, place = [], 0
    while place < len(text):
        found = _PART.match(text, place)
        if found is None:
            return None
        parts.append(found)
        place = found.end()
    if not parts or not parts[0]["step"]:
        return None
    steps: list[_Step] = []
    for at, part in enumerate(parts[1:], 2):
        if part["step"]:
            steps.append(_child(part["step"], parts[at]["cast"] or "" if at < len(parts) else ""))
        elif not part["cast"]:
            inner = at < len(parts) and bool(parts[at]["url"])
            steps.append(_extension(part["url"]) if inner and part["url"] else _filter(part))
    return steps


def _child(name: str, kind: str) -> _Step:
    """The children of this name; of a choice element only those of a type, when one is named."""
    if kind:
        spelled = name + kind[:1].upper() + kind[1:]
        return lambda nodes: [child for node in nodes for child in _children(node, spelled)]
    return lambda nodes: [child for node in nodes for child in _children(node, name, choice=True)]


def _filter(part: re.Match[str]) -> _Step:
    if target := part["target"]:
        return lambda nodes: [node for node in nodes if points_at(node, target)]
    if url := part["url"]:
        return lambda nodes: [value for node in nodes for value in _extended(node, url)]
    name, value = part["name"], part["value"]
    return lambda nodes: [node for node in nodes if isinstance(node, dict) and node.get(name) == value]


def _extension(url: str) -> _Step:
    """The extensions of one kind themselves, which have others in them."""
    return lambda nodes: [
        one for node in nodes for one in _children(node, "extension") if isinstance(one, dict) and one.get("url") == url
    ]


def _extended(node: Any, url: str) -> Iterable[Any]:
    """The values of an element's extensions of one kind."""
    for one in _children(node, "extension"):
        if isinstance(one, dict) and one.get("url") == url:
            yield from _children(one, "value", choice=True)


def _children(node: Any, name: str, *, choice: bool = False) -> Iterable[Any]:
    if not isinstance(node, dict):
        return ()
    value = node.get(name)
    if value is None and choice:
        value = next((v for k, v in node.items() if k.startswith(name) and k[len(name) :] in _CHOICES), None)
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def points_at(reference: Any, kind: str) -> bool:
    """Whether a reference is to a resource of this type, as far as the reference itself tells: nothing is fetched."""
    if not isinstance(reference, dict):
        return False
    literal = str(reference.get("reference", "")).partition("/_history/")[0]
    return reference.get("type") == kind or literal.rpartition("/")[0].rpartition("/")[2] == kind
