"""The values that a FHIRPath Patch gives: a `value[x]`, a resource, or parts for an element without a type of its own.

http://hl7.org/fhir/R4/fhirpatch.html. A value becomes an element whose type it fits: a text may be of any type that is
written as text (the rest is validation's), a choice gets the spelling of the value's type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.errors import BadRequest, Refused
from gateway.translate.fhir.patching.places import Content, put, read, stem
from gateway.translate.fhir.patching.weight import copied
from gateway.translate.fhir.shape import NUMBERS, Child, children
from gateway.translate.r4 import Facts, facts

_PARTS = "parts"
_RESOURCE = "Resource"


def element(shape: str, name: str, part: dict[str, Any], where: str, known: Facts | None) -> tuple[Child, Content]:
    """The child of a type that a part gives, by the name it is given, and its content.

    Raises Refused where the type has no such element or it is of another type, BadRequest for no value."""
    kind, value, beside = _written(part, where)
    named = [child for child in children(shape, known).values() if name in (child.name, stem(child))]
    if not named:
        raise Refused("This type of element has no such child.", where=where)
    child = next((child for child in named if _fits(child, kind, known)), None)
    if child is None:
        raise Refused("The value is of another type than the element.", where=where)
    if kind == _PARTS:
        return child, (_made(child.shape, value, where, known), None)
    return child, (copied(value), copied(beside))


def _written(part: dict[str, Any], where: str) -> tuple[str, Any, Any]:
    """The type of a part's value, the value, and what stands beside a primitive."""
    found = list(_values(part))
    if len(found) != 1:
        raise BadRequest("The operation gives no value, or several.", where=where)
    return found[0]


def _values(part: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    if "part" in part:
        yield _PARTS, part["part"], None
    if "resource" in part:
        yield _RESOURCE, part["resource"], None
    names = dict.fromkeys(name.removeprefix("_") for name in part if name.removeprefix("_").startswith("value"))
    for name in names:
        yield name.removeprefix("value"), part.get(name), part.get(f"_{name}")


def _fits(child: Child, kind: str, known: Facts | None) -> bool:
    if kind == _PARTS:
        return not child.primitive and child.type != _RESOURCE
    kind = kind[:1].lower() + kind[1:] if child.primitive else kind
    if child.type == kind:
        return True
    if stem(child) != child.name:
        return False
    if child.primitive:
        return (known or facts()).kind(kind) == "primitive" and _written_as(child.type) == _written_as(kind)
    return (known or facts()).base(child.type) == kind


def _written_as(kind: str) -> str:
    """What JSON a primitive type is written as."""
    if kind in NUMBERS or kind == "decimal":
        return "number"
    return kind if kind == "boolean" else "string"


def _made(shape: str, parts: Any, where: str, known: Facts | None) -> dict[str, Any]:
    """An element from its children, each a part; those of one name in their order."""
    made: dict[str, Any] = {}
    for part in parts if isinstance(parts, list) else []:
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str):
            raise BadRequest("A part has no name.", where=where)
        child, content = element(shape, name, part, where, known)
        there = read(made, child)
        if there and not child.is_list:
            raise Refused("An element that does not repeat is given twice.", where=where)
        put(made, child, [*there, content])
    return made
