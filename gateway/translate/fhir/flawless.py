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
from gateway.translate.fhir.kinds import RESOURCES, Shape, Unchecked

Json = dict[str, Any]

_MOST_NEW = 256  # checks that one tree may add
_MOST_CHECKS = 256  # of one shape
# A check asks of no value which type it has: what one of another type raises is an answer too.
_NO_FIT = (Doubt, TypeError, AttributeError, LookupError, RecursionError)


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
    for _ in range(_MOST_NEW):
        seen = Seen()
        try:
            _walk(resource, seen)
        except Unchecked as new:
            if not new.shape.allows(new.names):
                break
            if len(new.shape.checks) >= _MOST_CHECKS:
                new.shape.checks.clear()
            new.shape.checks[new.names] = check(new.shape, new.names)
        except _NO_FIT:
            break
        else:
            return seen
    return _noted(resource)


def _walk(resource: Json, seen: Seen) -> None:
    shape = RESOURCES[resource["resourceType"]]
    if shape is None:
        raise Doubt
    shape.checks[tuple(resource)](resource, seen)


# --- what is not flawless


def _noted(resource: Any) -> Seen:
    seen = Seen()
    seen.flawless = False
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if isinstance(kind, str) and (shape := RESOURCES[kind]):
        _note(resource, shape, seen)
    return seen


def _note(node: Json, shape: Shape, seen: Seen) -> None:
    for name, value in node.items():
        kind = shape.table.get(name)
        for one in value if kind and isinstance(value, list) else [value]:
            below = kind and (kind.items or kind)
            if below and isinstance(one, dict):
                if below.resource:
                    seen.inside[id(one)] = _noted(one)
                elif below.shape:
                    _note(one, below.shape, seen)
    if shape.noted:
        seen.noted.append(node)
