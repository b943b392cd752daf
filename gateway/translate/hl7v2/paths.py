"""HL7 v2 for the rules engine: paths compiled to closures over the parsed message.

| path | means |
|---|---|
| `PV1`, `DG1`, `ZBE` | the segments of that name; any name, so Z-segments need no declaration |
| `ROL` | those that belong to PID and PV1, told by the segments before them (parse.ANCHORS) |
| `PID/ROL`, `PV1/ROL`, `PR1/ROL` | those of one of them |
| `OBX`, `SCH/NTE`, `TXA/OBX` | notes and observations likewise |
| `GOL/ROL`, `PRB/NTE`, `PTH/VAR-6` | those in the groups of PPR, PGL, PPP (groups.py); inside `for: GOL` of this one |
| `PID-3` | field 3, all repetitions |
| `PID-3.4`, `PID-3.4.2` | component, sub-component |
| `.4`, `.4.2` | inside `for: PID-3`: of this repetition; inside `for: .4`, `.2` is a sub-component |
| `.` | the thing that `for` gives itself |

A path with a segment name is read from the `for` of that segment around it, otherwise from the message (its first
segment of that name, for lists all of them). The first sub-component of a composite is the value of the whole, so
messages of later versions read like older ones. Places are told as ERR-2 does: `PID^1^3^2^4`. What no version of the
standard has is an error where it is written (standard.py); Z-segments have what their senders give them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.translate.hl7v2 import parse, standard
from gateway.translate.hl7v2.inner import of_group
from gateway.translate.hl7v2.parse import CITIZEN, GROUPED, HOLDERS, NULL, Component, Message, Repetition, Segment
from gateway.translate.rules.reader import Path, PathError

_ABSOLUTE = re.compile(r"(?:([A-Z][A-Z0-9]{2})/)?([A-Z][A-Z0-9]{2})(?:-(\d{1,3})(?:\.(\d{1,3})(?:\.(\d{1,3}))?)?)?")
_RELATIVE = re.compile(r"\.(?:(\d{1,3})(?:\.(\d{1,3}))?)?")

Scope = Any


@dataclass(frozen=True, slots=True)
class _Place:
    """What a path names: `segment` under one of `anchors`, then numbers; 0 is *not narrowed further*."""

    anchors: frozenset[str]
    segment: str
    field: int = 0
    component: int = 0
    subcomponent: int = 0

    @property
    def name(self) -> str:
        other = min(self.anchors - CITIZEN, default="")
        return f"{other}/{self.segment}" if other else self.segment

    @property
    def spelled(self) -> str:
        """`PID-3.4.2`, the absolute normal form."""
        numbers = [str(number) for number in (self.field, self.component, self.subcomponent) if number]
        return f"{self.name}-{'.'.join(numbers)}" if numbers else self.name


def compile_path(path: str, within: tuple[Path, ...]) -> Path:
    """One path of a rule file. Raises PathError with a suggestion where one can be given."""
    relative = _RELATIVE.fullmatch(path)
    if relative:
        return _relative(path, relative, within)
    match = _ABSOLUTE.fullmatch(path)
    if match is None:
        hint = path.upper() if _ABSOLUTE.fullmatch(path.upper()) else path.replace(".", "-", 1)
        raise PathError(f"{path} is no HL7 v2 path", hint if _ABSOLUTE.fullmatch(hint) else "PID-3.4.2")
    segment = match[2]
    numbers = [int(number or 0) for number in match.groups()[2:]]
    if any(number == 0 for number, text in zip(numbers, match.groups()[2:], strict=True) if text is not None):
        raise PathError(f"{path}: fields, components and sub-components count from 1")
    anchors = _anchors(path, match[1] or "", segment)
    standard.check(path, segment, *numbers)
    level = _level(match[1], within) if match[1] in HOLDERS else 0 if match[1] else _level(segment, within)
    if level and not match[1]:  # `NTE-3` inside `for: GOL/NTE` is GOL/NTE-3
        around = within[level - 1].field.rpartition("/")[0]
        anchors = frozenset({around}) if around else anchors
    place = _Place(anchors, segment, *numbers)
    if level and match[1]:
        return of_group(path, place.spelled, level, segment, (place.field, place.component, place.subcomponent))
    if not place.field:
        return _of_segments(path, place, level)
    return _of_field(path, place, level)


def _anchors(path: str, anchor: str, segment: str) -> frozenset[str]:
    if anchor in HOLDERS and segment not in HOLDERS:
        return frozenset({anchor})
    if segment not in GROUPED:
        if anchor:
            raise PathError(f"{path}: {segment} stands in no group", path.partition("/")[2])
        return frozenset()
    if anchor and anchor not in parse.ANCHORS and (anchor, segment) != ("OBX", "PRT"):
        raise PathError(f"{path}: no group begins with {anchor}", f"PID/{path.partition('/')[2]}")
    return frozenset({anchor}) if anchor else CITIZEN


def _level(segment: str, within: tuple[Path, ...]) -> int:
    """The scope that a path with a segment name is read from: the nearest `for` of that segment, or the message."""
    for level in range(len(within), 0, -1):
        if within[level - 1].field.rpartition("/")[2] == segment:
            return level
    return 0


def _relative(path: str, match: re.Match[str], within: tuple[Path, ...]) -> Path:
    """`.4.2`: from the repetition (or component) that the innermost `for` gives."""
    if not within:
        raise PathError(f"{path} needs a `for` around it")
    outer = within[-1]
    if path == ".":
        return _of_scope(outer, len(within))
    first, second = int(match[1]), int(match[2] or 0)
    absolute = _ABSOLUTE.fullmatch(outer.field)
    if absolute is None or absolute[3] is None:
        raise PathError(
            f"{path}: `for: {outer.text}` gives whole segments", f"{outer.field.rpartition('/')[2]}-{path[1:]}"
        )
    if absolute[5] is not None or (absolute[4] is not None and second):
        raise PathError(f"{path}: there is nothing below a sub-component")
    if first == 0 or (match[2] and second == 0):
        raise PathError(f"{path}: components and sub-components count from 1")
    field = f"{outer.field}{path}"
    standard.check(field, absolute[2], *map(int, field.partition("-")[2].split(".")))
    if absolute[4] is not None:
        return _of_component(path, field, len(within), first)
    return _of_repetition(path, field, len(within), first, second)


def _of_scope(outer: Path, level: int) -> Path:
    """`.`: the segment, repetition or component itself."""

    def value(scope: Scope) -> str:
        if isinstance(scope, Repetition):
            return scope.value(1)
        return scope.value() if isinstance(scope, Component) else ""

    def values(scope: Scope) -> Sequence[str]:
        found = value(scope)
        return (found,) if found else ()

    def where(scopes: tuple[Scope, ...]) -> str:
        scope = scopes[level]
        return str(scope.repetition.place(scope.number) if isinstance(scope, Component) else scope.place())

    return Path(
        text=".",
        field=outer.field,
        level=level,
        value=value,
        values=values,
        node=lambda scope: scope,
        nodes=lambda scope: (scope,),
        cleared=lambda scope: False,
        where=where,
        inline={"node": "{s}", "nodes": "({s},)"},
    )


def _of_segments(path: str, place: _Place, level: int) -> Path:
    name, anchors = place.segment, place.anchors

    def nodes(scope: Scope) -> Sequence[Segment]:
        return [scope] if level else scope.all(name, anchors)

    def node(scope: Scope) -> Segment | None:
        found = nodes(scope)
        return found[0] if found else None

    def where(scopes: tuple[Scope, ...]) -> str:
        found = node(scopes[level])
        return found.place() if found is not None else f"{name}^1"

    return Path(
        text=path,
        field=place.spelled,
        level=level,
        value=lambda scope: "",
        values=lambda scope: (),
        node=node,
        nodes=nodes,
        cleared=lambda scope: False,
        where=where,
        inline={} if level else {"nodes": "({segments} or ())", "there": "{segments}"},
        held={
            "segments": f"{{s}}.all({name!r}, {tuple(sorted(anchors))})" if anchors else f"{{s}}.named.get({name!r})"
        },
    )


def _of_field(path: str, place: _Place, level: int) -> Path:
    """A path with a field: the first segment of that name in the message, or the one that `for` gives."""
    name, anchors, field = place.segment, place.anchors, place.field
    component, subcomponent = place.component, place.subcomponent
    of_value = (field, component or 1, subcomponent or 1)

    def segments(scope: Scope) -> Sequence[Segment]:
        return (scope,) if level else scope.all(name, anchors)

    def first(scope: Scope) -> Scope | None:
        found = nodes(scope)
        return found[0] if found else None

    nodes = _nodes(place, level)

    def values(scope: Scope) -> Sequence[str]:
        found = (
            repetition.value(component or 1, subcomponent or 1)
            for segment in segments(scope)
            for repetition in segment.repetitions(field)
        )
        return [text for text in found if text]

    def cleared(scope: Scope) -> bool:
        return any(_deleted(segment, field, component) for segment in segments(scope))

    def where(scopes: tuple[Scope, ...]) -> str:
        found = segments(scopes[level])
        rest = [1, component, subcomponent] if subcomponent else [1, component] if component else []
        return found[0].place(field, *rest) if found else "^".join(map(str, (name, 1, field, *rest)))

    return Path(
        text=path,
        field=place.spelled,
        level=level,
        value=_value(name, anchors, level, of_value),
        values=values,
        node=first,
        nodes=nodes,
        cleared=cleared,
        where=where,
        inline=_inline(name, anchors, level, of_value, not component),
        alike=_alike(anchors, level, field),
        held=_held(name, level),
    )


def _nodes(place: _Place, level: int) -> Callable[[Scope], Sequence[Scope]]:
    """The repetitions of a field (or their components) in the segment that `for` gives or in the whole message."""
    name, anchors, field = place.segment, place.anchors, place.field
    component, subcomponent = place.component, place.subcomponent

    def inner(segment: Segment) -> Sequence[Scope]:
        fields = segment.fields
        if field >= len(fields) or not fields[field]:
            return ()
        found = segment.cut.get(field)
        if found is None:
            found = segment.split(field)
        return _narrow(found, component, subcomponent) if component and found else found

    def of_message(message: Message) -> Sequence[Scope]:
        found = message.named.get(name)
        if found is None:
            return ()
        if anchors:
            found = [segment for segment in found if segment.anchor in anchors]
        if len(found) == 1:
            return inner(found[0])
        return [node for segment in found for node in inner(segment)]

    return inner if level else of_message


def _inline(
    name: str, anchors: frozenset[str], level: int, of_value: tuple[int, int, int], whole: bool
) -> Mapping[str, str]:
    """The same reads as Python expressions, for the cases that need no call: an empty field, a mere code or date, a
    field that was split before."""
    field = of_value[0]
    if field >= parse.FIELDS or (anchors and not level):
        return {}
    text, segment = f"{{fields}}[{field}]", "{s}" if level else f"{{s}}.first[{name!r}]"
    there = text if level else f"{{sole}}[{field}]"
    value = f"({text} and {{call}})"
    if of_value[1:] == (1, 1):
        more = f"{{t}}.strip() if {{s}}.odd({{t}}) is None else {segment}.head({field}, {{t}})"
        value = f"({{t}} if not ({{t}} := {text}) or {{t}}.isalnum() else {more})"
    nodes = node = "{call}"
    if whole:
        several = "" if level else f"{{call}} if {name!r} in {{s}}.several else "
        nodes = f"{several}{segment}.cut.get({field}) or {segment}.split({field})"
        node = f"{several}({{t}}[0] if ({{t}} := {segment}.cut.get({field}) or {segment}.split({field})) else None)"
    nodes, node = f"(({nodes}) if {there} else ())", f"(({node}) if {there} else None)"
    return {"value": value, "nodes": nodes, "node": node, "there": there}


def _alike(anchors: frozenset[str], level: int, field: int) -> str:
    """The text of the whole field; no text where several segments have it."""
    if field >= parse.FIELDS or (anchors and not level):
        return ""
    return f"{{fields}}[{field}]" if level else f"{{sole}}[{field}]"


def _held(name: str, level: int) -> Mapping[str, str]:
    """What of a segment is looked up once for all its fields."""
    if level:
        return {"fields": "{s}.fields"}
    return {"fields": f"{{s}}.at[{name!r}]", "sole": f"{{s}}.sole[{name!r}]"}


def _value(name: str, anchors: frozenset[str], level: int, of_value: tuple[int, int, int]) -> Callable[[Scope], str]:
    """The first text of a field, component or sub-component."""
    field, component, subcomponent = of_value

    def of_segment(segment: Segment) -> str:
        return segment.value(field, component, subcomponent)

    def of_message(message: Message) -> str:
        first = message.first.get(name)
        return first.value(field, component, subcomponent) if first is not None else ""

    def of_group(message: Message) -> str:
        found = (segment.value(field, component, subcomponent) for segment in message.all(name, anchors))
        return next((text for text in found if text), "")

    if level:
        return of_segment
    return of_group if anchors else of_message


def _of_repetition(path: str, field: str, level: int, component: int, subcomponent: int) -> Path:
    index, whole = component - 1, subcomponent < 2
    texts = f"{{texts}}[{index}]"
    inline = {"value": texts, "values": f"(({{t}},) if ({{t}} := {texts}) else ())", "there": texts}

    def value(scope: Repetition) -> str:
        return scope.value(component, subcomponent or 1)

    def values(scope: Repetition) -> Sequence[str]:
        found = scope.value(component, subcomponent or 1)
        return (found,) if found else ()

    def nodes(scope: Repetition) -> Sequence[Scope]:
        return _narrow((scope,), component, subcomponent)

    def node(scope: Repetition) -> Scope | None:
        found = nodes(scope)
        return found[0] if found else None

    def cleared(scope: Repetition) -> bool:
        return scope.part(component) == NULL

    def where(scopes: tuple[Scope, ...]) -> str:
        rest = (component, subcomponent) if subcomponent else (component,)
        return str(scopes[level].place(*rest))

    forms = inline if whole and component <= parse.COMPONENTS else {}
    held = {"texts": "{s}.texts or {s}.said()"}
    return Path(path, field, level, value, values, node, nodes, cleared, where, forms, held=held)


def _of_component(path: str, field: str, level: int, subcomponent: int) -> Path:
    def value(scope: Component) -> str:
        return scope.value(subcomponent)

    def values(scope: Component) -> Sequence[str]:
        found = scope.value(subcomponent)
        return (found,) if found else ()

    def node(scope: Component) -> str | None:
        return scope.value(subcomponent) or None

    def where(scopes: tuple[Scope, ...]) -> str:
        scope: Component = scopes[level]
        return scope.repetition.place(scope.number, subcomponent)

    return Path(path, field, level, value, values, node, values, lambda scope: False, where)


def _narrow(found: Sequence[Repetition], component: int, subcomponent: int) -> Sequence[Scope]:
    """The components (as scopes) or sub-components (as texts) of repetitions, without the empty ones."""
    if subcomponent:
        texts = (repetition.value(component, subcomponent) for repetition in found)
        return [text for text in texts if text]
    return [Component(repetition, component) for repetition in found if repetition.holds(component)]


def _deleted(segment: Segment, field: int, component: int) -> bool:
    """Whether the sender wrote `""` as the field or, for a component path, as that component everywhere it stands."""
    raw = segment.raw(field)
    if raw == NULL or not raw or not component:
        return raw == NULL
    found = segment.repetitions(field)
    return bool(found) and all(repetition.part(component) == NULL for repetition in found)


def valued_fields(message: Message) -> Iterable[str]:
    """Every field that holds a value, spelled like `Path.field`, each once, in the order of the message."""
    found: dict[str, None] = {}
    for segment, *numbers in parse.fields(message):
        grouped = segment.name in GROUPED or (
            segment.anchor in HOLDERS - {segment.name} and (segment.name, segment.number) in message.groups
        )
        anchors = frozenset({segment.anchor}) if grouped else frozenset()
        found[_Place(anchors, segment.name, *numbers).spelled] = None
    return found
