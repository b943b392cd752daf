"""A search request, understood: whom it is about, which resources match, and how the answer is cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.identifier import normal
from gateway.domain.searching.extract import Extract, compile_expression
from gateway.domain.searching.match import MODIFIERS, Match, compile_match
from gateway.errors import BadRequest

_RESULT = ("_count", "_offset", "_id", "_format", "_pretty")
MOST = 500
MOST_NAMED = 20
"""So many citizens may one search name: each is looked at and put on record."""

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one type."""

    name: str
    kind: str
    extract: Extract


@dataclass(frozen=True, slots=True)
class Query:
    """`citizens` are Patient ids that the request names, `identifiers` token values (`system|value`) for them."""

    citizens: tuple[str, ...]
    identifiers: tuple[str, ...]
    ids: tuple[str, ...]
    tests: tuple[Callable[[dict[str, Any]], bool], ...]
    count: int
    offset: int

    def matches(self, body: dict[str, Any]) -> bool:
        """Whether every parameter is met."""
        return all(test(body) for test in self.tests)


def parameters(facts: Mapping[str, Mapping[str, Mapping[str, str]]], kind: str) -> dict[str, Parameter]:
    """Every parameter that is served for a type, from `search` of profiles/r4-facts.json."""
    served = {}
    for name, one in facts.get(kind, {}).items():
        extract = compile_expression(one.get("expression", ""))
        if extract is not None and one["type"] in MODIFIERS:
            served[name] = Parameter(name, one["type"], extract)
    return served


def understand(kind: str, served: Mapping[str, Parameter], given: Sequence[tuple[str, str]]) -> Query:
    """The request as a Query. Unknown parameters are refused with the list of served ones: in a system of consents
    a filter that is silently ignored shows more than was asked for."""
    tests: list[Callable[[dict[str, Any]], bool]] = []
    citizens: list[str] = []
    identifiers: list[str] = []
    named: list[str] = []
    limits = {"_count": 50, "_offset": 0}
    for name, value in given:
        plain, _, modifier = name.partition(":")
        if modifier and plain in (*_RESULT, "patient.identifier", "subject.identifier"):
            raise BadRequest("This parameter takes no modifier", where=_safe(name))
        if plain in limits:
            limits[plain] = _number(plain, value)
        elif plain == "_id":
            named += _ids(plain, value)
        elif plain in ("_format", "_pretty"):
            continue
        elif plain not in served and "." not in plain:
            raise _unknown(kind, name, served)
        else:
            _read(kind, served, plain, modifier, value, tests, citizens, identifiers)
    if kind == "Patient":
        citizens += named
    ids = tuple(named)
    if len(citizens) + len(identifiers) + len(ids) > MOST_NAMED:
        raise BadRequest("This search names too many", where=kind, hint=f"At most {MOST_NAMED}.")
    return Query(tuple(citizens), tuple(identifiers), ids, tuple(tests), min(limits["_count"], MOST), limits["_offset"])


def _read(
    kind: str,
    served: Mapping[str, Parameter],
    name: str,
    modifier: str,
    value: str,
    tests: list[Callable[[dict[str, Any]], bool]],
    citizens: list[str],
    identifiers: list[str],
) -> None:
    """One parameter: those that name the citizen say whose parts to read, all others test them."""
    if name in ("patient.identifier", "subject.identifier") or (modifier == "identifier" and name in _WHO):
        identifiers += map(_spelled, value.split(","))
        return
    if "." in name:
        raise _unknown(kind, name, served)
    if kind == "Patient" and name == "identifier" and not modifier:
        identifiers += map(_spelled, value.split(","))
        return
    if name in _WHO and modifier in ("", "Patient"):
        citizens += _ids(name, ",".join(one.removeprefix("Patient/") for one in value.split(",")))
        return
    parameter = served[name]
    match = compile_match(name, parameter.kind, modifier, value)
    tests.append(_test(parameter, match))


def _test(parameter: Parameter, match: Match) -> Callable[[dict[str, Any]], bool]:
    return lambda body: match(parameter.extract(body))


_WHO = ("patient", "subject")


def _spelled(token: str) -> str:
    """`system|value` in the one spelling that identifiers are kept in."""
    system, bar, value = token.partition("|")
    return normal(system, value).key if bar else token


def _ids(name: str, value: str) -> list[str]:
    """Values that are spelled as ids. Anything else in this place may be the number of a person."""
    found = value.split(",")
    if not all(map(_ID.fullmatch, found)):
        raise BadRequest("This is not an id", where=name, hint="Send an identifier as patient.identifier, in a form.")
    return found


def _unknown(kind: str, name: str, served: Mapping[str, Parameter]) -> BadRequest:
    known = sorted({*served, *_RESULT, *(("patient.identifier",) if kind != "Patient" else ())})
    hint = f"Served for {kind}: {', '.join(known)}."
    return BadRequest("This search parameter is not served", where=_safe(name), hint=hint)


def _safe(name: str) -> str:
    """A parameter's name in an error text: only if it looks like a name, since it may be anything."""
    shown = name[:40]
    return shown if all(c.isalpha() or c in "-_:." for c in shown) else "a parameter"


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 7):
        raise BadRequest("This must be a whole number", where=name)
    return int(value)
