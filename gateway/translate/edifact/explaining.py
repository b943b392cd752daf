"""`gateway explain` of an EDIFACT letter: the trace of the letter tree, told in segments.

Every element was made twice: from its segment by mappings/edifact, into FHIR by mappings/oioxml. A row names both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.translate.edifact.converting import Converted, Origin
from gateway.translate.oioxml import tree
from gateway.translate.rules.trace import UNREAD, Explanation, Row, Unread, holds


def explained(found: Explanation, made: Converted) -> Explanation:
    """The same explanation with fields and places of the message, and the components that no table read."""
    by_field: dict[str, list[Origin]] = {}
    for origin in made.origins:
        by_field.setdefault(_field(origin), []).append(origin)
    rows = tuple(_row(row, by_field, made) for row in found.rows)
    left = tuple(Unread(_told(one.field, by_field, made), one.reason) for one in found.unread)
    return replace(found, rows=rows, unread=tuple(dict.fromkeys((*left, *_unread(made)))))


def _field(origin: Origin) -> str:
    """The element as rule files name it: `Patient/CivilRegistrationNumber`."""
    path = [tree.name(one) for one in (origin.node, *origin.node.iterancestors())]
    names = list(reversed(path))[1:]  # without Emessage
    return "/".join(names if names[0] == "Envelope" else names[1:])


def _origins(field: str, by_field: dict[str, list[Origin]]) -> list[Origin]:
    return [origin for known, origins in by_field.items() if holds(field, known) for origin in origins]


def _row(row: Row, by_field: dict[str, list[Origin]], made: Converted) -> Row:
    origins = [origin for field in row.fields for origin in _origins(field, by_field)]
    if not origins:
        return row
    fields = tuple(dict.fromkeys(origin.field for origin in origins))
    places = tuple(dict.fromkeys(_place(origin, made) for origin in origins))
    return Row(row.target, fields, places, " < ".join(dict.fromkeys((row.rule, *(origin.rule for origin in origins)))))


def _place(origin: Origin, made: Converted) -> str:
    return f"{made.place(origin.segment)}, line {origin.segment.line}"


def _told(field: str, by_field: dict[str, list[Origin]], made: Converted) -> str:
    origins = _origins(field, by_field)
    return f"{origins[0].field} as {field}" if origins else field


def _unread(made: Converted) -> Iterator[Unread]:
    """Every component that holds something and was not read, once for each field."""
    group = ""
    for segment in (*made.message.segments,):
        group = segment.tag if segment.tag in made.table.shapes and segment.tag != "UNH" else group
        name = f"{group}/{segment.tag}" if group and segment.tag != "UNT" else segment.tag
        for at, element in enumerate(segment.elements[1:], 1):
            for number, part in enumerate(element, 1):
                if part.strip() and (segment.number, at, number) not in made.used:
                    component = f".{number}" if len(element) > 1 else ""
                    yield _with_reason(f"{name}-{at}{component}", made)


def _with_reason(field: str, made: Converted) -> Unread:
    reasons = [reason for skipped, reason in made.table.skip.items() if holds(skipped, field)]
    return Unread(field, reasons[0] if reasons else UNREAD)
