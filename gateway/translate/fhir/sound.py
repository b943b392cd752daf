"""Whether the known elements of a resource have the shape that R4 gives them: yes or no, and quickly.

Nearly every resource is sound, and then nobody asks where it is not: structure.py finds that out, at ten times the
cost. What this cannot judge at a glance (a primitive with an extension beside it) it does not call sound.
"""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

from gateway.translate.fhir.shape import NUMBERS, children, is_resource

_NUMBER = frozenset({int, float, Decimal})
_TEXT = frozenset({str})
_TRUTH = frozenset({bool})
_OBJECT = frozenset({dict})


def is_sound(resource: dict[str, Any]) -> bool:
    """No list where one value belongs, no text for an object, no null. What R4 does not know is not looked at."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return False
    return not is_resource(kind) or _sound(resource, kind)


def _sound(value: dict[str, Any], shape: str) -> bool:
    if shape == "Resource":
        return is_sound(value)
    table = _table(shape)
    for name, content in value.items():
        row = table.get(name)
        if row is None:
            if name.startswith("_"):
                return False
            continue
        is_list, types, inner = row
        if is_list:
            if type(content) is not list:
                return False
            for item in content:
                if type(item) not in types or (inner and not _sound(item, inner)):
                    return False
        elif type(content) not in types or (inner and not _sound(content, inner)):
            return False
    return True


@functools.cache
def _table(shape: str) -> dict[str, tuple[bool, frozenset[type], str]]:
    """By element: whether it repeats, what its values are, and the table of their own elements."""
    return {
        child.name: (child.is_list, _types(child.type) if child.primitive else _OBJECT, child.shape)
        for child in children(shape).values()
    }


def _types(primitive: str) -> frozenset[type]:
    if primitive == "boolean":
        return _TRUTH
    return _NUMBER if primitive == "decimal" or primitive in NUMBERS else _TEXT
