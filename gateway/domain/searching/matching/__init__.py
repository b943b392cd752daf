"""How a search value matches what a parameter finds: by type of parameter, with its modifiers and prefixes.

R4 search 3.1.1.4. A value with a comma is an OR, a repeated parameter an AND (query.py combines those). What a test
costs is linear in the value and in what is searched: nothing here is a regular expression made from a request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.domain.searching.matching import (
    ages,
    composite,
    dates,
    numbers,
    operators,
    places,
    references,
    texts,
    tokens,
)
from gateway.domain.searching.matching.here import NOWHERE, Here
from gateway.domain.searching.matching.texts import apart
from gateway.domain.searching.parameter import Parameter
from gateway.errors import BadRequest

Match = Callable[[list[Any]], bool]
One = Callable[[Any], bool]

MODIFIERS = {
    "token": ("missing", "not", "text", "of-type", "in", "not-in", "above", "below"),
    "reference": ("missing", "identifier", "above", "below"),
    "date": ("missing",),
    "string": ("missing", "exact", "contains"),
    "uri": ("missing", "above", "below"),
    "quantity": ("missing",),
    "number": ("missing",),
    "composite": ("missing",),
    "special": ("missing",),
}
HIERARCHY = {
    "CarePlan": "part-of", "Encounter": "part-of", "Task": "part-of", "Communication": "part-of",
    "Procedure": "part-of", "Location": "partof", "Organization": "partof",
}  # fmt: skip
"""Types whose resources stand below others of the same type, by which parameter. R4 3.1.1.4.14: `:above`, `:below`."""
_NEITHER = ("above", "below")
_OF_TYPE = "of-type"  # an Identifier has a type, no other token
_IDENTIFIERS = ("identifier", "group-identifier")
_CANONICAL = "instantiates-canonical"  # the one reference of R4's parameters that is a canonical URL
MOST_VALUES = 200
"""So many alternatives may one value hold."""

_MAKERS: dict[str, Callable[[str, str, str], One]] = {
    "string": texts.string, "uri": texts.uri,
    "quantity": numbers.quantity, "number": numbers.number,
}  # fmt: skip


def compile_match(parameter: Parameter, modifier: str, value: str, here: Here = NOWHERE) -> Match:
    """A test of a parameter's extracted values. Raises BadRequest that names the parameter, never the value."""
    name, kind = parameter.name, parameter.kind
    if modifier == "missing":
        if value not in ("true", "false"):
            raise BadRequest("`:missing` takes true or false", where=name)
        return (lambda found: not found) if value == "true" else bool
    check_modifier(parameter, modifier)
    wanted = split(value, ",")
    if not wanted:
        raise BadRequest("This takes a value", where=name, hint="What has none is found by :missing=true.")
    if len(wanted) > MOST_VALUES:
        raise BadRequest("This holds too many alternatives", where=name, hint=f"At most {MOST_VALUES}.")
    tests = [_one(parameter, kind, modifier, one, here) for one in wanted]
    if modifier in ("not", "not-in"):
        return lambda found: not any(test(item) for test in tests for item in found)
    return lambda found: any(test(item) for test in tests for item in found)


def compile_operator(parameter: Parameter, op: str, value: str, here: Here = NOWHERE) -> Match:
    """A test of a parameter's extracted values by an operator of `_filter`. Raises BadRequest as `compile_match`."""
    kind = "special" if parameter.name in ("_content", "_text", "phonetic", "age") else parameter.kind
    operators.check(parameter.name, kind, op, value)

    def plain(modifier: str, value: str) -> One:
        check_modifier(parameter, modifier)
        return _one(parameter, parameter.kind, modifier, value, here)

    return operators.make(kind, op, value, plain)


def check_modifier(parameter: Parameter, modifier: str) -> None:
    """Raises BadRequest unless this modifier is served for the parameter. `:Type` must be a type it may lead to."""
    served = modifiers_of(parameter)
    if not modifier or modifier in served:
        return
    if parameter.kind == "reference" and modifier[:1].isupper():
        if not parameter.targets or modifier in parameter.targets:
            return
        served = (*served, *parameter.targets)
    raise BadRequest(
        "This modifier is not served for this parameter", where=parameter.name, hint=f"Served: {', '.join(served)}."
    )


def modifiers_of(parameter: Parameter) -> tuple[str, ...]:
    """The modifiers that are served for a parameter; those of a reference's types aside."""
    served = MODIFIERS[parameter.kind]
    if parameter.name == "_filter":
        return ()
    if parameter.name in ("_content", "_text", "phonetic"):
        return ("missing",)
    if parameter.kind == "token" and parameter.name not in _IDENTIFIERS:
        return tuple(one for one in served if one != _OF_TYPE)
    if parameter.kind == "reference" and not HIERARCHY.keys() & set(parameter.targets):
        return tuple(one for one in served if one not in _NEITHER or (one, parameter.name) == ("below", _CANONICAL))
    return served


def _one(parameter: Parameter, kind: str, modifier: str, value: str, here: Here) -> One:
    if kind == "reference":
        return references.make(parameter.name, modifier, value, here.url)
    if kind == "token":  # keeps its escaped bars until system and code are told apart
        return tokens.make(parameter.name, modifier, value, here)
    if kind == "date":
        return dates.make(parameter.name, modifier, value, here)
    if parameter.name == "age":
        return ages.age(parameter.name, value, here)
    if kind == "special":
        return places.near(parameter.name, value)
    if kind == "composite":
        parts = split(value, "$")
        if len(parts) != len(parameter.components):
            raise BadRequest(
                "This takes one value for each of its parts", where=parameter.name, hint="Put $ between them."
            )
        made = [_part(parameter, one.kind, part, here) for one, part in zip(parameter.components, parts, strict=True)]
        return composite.make([one.extract for one in parameter.components], made)
    return _MAKERS[kind](parameter.name, modifier, value)


def _part(parameter: Parameter, kind: str, value: str, here: Here) -> One:
    if not value:
        raise BadRequest("A part of this value is empty", where=parameter.name)
    return _one(Parameter(parameter.name, kind, parameter.extract), kind, "", value, here)


def split(value: str, mark: str) -> list[str]:
    r"""A value apart at a mark that no backslash stands before (3.1.1.4.0.1); the empty parts are left out.

    >>> split(r"a\,b,c,", ",")
    ['a\\,b', 'c']
    """
    return [part for part in apart(value, mark) if part or mark == "$"]
