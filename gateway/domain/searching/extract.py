"""Where a search parameter looks: the few FHIRPath forms that R4's search parameters use, compiled to closures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

Extract = Callable[[dict[str, Any]], list[Any]]

_CAST = re.compile(r"^\((?P<path>[\w.]+) as (?P<type>\w+)\)$")
_AS = re.compile(r"^(?P<path>[\w.]+)\.as\((?P<type>\w+)\)$")
_TARGET = re.compile(r"^(?P<path>[\w.]+)\.where\(resolve\(\) is (?P<type>\w+)\)$")
_WHERE = re.compile(r"^(?P<path>[\w.]+)\.where\((?P<name>\w+)='(?P<value>[\w-]+)'\)$")
_EXISTS = re.compile(r"^(?P<path>[\w.]+)\.exists\(\) and (?P=path) != false$")
_PLAIN = re.compile(r"^\w+(?:\.\w+)+$")


def compile_expression(expression: str) -> Extract | None:
    """The values of a search parameter's expression in a resource; None for a form that is not known."""
    extracts = [_one(part.strip()) for part in expression.split(" | ")]
    if any(extract is None for extract in extracts):
        return None
    known = [extract for extract in extracts if extract is not None]
    return known[0] if len(known) == 1 else lambda body: [value for extract in known for value in extract(body)]


def _one(text: str) -> Extract | None:
    if found := _CAST.match(text) or _AS.match(text):
        return _walk(found["path"], found["type"])
    if found := _TARGET.match(text):
        inner, kind = _walk(found["path"]), found["type"]
        return lambda body: [ref for ref in inner(body) if _points_at(ref, kind)]
    if found := _WHERE.match(text):
        inner, name, value = _walk(found["path"]), found["name"], found["value"]
        return lambda body: [item for item in inner(body) if item.get(name) == value]
    if found := _EXISTS.match(text):
        inner = _walk(found["path"])
        return lambda body: [any(value is not False for value in inner(body))]
    return _walk(text) if _PLAIN.match(text) else None


def _walk(path: str, kind: str = "") -> Extract:
    """Values at a dotted path below the resource; the last step may be a choice element (`onset[x]`)."""
    *steps, last = path.split(".")[1:]
    suffix = kind[:1].upper() + kind[1:]

    def extract(body: dict[str, Any]) -> list[Any]:
        nodes: list[Any] = [body]
        for step in steps:
            nodes = [child for node in nodes for child in _children(node, step)]
        return [child for node in nodes for child in _children(node, last + suffix if kind else last, choice=not kind)]

    return extract


def _children(node: Any, name: str, *, choice: bool = False) -> Iterable[Any]:
    if not isinstance(node, dict):
        return ()
    value = node.get(name)
    if value is None and choice:
        pick = (k for k in node if k.startswith(name) and k[len(name) : len(name) + 1].isupper())
        value = next((node[k] for k in pick), None)
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _points_at(reference: Any, kind: str) -> bool:
    if not isinstance(reference, dict):
        return False
    return reference.get("type") == kind or str(reference.get("reference", "")).startswith(f"{kind}/")
