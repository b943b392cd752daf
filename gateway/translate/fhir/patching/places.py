"""Places in a resource that can be changed: where an element stands, what stands there and beside it.

In FHIR JSON a primitive's id and extensions stand beside it (`birthDate`, `_birthDate`), in lists number by number
(http://hl7.org/fhir/R4/json.html#primitive): what changes one changes the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from gateway.translate.fhir.shape import Child, children
from gateway.translate.fhirpath.items import Item
from gateway.translate.r4 import Facts, facts

Content = tuple[Any, Any]  # an element's value, and what stands beside a primitive


@dataclass(frozen=True, slots=True)
class Place:
    """One element: number `at` of the elements `child` in `owner`, which is of the type `holder`; `depth` is how many
    objects and lists it stands in. The root has no child."""

    owner: dict[str, Any]
    child: Child | None = None
    at: int = 0
    holder: str = ""
    depth: int = 1

    def content(self) -> Content:
        """What stands here."""
        if self.child is None:
            return self.owner, None
        value = self.owner.get(self.child.name)
        beside = self.owner.get(f"_{self.child.name}") if self.child.primitive else None
        return (_item(value, self.at), _item(beside, self.at)) if self.child.is_list else (value, beside)

    def shape(self) -> str:
        """The table of its children: a primitive has those of every element."""
        if self.child is None:
            return str(self.owner.get("resourceType", ""))
        if self.child.primitive:
            return "Element"
        value = self.content()[0]
        return str(value.get("resourceType", "")) if self.child.type == "Resource" else self.child.shape

    def inside(self, *, make: bool = False) -> dict[str, Any] | None:
        """The object that holds its children; that of a primitive is made where asked for."""
        value, beside = self.content()
        if self.child is None or not self.child.primitive:
            return value if isinstance(value, dict) else None
        if beside is None and make:
            beside = {}
            every = read(self.owner, self.child)
            every[self.at] = (value, beside)
            put(self.owner, self.child, every)
        return beside if isinstance(beside, dict) else None

    def item(self, known: Facts | None) -> Item:
        """The element as FHIRPath sees it."""
        value, beside = self.content()
        kind = self.child.type if self.child and self.child.primitive else self.shape()
        return Item(value, kind, beside, known or facts())

    def below(self, name: str, known: Facts | None) -> list[Place]:
        """Its children of a name; a choice by its stem, too."""
        inside = self.inside()
        if inside is None:
            return []
        shape = self.shape()
        return [
            Place(inside, child, at, shape, self.depth + 1 + child.is_list)
            for child in children(shape, known).values()
            if name in (child.name, stem(child))
            for at in range(len(read(inside, child)))
        ]


def _item(items: Any, at: int) -> Any:
    return items[at] if isinstance(items, list) and at < len(items) else None


def stem(child: Child) -> str:
    """`deceased` of `deceasedBoolean`; the name where there is no choice."""
    return child.choice.removesuffix("[x]")


def read(owner: dict[str, Any], child: Child) -> list[Content]:
    """All elements of a name, in order: none, one, or a list's."""
    value, beside = owner.get(child.name), owner.get(f"_{child.name}") if child.primitive else None
    if not child.is_list:
        return [] if value is None and beside is None else [(value, beside)]
    return list(zip_longest(value if isinstance(value, list) else [], beside if isinstance(beside, list) else []))


def put(owner: dict[str, Any], child: Child, contents: list[Content]) -> None:
    """These and no others are the elements of a name; one at most where it does not repeat."""
    values, besides = [value for value, _ in contents], [beside for _, beside in contents]
    for name, found in ((child.name, values), (f"_{child.name}", besides)):
        if all(one is None for one in found):
            owner.pop(name, None)
        else:
            owner[name] = found if child.is_list else found[0]
