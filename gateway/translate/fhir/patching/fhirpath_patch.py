"""FHIRPath Patch: http://hl7.org/fhir/R4/fhirpatch.html. Works on FHIR JSON, whichever format the patch came in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from gateway.errors import BadRequest, Refused
from gateway.translate.fhir.patching.addressed import Address
from gateway.translate.fhir.patching.given import element
from gateway.translate.fhir.patching.places import Content, Place, put, read, stem
from gateway.translate.fhir.patching.weight import Weight, check_count, copied
from gateway.translate.fhir.shape import Child, children
from gateway.translate.r4 import Facts

_VALUES = {"type": "valueCode", "path": "valueString", "name": "valueString",
           "index": "valueInteger", "source": "valueInteger", "destination": "valueInteger"}  # fmt: skip
_NAMES = frozenset({*_VALUES, "value"})


def patched(body: dict[str, Any], parameters: dict[str, Any], known: Facts | None = None) -> dict[str, Any]:
    """The resource after all operations of the Parameters, in their order; the one given is not changed.

    `known` are other definitions than those of the types that the gateway speaks. Raises BadRequest for what is no
    patch, Refused for one that does not fit this resource, each with the operation's place
    (`Parameters.parameter[2].path`); TooLarge for one that makes too much.
    """
    operations = parameters.get("parameter", [])
    if parameters.get("resourceType") != "Parameters":
        raise BadRequest("A FHIRPath Patch is a Parameters resource.", where="resourceType")
    check_count(operations)
    made, weight = copied(body), Weight()
    for number, operation in enumerate(operations):
        _Step(made, operation, f"Parameters.parameter[{number}]", weight, known).act()
    return _pruned(made)


class _Step:
    """One operation on the resource."""

    def __init__(self, body: dict[str, Any], operation: Any, where: str, weight: Weight, known: Facts | None) -> None:
        self._body = body
        self._where = where
        self._weight = weight
        self._known = known
        self._parts = self._named_parts(operation)

    def act(self) -> None:
        """Does it."""
        kind = self._simple("type")
        acts: dict[Any, Callable[[], None]] = {
            "add": self._add, "insert": self._insert, "delete": self._delete,
            "replace": self._replace, "move": self._move,
        }  # fmt: skip
        if not isinstance(kind, str) or kind not in acts:
            raise BadRequest(where=f"{self._where}.type", hint="It is add, insert, delete, replace or move.")
        acts[kind]()

    def _add(self) -> None:
        place = self._one(self._address().found(self._body))
        name = self._simple("name")
        if not isinstance(name, str) or not name:
            raise BadRequest("The operation has no name.", where=f"{self._where}.name")
        child, content = element(place.shape(), name, self._value(), f"{self._where}.value", self._known)
        owner = place.inside(make=True)
        if owner is None:
            raise self._absent()
        there = self._all(owner, child)
        if not child.is_list and (there or self._other_choice(place, owner, child)):
            raise Refused("The element is there already and does not repeat.", where=f"{self._where}.name")
        self._put(owner, child, [*there, content], place.depth + 1 + child.is_list, content)

    def _insert(self) -> None:
        place, child = self._list()
        there, at = self._all(self._owner(place), child), self._number("index")
        if at > len(there):
            raise self._outside("index")
        _, content = element(place.shape(), child.name, self._value(), f"{self._where}.value", self._known)
        self._put(self._owner(place), child, [*there[:at], content, *there[at:]], place.depth + 2, content)

    def _delete(self) -> None:
        found = self._address().found(self._body)
        if not found:
            return  # "the content (if found)": http://hl7.org/fhir/R4/fhirpatch.html#concept
        place = self._one(found)
        if place.child is None:
            raise Refused("A patch does not delete the whole resource.", where=f"{self._where}.path")
        there = self._all(place.owner, place.child)
        put(place.owner, place.child, [*there[: place.at], *there[place.at + 1 :]])

    def _replace(self) -> None:
        place = self._one(self._address().found(self._body))
        if place.child is None:
            raise Refused("A patch does not replace the whole resource.", where=f"{self._where}.path")
        child, content = element(place.holder, stem(place.child), self._value(), f"{self._where}.value", self._known)
        there = self._all(place.owner, place.child)
        there[place.at] = content
        if child.name != place.child.name:  # another type of a choice
            put(place.owner, place.child, [])
        self._put(place.owner, child, there, place.depth, content)

    def _move(self) -> None:
        place, child = self._list()
        there = self._all(self._owner(place), child)
        source, destination = self._number("source"), self._number("destination")
        for name, at in (("source", source), ("destination", destination)):
            if at >= len(there):
                raise self._outside(name)
        moved = there.pop(source)
        put(self._owner(place), child, [*there[:destination], moved, *there[destination:]])

    def _put(self, owner: dict[str, Any], child: Child, contents: list[Content], depth: int, new: Content) -> None:
        for part in new:
            self._weight.add(part, depth=depth, where=f"{self._where}.value")
        put(owner, child, contents)

    def _all(self, owner: dict[str, Any], child: Child) -> list[Content]:
        found = read(owner, child)
        self._weight.step(len(found), self._where)
        return found

    def _owner(self, place: Place) -> dict[str, Any]:
        owner = place.inside(make=True)
        if owner is None:
            raise self._absent()
        return owner

    def _list(self) -> tuple[Place, Child]:
        owners, name = self._address().list_at(self._body)
        place = self._one(owners)
        child = children(place.shape(), self._known).get(name)
        if child is None or not child.is_list:
            raise Refused("This path names no list.", where=f"{self._where}.path")
        return place, child

    def _other_choice(self, place: Place, owner: dict[str, Any], child: Child) -> bool:
        every = children(place.shape(), self._known).values()
        return any(read(owner, other) for other in every if other.choice == child.choice)

    def _address(self) -> Address:
        return Address(self._simple("path"), f"{self._where}.path", self._weight, self._known)

    def _one(self, found: list[Place]) -> Place:
        if not found:
            raise self._absent()
        if len(found) > 1:
            raise Refused("The path matches more than one element.", where=f"{self._where}.path")
        return found[0]

    def _absent(self) -> Refused:
        return Refused("There is nothing at this path.", where=f"{self._where}.path")

    def _outside(self, name: str) -> Refused:
        return Refused("The list is shorter than this.", where=f"{self._where}.{name}")

    def _named_parts(self, operation: Any) -> dict[str, dict[str, Any]]:
        parts = operation.get("part") if isinstance(operation, dict) else None
        if not isinstance(parts, list) or operation.get("name") != "operation":
            raise BadRequest("Each parameter of a patch is an operation with parts.", where=self._where)
        named = {str(part.get("name")): part for part in parts if isinstance(part, dict)}
        if len(named) != len(parts) or not named.keys() <= _NAMES:
            hint = "An operation has the parts type, path, name, value, index, source, destination: each once at most."
            raise BadRequest(where=self._where, hint=hint)
        return named

    def _simple(self, name: str) -> Any:
        return self._parts.get(name, {}).get(_VALUES[name])

    def _number(self, name: str) -> int:
        number = self._simple(name)
        if type(number) is not int or number < 0:
            raise BadRequest("The operation has no such number.", where=f"{self._where}.{name}")
        return number

    def _value(self) -> dict[str, Any]:
        if "value" not in self._parts:
            raise BadRequest("The operation gives no value, or several.", where=f"{self._where}.value")
        return self._parts["value"]


def _pruned(made: dict[str, Any]) -> dict[str, Any]:
    """Without what deleting emptied: FHIR has no empty elements. A list of primitives and what stands beside it stay in
    step."""
    kept = {name: _pruned_value(value) for name, value in made.items()}
    for name in [name for name in kept if isinstance(kept[name], list)]:
        plain = name.removeprefix("_")
        values, besides = (one if isinstance(one, list) else [] for one in (kept.get(plain), kept.get(f"_{plain}")))
        pairs = [pair for pair in zip_longest(values, besides) if pair != (None, None)]
        for key, found in ((plain, [pair[0] for pair in pairs]), (f"_{plain}", [pair[1] for pair in pairs])):
            if key in kept:
                kept[key] = found if any(one is not None for one in found) else None
    return {name: value for name, value in kept.items() if value is not None}


def _pruned_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _pruned(value) or None
    return [_pruned_value(below) for below in value] if isinstance(value, list) else value
