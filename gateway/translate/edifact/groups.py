"""A message's segments in their groups, checked against the letter's table: what may stand where, what must.

In MedCom's messages a group begins with a segment of its own (`S01`, or `UCM` in a receipt). Groups come in the order
of the table; within a group the order of segments is not asked for, because a qualifier tells what each one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import SegmentOrder
from gateway.translate.edifact.interchange import Message
from gateway.translate.edifact.segments import Segment

HEAD = "UNH"


@dataclass(frozen=True, slots=True)
class GroupShape:
    """One line of `segments:`: the tags that may stand in a group, those that must and those that may several times,
    and the same of the group itself."""

    name: str
    tags: tuple[str, ...]
    needed: tuple[str, ...] = ()
    often: tuple[str, ...] = ()
    must: bool = False
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One occurrence: its segments, the one that begins it first."""

    name: str
    segments: tuple[Segment, ...]


def grouped(message: Message, shapes: Mapping[str, GroupShape]) -> tuple[Group, ...]:
    """The groups of a message, UNH's first.

    Raises SegmentOrder with the segment's number: unknown, misplaced, missing, too many.
    """
    order = list(shapes)
    found: list[list[Segment]] = [[message.header]]
    at = 0
    for segment in message.segments[1:-1]:
        if segment.tag in shapes:
            place = order.index(segment.tag)
            if place < at or segment.tag == HEAD:
                raise _misplaced(message, segment, f"It comes before {order[at]}.")
            at = place
            found.append([segment])
        elif segment.tag in shapes[order[at]].tags:
            found[-1].append(segment)
        elif any(segment.tag in shape.tags for shape in shapes.values()):
            raise _misplaced(message, segment, f"It does not belong in {order[at]}.")
        else:
            raise SegmentOrder(
                "The segment is unknown in this message.", where=message.place(segment), hint="Take it out."
            )
    groups = tuple(Group(segments[0].tag, tuple(segments)) for segments in found)
    _check_whole(message, groups, shapes)
    return groups


def _misplaced(message: Message, segment: Segment, hint: str) -> SegmentOrder:
    return SegmentOrder("The segment is misplaced.", where=message.place(segment), hint=hint)


def _too_often(message: Message, segment: Segment) -> SegmentOrder:
    return SegmentOrder("The segment stands here too often.", where=message.place(segment), hint="It may stand once.")


def _check_whole(message: Message, groups: tuple[Group, ...], shapes: Mapping[str, GroupShape]) -> None:
    seen: set[str] = set()
    for group in groups:
        shape = shapes[group.name]
        if group.name in seen and not shape.repeats:
            raise _too_often(message, group.segments[0])
        seen.add(group.name)
        tags: set[str] = set()
        for segment in group.segments:
            if segment.tag in tags and segment.tag not in shape.often:
                raise _too_often(message, segment)
            tags.add(segment.tag)
        missing = next((tag for tag in shape.needed if tag not in tags), "")
        if missing:
            raise SegmentOrder(f"{missing} is missing.", where=message.place(group.segments[0]))
    missing = next((shape.name for shape in shapes.values() if shape.must and shape.name not in seen), "")
    if missing:
        raise SegmentOrder(f"{missing} is missing.", where=message.place(message.segments[-1]))
