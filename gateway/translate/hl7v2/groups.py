"""The groups of PPR, PGL, PPP and PPG: what stands under which problem, goal or pathway (HL7 v2.5, 12.3).

    PPR   PRB { NTE VAR  ROL…  PTH…  OBX…  GOL { NTE VAR ROL… OBX… }  ORC { OBR NTE VAR OBX… } }
    PGL   GOL { NTE VAR  ROL…  PTH…  OBX…  PRB { NTE VAR ROL… OBX… }  ORC { OBR NTE VAR OBX… } }
    PPP   PTH { NTE VAR  ROL…  PRB { NTE VAR ROL… OBX…  GOL { NTE VAR ROL… OBX… }  ORC { … } } }
    PPG   PTH { NTE VAR  ROL…  GOL { NTE VAR ROL… OBX…  PRB { NTE VAR ROL… OBX… }  ORC { … } } }

Policy: a group belongs to the nearest one before it that may hold it, so a goal right under a pathway is one of it. A
group that stands before any that may hold it is kept, tied to nothing, with a finding. What follows an observation (its
NTE, VAR, PRT) or an order belongs to that. Segments between groups in another order than the standard's are read all
the same: a ROL behind the observations is still one of its goal, as long as it is no PRT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.errors import SegmentOrder
from gateway.translate.hl7v2.parse import OWNERS, Message, Segment
from gateway.translate.translation import Finding

# How deep each group lies in each message type; the outermost, 0, must be there.
DEPTHS: Mapping[str, Mapping[str, int]] = {
    "PPR": {"PRB": 0, "PTH": 1, "GOL": 1},
    "PGL": {"GOL": 0, "PTH": 1, "PRB": 1},
    "PPP": {"PTH": 0, "PRB": 1, "GOL": 2},
    "PPG": {"PTH": 0, "GOL": 1, "PRB": 2},
}
_ORDER = "ORC"  # opens a group in any other, and is the anchor of what is about an observation
_INNERMOST = 9
_OF_OBSERVATIONS = frozenset({"NTE", "VAR", "PRT"})  # behind an OBX they are about it


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One problem, goal, pathway or order: its segment and the group that it lies in. It knows nothing of what lies in
    it: a tree without cycles is freed at once."""

    segment: Segment
    depth: int
    outer: Group | None

    @property
    def name(self) -> str:
        """`PRB`, `GOL`, `PTH` or `ORC`."""
        return self.segment.name

    @property
    def around(self) -> Iterator[Group]:
        """This group and those it lies in, outwards."""
        group: Group | None = self
        while group is not None:
            yield group
            group = group.outer


def arrange(message: Message, kind: str) -> list[Finding]:
    """Finds the groups of a message of one of these types: `message.groups` and each owner's `inner`.

    Raises SegmentOrder when the outermost segment is missing. The findings tell of groups that stand alone.
    """
    depths = DEPTHS[kind]
    first = next(name for name, depth in depths.items() if depth == 0)
    if first not in message.named:
        raise SegmentOrder(f"A {kind} message needs the segment {first}", where=f"{first}^1")
    findings: list[Finding] = []
    group: Group | None = None
    observed = False
    for segment in message.segments:
        if segment.name in OWNERS or (segment.name == _ORDER and group is not None):
            group, observed = _opened(segment, group, depths.get(segment.name, _INNERMOST)), False
            message.groups[segment.name, segment.number] = group
            if group.depth and group.outer is None:
                findings.append(Finding(segment.place(), f"stands before the {first} that it should be tied to"))
        elif group is not None:
            about = observed and segment.name in _OF_OBSERVATIONS
            observed = about or segment.name == "OBX"
            segment.anchor = _ORDER if about else group.name
            if not observed:
                _held(message, segment, group)
    return findings


def _held(message: Message, segment: Segment, group: Group) -> None:
    """A segment of a group. No order has roles: one behind it is still of what it was ordered for."""
    if group.name == _ORDER and segment.name == "ROL" and group.outer is not None:
        group = group.outer
        segment.anchor = group.name
    group.segment.inner.append(segment)
    message.groups[segment.name, segment.number] = group


def _opened(segment: Segment, before: Group | None, depth: int) -> Group:
    """The group that this segment begins, inside the nearest one that may hold it."""
    outer = before
    while outer is not None and outer.depth >= depth:
        outer = outer.outer
    segment.anchor = segment.name
    return Group(segment, depth, outer)
