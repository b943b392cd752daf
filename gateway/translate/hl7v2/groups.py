"""The groups of PPR, PGL, PPP and PPG: what stands under which problem, goal or pathway (HL7 v2.5, 12.3).

    PPR   PRB { NTE VAR  ROL…  PTH…  OBX…  GOL { NTE VAR ROL… OBX… }  ORC { OBR NTE VAR OBX… } }
    PGL   GOL { NTE VAR  ROL…  PTH…  OBX…  PRB { NTE VAR ROL… OBX… }  ORC { OBR NTE VAR OBX… } }
    PPP   PTH { NTE VAR  ROL…  PRB { NTE VAR ROL… OBX…  GOL { NTE VAR ROL… OBX… }  ORC { … } } }
    PPG   PTH { NTE VAR  ROL…  GOL { NTE VAR ROL… OBX…  PRB { NTE VAR ROL… OBX… }  ORC { … } } }

Policy: a group belongs to the nearest one before it that may hold it, so a goal right under a pathway is one of it. A
group that stands before any that may hold it is kept, tied to nothing, with a finding. What follows an observation or
an order (its NTE, VAR, PRT) belongs to that. Segments between groups in another order than the standard's are read all
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
_DETAILS = frozenset({"OBX", "ORC", "OBR"})
_OF_DETAILS = frozenset({"NTE", "VAR", "PRT"})  # behind one of those they are about it
_DETAIL = "ORC"  # the anchor of what is about an observation or an order


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One problem, goal or pathway: its segment and the group that it lies in. It knows nothing of what lies in it: a
    tree without cycles is freed at once."""

    segment: Segment
    depth: int
    outer: Group | None

    @property
    def name(self) -> str:
        """`PRB`, `GOL` or `PTH`."""
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
    detail = False
    for segment in message.segments:
        if segment.name in OWNERS:
            group, detail = _opened(segment, group, depths[segment.name]), False
            message.groups[segment.name, segment.number] = group
            if group.depth and group.outer is None:
                findings.append(Finding(segment.place(), f"stands before the {first} that it should be tied to"))
        elif group is not None:
            detail = segment.name in _DETAILS or (detail and segment.name in _OF_DETAILS)
            segment.anchor = _DETAIL if detail and segment.name in _OF_DETAILS else group.name
            if not detail:
                group.segment.inner.append(segment)
                message.groups[segment.name, segment.number] = group
    return findings


def _opened(segment: Segment, before: Group | None, depth: int) -> Group:
    """The group that this segment begins, inside the nearest one that may hold it."""
    outer = before
    while outer is not None and outer.depth >= depth:
        outer = outer.outer
    segment.anchor = segment.name
    segment.inner = []
    return Group(segment, depth, outer)
