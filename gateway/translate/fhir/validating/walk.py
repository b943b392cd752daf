"""Every element of a resource once, with its definition: what the rules of validation look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.translate.fhir.shape import Child, children
from gateway.translate.fhirpath.items import Item, items_of
from gateway.translate.r4 import Facts

_AT = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Node:
    """One element. `place` is its path in this resource, `path` where its definition has it (`HumanName.family`).

    `resource` is the resource it stands in, `root` the one that contains that (itself, if it is not contained);
    `at_root` is the place of `root`. `parent` is None for the outermost resource.
    """

    item: Item
    place: str
    path: str
    resource: Item
    root: Item
    at_root: str
    child: Child | None = None
    parent: Node | None = None

    @property
    def value(self) -> Any:
        return self.item.value

    @property
    def shape(self) -> str:
        return self.item.shape

    @property
    def is_resource(self) -> bool:
        """Whether a resource starts here."""
        return self.item is self.resource

    @property
    def is_contained(self) -> bool:
        """Whether it is a part of a contained resource."""
        return self.resource is not self.root

    def text(self, name: str) -> str:
        """The text of a child, empty when there is none."""
        found = self.value.get(name) if isinstance(self.value, dict) else None
        return found if isinstance(found, str) else ""


def walk(resource: dict[str, Any], facts: Facts) -> Iterator[Node]:
    """All elements in document order, the resource first. Unknown elements and faulty shapes are passed over:
    structure.py tells of them."""
    kind = str(resource.get("resourceType"))
    item = Item(resource, kind, None, facts)
    waiting = [Node(item, kind, kind, item, item, kind)]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(list(walk_below(node)))


def walk_below(node: Node) -> Iterator[Node]:
    """The elements one level below."""
    shape, value, facts = node.shape, node.value, node.item.facts
    if not isinstance(value, dict):
        shape, value = "Element", node.item.beside
    if not isinstance(value, dict) or facts is None:
        return
    home = facts.home(shape)
    for name, child in children(shape, facts).items():
        content, beside = value.get(name), value.get(f"_{name}")
        if content is None and beside is None:
            continue
        path = f"{home}.{child.choice}"
        for item, at in items_of(content, beside, child, facts):
            yield _node(node, child, item, f"{node.place}.{name}{at}", path)


def _node(parent: Node, child: Child, item: Item, place: str, path: str) -> Node:
    if child.type != "Resource":
        return Node(item, place, path, parent.resource, parent.root, parent.at_root, child, parent)
    if child.name == "contained":
        return Node(item, place, path, item, parent.root, parent.at_root, child, parent)
    return Node(item, place, path, item, item, place, child, parent)


def plain(place: str) -> str:
    """A place without its numbers: `Patient.name[0].given[1]` is `Patient.name.given`."""
    return _AT.sub("", place)
