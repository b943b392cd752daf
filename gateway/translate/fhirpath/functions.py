"""The functions of FHIRPath: http://hl7.org/fhirpath/N1/#functions."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gateway.translate.fhirpath.items import Item, Undecided, alike
from gateway.translate.fhirpath.scope import Distinct, Items, Scope, distinct, single, told, truth

_LONGEST = 512
Each = Callable[[Item, int], Items]


def _where(focus: Items, test: Each, scope: Scope) -> Items:
    return [item for at, item in enumerate(focus) if truth(test(item, at)) is True]


def _select(focus: Items, made: Each, scope: Scope) -> Items:
    return [found for at, item in enumerate(focus) for found in made(item, at)]


def _all(focus: Items, test: Each, scope: Scope) -> Items:
    return told(all(truth(test(item, at)) is True for at, item in enumerate(focus)))


def _repeat(focus: Items, made: Each, scope: Scope) -> Items:
    """What is found again is neither added nor looked into again:
    http://hl7.org/fhirpath/N1/#repeatprojection-expression-collection"""
    found = Distinct(scope)
    waiting = deque(focus)
    while waiting:
        waiting += [one for one in made(waiting.popleft(), 0) if found.add(one)]
    return found.items


EACH: dict[str, Callable[[Items, Each, Scope], Items]] = {
    "where": _where, "select": _select, "all": _all, "repeat": _repeat,
}  # fmt: skip


def _descendants(focus: Items, _: list[Items], scope: Scope) -> Items:
    found: Items = []
    for item in focus:
        for below in item.under():
            scope.spent.step()
            found.append(below)
    return found


def _resolve(focus: Items, _: list[Items], scope: Scope) -> Items:
    """What is contained; what is elsewhere cannot be known here."""
    found: Items = []
    for item in focus:
        held = item.value.get("reference") if isinstance(item.value, dict) else item.value
        if not isinstance(held, str):
            continue
        if not held.startswith("#"):
            raise Undecided
        found += [one for one in scope.root.below("contained") if one.value.get("id") == held[1:]]
    return found


def _text(act: Callable[..., Any], *kinds: type) -> Callable[[Items, list[Items], Scope], Items]:
    """A function of one text and further values of these kinds; nothing where one of them is missing."""

    def made(focus: Items, arguments: list[Items], scope: Scope) -> Items:
        values = [single(focus), *(single(argument) for argument in arguments)]
        if any(value is None for value in values):
            return []
        if any(type(value) is not kind for value, kind in zip(values, (str, *kinds), strict=False)):
            raise Undecided
        found = act(*values)
        return [] if found is None else [Item(found)]

    return made


def _says(act: Callable[[str, str], bool]) -> Callable[[Items, list[Items], Scope], Items]:
    """Whether a text has a part. What is not there has none: FHIRPath says empty, but R4's invariants (bdl-8, eld-12)
    are written for false."""

    def made(focus: Items, arguments: list[Items], scope: Scope) -> Items:
        return _text(act, str)(focus, arguments, scope) or told(False)

    return made


def _matches(text: str, pattern: str) -> bool:
    return _pattern(pattern).search(_short(text)) is not None


def _replaced(text: str, pattern: str, by: str) -> str:
    try:
        return _pattern(pattern).sub(by, _short(text))
    except (re.error, IndexError):  # it names a group that the pattern has not
        raise Undecided from None


def _substring(text: str, at: int, length: int | None = None) -> str | None:
    """Nothing where it would begin outside the text: http://hl7.org/fhirpath/N1/#substringstart-integer-length-integer"""
    if not 0 <= at < len(text):
        return None
    return text[at:] if length is None else text[at : at + max(length, 0)]


def _integer(focus: Items, _: list[Items], __: Scope) -> Items:
    value = single(focus)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value, re.ASCII):
        return [Item(int(value))]
    return [Item(int(value))] if isinstance(value, int) else []


def spelled(value: Any) -> str | None:
    """A value as text: http://hl7.org/fhirpath/N1/#tostring-string. None for what has none."""
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _spelled(focus: Items, _: list[Items], __: Scope) -> Items:
    text = spelled(single(focus))
    return [] if text is None else [Item(text)]


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error:
        raise Undecided from None


def _short(text: str) -> str:
    """A text that a pattern may go over: patterns of definitions were not written with hostile texts in mind."""
    if len(text) > _LONGEST:
        raise Undecided
    return text


def _not(focus: Items, _: list[Items], __: Scope) -> Items:
    value = truth(focus)
    return told(None if value is None else not value)


def _is_distinct(focus: Items, _: list[Items], scope: Scope) -> Items:
    return told(len(distinct(focus, scope)) == len(focus))


def _intersect(focus: Items, arguments: list[Items], scope: Scope) -> Items:
    scope.spent.step(len(focus) * len(arguments[0]))
    return distinct([item for item in focus if any(alike(item, other) for other in arguments[0])], scope)


def _subset(focus: Items, arguments: list[Items], scope: Scope) -> Items:
    scope.spent.step(len(focus) * len(arguments[0]))
    return told(all(any(alike(item, other) for other in arguments[0]) for item in focus))


def _extension(focus: Items, arguments: list[Items], _: Scope) -> Items:
    url = single(arguments[0])
    return [below for item in focus for below in item.below("extension") if below.value.get("url") == url]


def _has_value(focus: Items, _: list[Items], __: Scope) -> Items:
    return told(len(focus) == 1 and focus[0].value is not None and not isinstance(focus[0].value, dict))


WHOLE: dict[str, Callable[[Items, list[Items], Scope], Items]] = {
    "exists": lambda focus, _, __: told(bool(focus)),
    "empty": lambda focus, _, __: told(not focus),
    "not": _not,
    "count": lambda focus, _, __: [Item(len(focus))],
    "first": lambda focus, _, __: focus[:1],
    "last": lambda focus, _, __: focus[-1:],
    "tail": lambda focus, _, __: focus[1:],
    "hasValue": _has_value,
    "distinct": lambda focus, _, scope: distinct(focus, scope),
    "isDistinct": _is_distinct,
    "trace": lambda focus, _, __: focus,
    "children": lambda focus, _, __: [below for item in focus for below in item.below()],
    "descendants": _descendants,
    "combine": lambda focus, arguments, _: [*focus, *arguments[0]],
    "union": lambda focus, arguments, scope: distinct([*focus, *arguments[0]], scope),
    "intersect": _intersect,
    "subsetOf": _subset,
    "allTrue": lambda focus, _, __: told(all(item.value is True for item in focus)),
    "resolve": _resolve,
    "extension": _extension,
    "toInteger": _integer,
    "toString": _spelled,
    "startsWith": _says(lambda text, start: text.startswith(start)),
    "endsWith": _says(lambda text, end: text.endswith(end)),
    "contains": _says(lambda text, part: part in text),
    "substring": _text(_substring, int, int),
    "length": _text(len),
    "matches": _text(_matches, str),
    "replaceMatches": _text(_replaced, str, str),
    "lower": _text(str.lower),
    "upper": _text(str.upper),
}
