"""Paths of the tables in mappings/edifact: where in a message a text stands.

| written | means |
|---|---|
| `UNB-5`, `UNH-2.5` | element 5 of UNB; component 5 of element 2 of UNH, both counted from 1 |
| `S02/RFF[SRI]-1.2` | in group S02 the RFF whose first component is SRI |
| `S01[SEQ-2=1]/NAD-2.1` | in the S01 that holds `SEQ++1` |
| `S01[SEQ-2=1]/CON[2.2=TE]-2.1` | the CON whose component 2.2 is TE |
| `S14/FTX[NC]` | whole segments |
| `./FTX`, `-1.1` | inside `for`: in this group, in this segment |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.translate.edifact.groups import Group
from gateway.translate.edifact.segments import Segment

_TEST = re.compile(r"(?:(?:([A-Z][A-Z0-9]{2})-)?(\d{1,2})(?:\.(\d{1,2}))?=)?([^\[\]=]+)")
_PATH = re.compile(
    r"(?:(?P<group>[A-Z][A-Z0-9]{2})(?:\[(?P<test>[^\[\]]+)\])?/|(?P<here>\./)|)"
    r"(?:(?P<tag>[A-Z][A-Z0-9]{2})(?:\[(?P<which>[^\[\]]+)\])?)?"
    r"(?:-(?P<element>\d{1,2})(?:\.(?P<component>\d{1,2}))?)?"
)


class WrongPath(ValueError):
    """Not a path; the text says why."""


@dataclass(frozen=True, slots=True)
class Test:
    """What a segment must say at one place; `tag` is that of a segment in the group when a group is chosen."""

    tag: str
    element: int
    component: int
    value: str


@dataclass(frozen=True, slots=True)
class Spot:
    """One place that was found: element 0 is the whole segment, component 0 the whole element."""

    segment: Segment
    element: int = 0
    component: int = 0

    @property
    def text(self) -> str:
        """The text of the component, of the first one where the place is wider."""
        return self.segment.said(self.element, self.component or 1) if self.element else ""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, read once at start. `group` is "" for UNB, UNH and what is relative."""

    text: str
    group: str
    test: Test | None
    relative: bool
    tag: str
    which: Test | None
    element: int
    component: int

    def groups(self, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        """The groups it leads to."""
        named = tuple(group for group in groups if group.name == self.group)
        return named if self.test is None else tuple(group for group in named if _any_says(group, self.test))

    def segments(self, groups: tuple[Group, ...]) -> Iterator[Segment]:
        """The segments it leads to in these groups, which `groups` chose or `for` did."""
        for group in groups:
            for segment in group.segments:
                if (not self.tag or segment.tag == self.tag) and (self.which is None or says(segment, self.which)):
                    yield segment

    def spots(self, groups: tuple[Group, ...]) -> Iterator[Spot]:
        """Every place it leads to in these groups that holds something."""
        for segment in self.segments(groups):
            if not self.element or _holds(segment, self.element, self.component):
                yield Spot(segment, self.element, self.component)


def says(segment: Segment, test: Test) -> bool:
    """Whether the segment says it."""
    return segment.said(test.element, test.component) == test.value


def _any_says(group: Group, test: Test) -> bool:
    return any(segment.tag == test.tag and says(segment, test) for segment in group.segments)


def _holds(segment: Segment, element: int, component: int) -> bool:
    if component:
        return bool(segment.said(element, component))
    return element < len(segment.elements) and any(part.strip() for part in segment.elements[element])


def path(text: str) -> Path:
    """Raises WrongPath."""
    found = _PATH.fullmatch(text.strip())
    if not found or not any(found.groupdict().values()):
        raise WrongPath(f"{text} is no path such as S02/RFF[SRI]-1.2")
    group, tag = found["group"] or "", found["tag"] or ""
    if group and not tag and not found["element"]:
        raise WrongPath(f"{text} leads to no segment")
    test, which = _test(found["test"], text), _test(found["which"], text)
    if test and not test.tag:
        raise WrongPath(f"{text}: a group is chosen by one of its segments, as in S01[SEQ-2=1]")
    element = int(found["element"] or 0)
    if (element == 0 and found["element"]) or found["component"] == "0":
        raise WrongPath(f"{text}: elements and components are counted from 1")
    relative = bool(found["here"]) or not (group or tag)
    return Path(text.strip(), group, test, relative, tag, which, element, int(found["component"] or 0))


def group_path(text: str) -> Path | None:
    """A path to a group (`S14`, `S01[SEQ-2=3]`), None when it is a path to segments. Raises WrongPath."""
    found = re.fullmatch(r"([A-Z][A-Z0-9]{2})(?:\[([^\[\]]+)\])?", text.strip())
    if not found:
        return None
    return Path(text.strip(), found[1], _test(found[2], text), False, "", None, 0, 0)


def _test(text: str | None, where: str) -> Test | None:
    if text is None:
        return None
    found = _TEST.fullmatch(text)
    if not found:
        raise WrongPath(f"{where}: [{text}] is no test such as [SRI] or [2.2=TE]")
    return Test(found[1] or "", int(found[2] or 1), int(found[3] or 1), found[4])
