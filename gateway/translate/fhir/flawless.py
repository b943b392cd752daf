"""Whether a resource keeps to R4 in all that structure.py looks for: yes or no, in one walk over it.

Nearly every resource does, and then nobody asks where it does not: structure.py finds that out, at many times the
cost. What this cannot judge at a glance it does not call flawless. What languages put in other words (references,
codes, extensions) is noted on the way, so that no second walk has to look for it.

Objects of one type have the same few sets of elements in message after message. For each of these a check is written
in Python (checking.py), as for rule files: which elements may stand together is settled then, once.
"""

from __future__ import annotations

from typing import Any

from gateway.translate.fhir.checking import Doubt, check
from gateway.translate.fhir.kinds import RESOURCES, Shape

Json = dict[str, Any]

_MOST_NEW = 128  # checks that one tree may add
_MOST_CHECKS = 256  # of one shape
# A check asks of no value which type it has: what one of another type raises is an answer, as is a check not found.
_NO_FIT = (Doubt, TypeError, AttributeError, LookupError, RecursionError)


_New = tuple[Shape, tuple[str, ...]]


class Seen:
    """What a walk over a resource came by: References, CodeableConcepts, Codings outside of them and Extensions, each
    behind those that lie in it. `inside` are the walks over the resources that it holds, by the identity of each."""

    __slots__ = ("flawless", "inside", "noted")

    def __init__(self) -> None:
        self.flawless = True
        self.noted: list[Json] = []
        self.inside: dict[int, Seen] = {}

    def within(self, resource: Json) -> None:
        """Walks over a resource that it holds. Raises as checks do."""
        inner = self.inside[id(resource)] = Seen()
        _walk(resource, inner)


def is_flawless(resource: Any) -> bool:
    """True only where `structure` finds no fault."""
    return look(resource).flawless


def look(resource: Any) -> Seen:
    """One walk over any tree. `flawless` is True only where `structure` finds no fault. What R4 does not know is passed
    by; all else is noted, flawless or not."""
    seen = _checked(resource)
    if seen is None:
        seen, new = Seen(), dict[_New, None]()
        seen.flawless = False
        _note_resource(resource, seen, new)
        for shape, names in list(new)[:_MOST_NEW]:
            if len(shape.checks) >= _MOST_CHECKS:
                shape.checks.clear()
            shape.checks[names] = check(shape, names)
        seen = (_checked(resource) if new else None) or seen
    return seen


def _checked(resource: Any) -> Seen | None:
    """None where something does not fit, or there is no check for it yet."""
    seen = Seen()
    try:
        _walk(resource, seen)
    except _NO_FIT:
        return None
    return seen


def _walk(resource: Json, seen: Seen) -> None:
    shape = RESOURCES[resource["resourceType"]]
    if shape is None:
        raise Doubt
    shape.checks[tuple(resource)](resource, seen)


# --- what is not flawless, or has not been seen before


def _note_resource(resource: Any, seen: Seen, new: dict[_New, None]) -> None:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if isinstance(kind, str) and (shape := RESOURCES[kind]):
        _note(resource, shape, seen, new)


def _note(node: Json, shape: Shape, seen: Seen, new: dict[_New, None]) -> None:
    """As checks do, but nothing is judged; `new` are the sets of elements that there is no check for."""
    names = tuple(node)
    if names not in shape.checks and shape.allows(names):
        new[shape, names] = None
    for name, value in node.items():
        kind = shape.table.get(name)
        for one in value if kind and isinstance(value, list) else [value]:
            below = kind and (kind.items or kind)
            if not below or not isinstance(one, dict):
                continue
            if below.resource:
                inner = seen.inside[id(one)] = Seen()
                inner.flawless = False
                _note_resource(one, inner, new)
            elif below.shape:
                _note(one, below.shape, seen, new)
    if shape.noted:
        seen.noted.append(node)
