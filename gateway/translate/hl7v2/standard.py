"""Which segments, fields, components and sub-components HL7 v2 has, in any version from 2.2 to 2.9.

From profiles/v2-fields.json (profiles/README.md). Only what rule files ask for is held against it: what a message has
beyond is neither refused nor lost. Z-segments are the sender's own, so whatever a rule reads of them is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import orjson

from gateway.translate.rules.problems import nearest
from gateway.translate.rules.reader import PathError

FILE = Path(__file__).parents[3] / "profiles" / "v2-fields.json"
Shape = Sequence[int]  # the sub-components of each component; empty where the type varies


@cache
def segments() -> dict[str, list[Shape]]:
    """By segment the shapes of its fields. OSError when the table is absent."""
    table = orjson.loads(FILE.read_bytes())
    return {name: [table["shapes"][shape] for shape in fields] for name, fields in table["segments"].items()}


def check(path: str, segment: str, field: int = 0, component: int = 0, subcomponent: int = 0) -> None:
    """Raises PathError, with what was meant, where no version has this; 0 is *not narrowed further*. `path` is how it
    was written."""
    if segment.startswith("Z"):
        return
    fields = segments().get(segment)
    if fields is None:
        meant = nearest(segment, segments())
        raise PathError(f"{path}: no HL7 v2 version has a segment {segment}; a sender's own begin with Z", meant)
    if field > len(fields):
        raise PathError(f"{path}: {segment} has {len(fields)} fields", _meant(f"{segment}-", field, len(fields)))
    shape = fields[field - 1] if field else ()
    if component > len(shape) > 0:
        told = "1 component" if len(shape) == 1 else f"{len(shape)} components"
        raise PathError(f"{path}: {segment}-{field} has {told}", _meant(f"{segment}-{field}.", component, len(shape)))
    most = shape[component - 1] if component and shape else 0
    if subcomponent > most > 0:
        told = "1 sub-component" if most == 1 else f"{most} sub-components"
        at = f"{segment}-{field}.{component}"
        raise PathError(f"{path}: {at} has {told}", _meant(f"{at}.", subcomponent, most))


def _meant(stem: str, number: int, most: int) -> str:
    """The number that is there and looks most like the one that is not."""
    return nearest(f"{stem}{number}", [f"{stem}{there}" for there in range(1, most + 1)])
