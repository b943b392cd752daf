"""The organisations of a message as logical references: by SOR number, else the first number there is, and by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway.domain.identifier import SOR, Identifier, normal
from gateway.translate.fhir.message import Message

Json = dict[str, Any]


class Organisations:
    """Those of one message. A message points at the same few again and again: the number of each is looked for once."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._numbers: dict[int, Identifier | None] = {}

    def named(self, reference: Json) -> Json | None:
        """The organisation that a Reference means, in the Bundle or by its own number; None without a number."""
        found = self._message.resolve(reference, "Organization")
        if found is None:
            return _reference(_number((reference.get("identifier", {}),)), reference.get("display"))
        if id(found) not in self._numbers:
            self._numbers[id(found)] = _number(found.get("identifier", ()))
        return _reference(self._numbers[id(found)], found.get("name"))


def _number(identifiers: Iterable[Json]) -> Identifier | None:
    best: Identifier | None = None
    for one in identifiers:
        if one.get("system") and one.get("value"):
            found = normal(one["system"], one["value"])
            if found.system == SOR:
                return found
            best = best or found
    return best


def _reference(number: Identifier | None, name: str | None) -> Json | None:
    if number is None:
        return None
    made: Json = {"type": "Organization", "identifier": {"system": number.system, "value": number.value}}
    if name:
        made["display"] = name
    return made
