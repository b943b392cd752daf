"""The operators of `_filter`: what each means for a type of parameter. http://hl7.org/fhir/R4/search_filter.html#ops

A parameter finds a set of values: each operator holds where it holds of one of them, `ne` where one is unequal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.domain.searching.matching.texts import folded, strings
from gateway.errors import BadRequest

One = Callable[[Any], bool]
Plain = Callable[[str, str], One]
"""The test of one value by a modifier and a value, as the parameter has it by itself."""

_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda held, wanted: held == wanted,
    "co": lambda held, wanted: wanted in held,
    "sw": lambda held, wanted: held.startswith(wanted),
    "ew": lambda held, wanted: held.endswith(wanted),
}
_ORDERED = ("eq", "gt", "ge", "lt", "le", "ap", "sa", "eb")
_MODIFIERS = {
    "token": {"eq": "", "in": "in", "ss": "above", "sb": "below"},
    "reference": {"eq": "", "re": ""},
    "uri": {"eq": "", "ss": "above", "sb": "below"},
}
SERVED: dict[str, tuple[str, ...]] = {
    "string": ("eq", "ne", "co", "sw", "ew", "pr"),
    "date": (*_ORDERED, "ne", "po", "pr"),
    "number": (*_ORDERED, "ne", "pr"),
    "quantity": (*_ORDERED, "ne", "pr"),
    "composite": ("pr",),
    "special": ("pr",),
} | {kind: (*told, "ne", "pr") for kind, told in _MODIFIERS.items()}


def check(name: str, kind: str, op: str, value: str) -> None:
    """Raises BadRequest unless the operator is served for this type of parameter."""
    if op not in SERVED[kind]:
        hint = f"Served: {', '.join(SERVED[kind])}."
        raise BadRequest("This operator is not served for this parameter", where=name, hint=hint)
    if op == "pr" and value not in ("true", "false"):
        raise BadRequest("`pr` takes true or false", where=name)
    if not value:
        raise BadRequest("A filter takes a value", where=name)


def make(kind: str, op: str, value: str, plain: Plain) -> Callable[[list[Any]], bool]:
    """A test of the values that a parameter finds; `op` was checked. `value` is one value, whatever stands in it."""
    if op == "pr":
        return bool if value == "true" else lambda found: not found
    if op == "ne":
        equal = make(kind, "eq", value, plain)
        return lambda found: any(not equal([item]) for item in found)
    if kind == "string":
        wanted, holds = folded(value), _TEXTS[op]
        return lambda found: any(holds(folded(text), wanted) for item in found for text in strings(item))
    whole = value.replace("\\", "\\\\").replace(",", "\\,")
    if op == "po":  # the periods overlap: neither lies wholly before the other
        after, before = plain("", f"sa{whole}"), plain("", f"eb{whole}")
        within = plain("", f"ap{whole}")  # it has a time at all, and touches
        return lambda found: any(within(item) and not (after(item) or before(item)) for item in found)
    test = plain("", f"{op}{whole}") if kind not in _MODIFIERS else plain(_MODIFIERS[kind][op], whole)
    return lambda found: any(test(item) for item in found)
