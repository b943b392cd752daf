"""Whether the known elements of a resource have the shape that R4 gives them: yes or no, and quickly.

Nearly every resource is sound, and then nobody asks where it is not: structure.py finds that out, at twenty times the
cost. What this cannot judge at a glance (a primitive with an extension beside it) it does not call sound.
"""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

from gateway.translate.fhir.shape import NUMBERS, Child, is_resource
from gateway.translate.fhir.typed import Check, Shapes, asked, check_of

_NUMBERS = frozenset({int, float, Decimal})


def is_sound(resource: dict[str, Any]) -> bool:
    """No list where one value belongs, no text for an object, no null. What R4 does not know is not looked at."""
    kind = resource.get("resourceType")
    return isinstance(kind, str) and (_check(kind)(resource) if is_resource(kind) else True)


@functools.cache
def _check(kind: str) -> Check:
    return check_of(_SHAPES.object(kind))


def _value(child: Child) -> Any:
    if child.type == "Resource":
        return _RESOURCE
    if not child.primitive:
        return _SHAPES.object(child.shape)
    if child.type == "boolean":
        return bool
    return _NUMBER if child.type == "decimal" or child.type in NUMBERS else str


_RESOURCE = asked(lambda value: type(value) is dict and is_sound(value))
_NUMBER = asked(lambda value: type(value) in _NUMBERS)
_SHAPES = Shapes(_value, closed=False)
