"""How a search value matches what a parameter finds: by type of parameter, with its modifiers and prefixes.

R4 search 3.1.1.4. A value with a comma is an OR, a repeated parameter an AND (query.py combines those). What a test
costs is linear in the value and in what is searched: nothing here is a regular expression made from a request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.domain.searching.matching import composite, dates, numbers, references, texts, tokens
from gateway.domain.searching.parameter import Parameter
from gateway.errors import BadRequest

Match = Callable[[list[Any]], bool]
One = Callable[[Any], bool]

MODIFIERS = {
    "token": ("missing", "not", "text", "of-type"),
    "reference": ("missing", "identifier"),
    "date": ("missing",),
    "string": ("missing", "exact", "contains"),
    "uri": ("missing", "above", "below"),
    "quantity": ("missing",),
    "number": ("missing",),
    "composite": ("missing",),
}
MOST_VALUES = 200
"""So many alternatives may one value hold."""

_MAKERS: dict[str, Callable[[str, str, str], One]] = {
    "token": tokens.make, "date": dates.make, "string": texts.string, "uri": texts.uri,
    "quantity": numbers.quantity, "number": numbers.number,
}  # fmt: skip


def compile_match(parameter: Parameter, modifier: str, value: str, own: str = "") -> Match:
    """A test of a parameter's extracted values. Raises BadRequest that names the parameter, never the value."""
    name, kind = parameter.name, parameter.kind
    if modifier == "missing":
        if value not in ("true", "false"):
            raise BadRequest("`:missing` takes true or false", where=name)
        return (lambda found: not found) if value == "true" else bool
    check_modifier(parameter, modifier)
    wanted = split(value, ",")
    if len(wanted) > MOST_VALUES:
        raise BadRequest("This holds too many alternatives", where=name, hint=f"At most {MOST_VALUES}.")
    tests = [_one(parameter, kind, modifier, one, own) for one in wanted]
    if modifier == "not":
        return lambda found: not any(test(item) for test in tests for item in found)
    return lambda found: any(test(item) for test in tests for item in found)


def check_modifier(parameter: Parameter, modifier: str) -> None:
    """Raises BadRequest unless this modifier is served for the parameter. `:Type` must be a type it may lead to."""
    served = MODIFIERS[parameter.kind]
    if not modifier or modifier in served:
        return
    if parameter.kind == "reference" and modifier[:1].isupper():
        if not parameter.targets or modifier in parameter.targets:
            return
        served = (*served, *parameter.targets)
    raise BadRequest(
        "This modifier is not served for this parameter", where=parameter.name, hint=f"Served: {', '.join(served)}."
    )


def _one(parameter: Parameter, kind: str, modifier: str, value: str, own: str) -> One:
    if kind == "reference":
        return references.make(parameter.name, modifier, value, own)
    if kind == "composite":
        parts = split(value, "$")
        if len(parts) != len(parameter.components):
            raise BadRequest(
                "This takes one value for each of its parts", where=parameter.name, hint="Put $ between them."
            )
        made = [_part(parameter, one.kind, part, own) for one, part in zip(parameter.components, parts, strict=True)]
        return composite.make([one.extract for one in parameter.components], made)
    # A token keeps its escaped bars until system and code are told apart.
    return _MAKERS[kind](parameter.name, modifier, value)


def _part(parameter: Parameter, kind: str, value: str, own: str) -> One:
    if not value:
        raise BadRequest("A part of this value is empty", where=parameter.name)
    return _one(Parameter(parameter.name, kind, parameter.extract), kind, "", value, own)


def split(value: str, mark: str) -> list[str]:
    r"""A value apart at a mark that no backslash stands before (3.1.1.4.0.1); the empty parts are left out.

    >>> split(r"a\,b,c,", ",")
    ['a\\,b', 'c']
    """
    parts, begun, place = [], 0, 0
    while place < len(value):
        if value[place] == "\\":
            place += 1
        elif value[place] == mark:
            parts.append(value[begun:place])
            begun = place + 1
        place += 1
    return [part for part in [*parts, value[begun:]] if part or mark == "$"]
