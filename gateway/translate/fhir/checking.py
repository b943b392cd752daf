"""A check as Python source: for objects of one shape that have the same elements.

Every name in it is made here; names of elements are R4's own. It raises Doubt, or whatever a value of another type than
is looked for raises, where the object does not fit; it notes what it is to note (`Seen` of flawless.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gateway.translate.fhir.kinds import Kind, Shape


class Doubt(Exception):
    """Something does not fit, or cannot be judged at a glance."""


def check(shape: Shape, names: Sequence[str]) -> Callable[[dict[str, Any], Any], None]:
    """The check of objects with these elements, which the shape allows; it takes the object and its `Seen`."""
    bound: dict[str, Any] = {"Doubt": Doubt, "further": shape.further}
    lines = ["def check(node, seen):"]
    for at, name in enumerate(names):
        if name != "resourceType":  # by which the shape was found
            lines += _element(shape.table[name], f"node[{name!r}]", str(at), bound)
    if shape.further:
        lines.append("    if not further(node): raise Doubt")
    lines.append("    seen.noted.append(node)" if shape.noted else "    return")
    exec("\n".join(lines), bound)  # noqa: S102 - our own text
    made: Callable[[dict[str, Any], Any], None] = bound["check"]
    return made


def _element(kind: Kind, value: str, at: str, bound: dict[str, Any]) -> Iterator[str]:
    if kind.items is None:
        yield from (f"    {line}" for line in _one(kind, value, at, bound))
        return
    yield f"    several = {value}"
    yield "    if type(several) is not list or not several: raise Doubt"
    yield "    for one in several:"
    yield from (f"        {line}" for line in _one(kind.items, "one", at, bound))


def _one(kind: Kind, value: str, at: str, bound: dict[str, Any]) -> Iterator[str]:
    if kind.resource:
        yield f"seen.within({value})"
    elif kind.shape:
        bound[f"checks{at}"] = kind.shape.checks
        if value != "one":
            yield f"one = {value}"
        yield f"checks{at}[tuple(one)](one, seen)"
    else:
        bound |= {f"known{at}": kind.known, f"glance{at}": kind.glance, f"fits{at}": kind.fits}
        told = [f"{value} in known{at}"] if kind.known is not None else []
        told += [f"glance{at}({value})"] if kind.glance else []
        yield f"if not ({' or '.join([*told, f'fits{at}({value})'])}): raise Doubt"
