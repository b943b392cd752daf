"""Whether a resource keeps to R4 in all that structure.py looks for: yes or no, in one walk over it.

Nearly every resource does, and then nobody asks where it does not: structure.py finds that out, at many times the
cost. What this cannot judge at a glance it does not call flawless. What languages put in other words (references,
codes, extensions) is noted on the way, so that no second walk has to look for it.
"""

from __future__ import annotations

from typing import Any

from gateway.translate.fhir.kinds import RESOURCES, STRANGE, Kind, Shape

Json = dict[str, Any]


class Seen:
    """What a walk over a resource came by: References, CodeableConcepts, Codings outside of them and Extensions, each
    behind those that lie in it. `inside` are the walks over the resources that it holds, by the identity of each."""

    __slots__ = ("flawless", "inside", "noted")

    def __init__(self) -> None:
        self.flawless = True
        self.noted: list[Json] = []
        self.inside: dict[int, Seen] = {}


def look(resource: Any) -> Seen:
    """One walk over any tree. `flawless` is True only where `structure` finds no fault. What R4 does not know is passed
    by; all else is noted, flawless or not."""
    seen = Seen()
    kind = resource.get("resourceType") if type(resource) is dict else None
    if type(kind) is str and (known := RESOURCES[kind]):
        _object(resource, known, seen)
    else:
        seen.flawless = False
    return seen


def is_flawless(resource: Any) -> bool:
    """True only where `structure` finds no fault."""
    return look(resource).flawless


def _object(node: Json, shape: Shape, seen: Seen) -> None:
    """All of every resource goes through this loop: every step less in it counts."""
    table = shape.table
    for name, value in node.items():
        try:
            kind = table[name]
        except KeyError:
            kind = STRANGE
        what = type(value)
        if what is str:
            if value not in kind.known and not kind.glance(value) and not kind.fits(value):
                seen.flawless = False
        elif what is list:
            _list(value, kind.items or STRANGE, seen)
        elif what is dict and kind.shape is not None:
            _object(value, kind.shape, seen)
        elif not kind.fits(value):
            _held(value, kind, seen)
    if not node or (shape.required and not node.keys() >= shape.required):
        seen.flawless = False
    if shape.further is not None and not shape.further(node):
        seen.flawless = False
    if shape.noted:
        seen.noted.append(node)


def _list(values: list[Any], kind: Kind, seen: Seen) -> None:
    if not values:
        seen.flawless = False
    for value in values:
        if kind.shape is not None and type(value) is dict:
            _object(value, kind.shape, seen)
        elif type(value) is not str or (value not in kind.known and not kind.glance(value) and not kind.fits(value)):
            _held(value, kind, seen)


def _held(value: Any, kind: Kind, seen: Seen) -> None:
    """A resource inside of another, or what does not belong where it stands."""
    if kind.resource and type(value) is dict:
        inner = seen.inside[id(value)] = look(value)
        seen.flawless = seen.flawless and inner.flawless
    else:
        seen.flawless = False
