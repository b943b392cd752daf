"""Links of a resource: what a transaction replaces where it names another entry. http://hl7.org/fhir/R4/http.html#trules

References, elements of type uri and url, and `href` and `src` in narratives; no canonical, and no text that only looks
like one. An element of type uuid or oid keeps what it has: where the entry is found then is neither.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.errors import RuleBroken
from gateway.translate.fhir.shape import Child, children, is_resource

_LINKS = frozenset({"uri", "url"})
_ATTRIBUTE = re.compile(r"""(\s(?:href|src)\s*=\s*)("[^"]*"|'[^']*')""")
Change = Callable[[str], str]


def links(resource: Any) -> Iterator[str]:
    """Every link, in document order."""
    found: list[str] = []

    def note(link: str) -> str:
        found.append(link)
        return link

    _resource(resource, note)
    yield from found


def searches(node: Any) -> set[str]:
    """References by a search (`Patient?identifier=…`): a transaction looks them up, and nothing else does."""
    if isinstance(node, list):
        return {one for item in node for one in searches(item)}
    if not isinstance(node, dict):
        return set()
    own = node.get("reference")
    here = {own} if isinstance(own, str) and "?" in own and ":" not in own.partition("?")[0] else set()
    return here | {one for value in node.values() for one in searches(value)}


def check_named(kind: str, body: Any) -> None:
    """Raises RuleBroken for a reference by a search in what is to be kept: it would lead nowhere."""
    if searches(body):
        raise RuleBroken(
            "A reference by a search is looked up in a transaction alone", where=kind,
            hint="Name the resource by its id, or send a Bundle of type transaction.",
        )  # fmt: skip


def relinked(resource: Any, names: Mapping[str, str]) -> Any:
    """The resource with other links in the place of those named. What is no sound shape stays as it is."""
    return _resource(resource, lambda link: names.get(link, link)) if names else resource


def _resource(node: Any, change: Change) -> Any:
    if not isinstance(node, dict) or not is_resource(kind := node.get("resourceType")):
        return node
    return _object(node, str(kind), change)


def _object(node: dict[str, Any], shape: str, change: Change) -> dict[str, Any]:
    known, made = children(shape), dict[str, Any]()
    for name, value in node.items():
        child = known.get(name)
        if child is not None:
            made[name] = _value(value, shape, child, change)
        elif name.startswith("_"):
            made[name] = _beside(value, change)
        else:
            made[name] = value
    return made


def _beside(value: Any, change: Change) -> Any:
    """Ids and extensions of primitives."""
    if isinstance(value, list):
        return [_beside(one, change) for one in value]
    return _object(value, "Element", change) if isinstance(value, dict) else value


def _value(value: Any, shape: str, child: Child, change: Change) -> Any:
    if isinstance(value, list):
        return [_value(one, shape, child, change) for one in value]
    if isinstance(value, dict):
        return _resource(value, change) if child.type == "Resource" else _object(value, child.shape, change)
    if not isinstance(value, str):
        return value
    if child.type in _LINKS or (shape, child.name) == ("Reference", "reference"):
        return change(value)
    return _narrative(value, change) if child.type == "xhtml" else value


def _narrative(div: str, change: Change) -> str:
    def attribute(found: re.Match[str]) -> str:
        told = html.unescape(found[2][1:-1])
        made = change(told)
        return found[0] if made == told else f"{found[1]}{found[2][0]}{html.escape(made)}{found[2][0]}"

    return _ATTRIBUTE.sub(attribute, div)
