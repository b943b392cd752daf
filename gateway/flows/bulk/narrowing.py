"""`_typeFilter`: of a type only what a search would find. http://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters

`Goal?lifecycle-status=active,completed`: several of one type are alternatives, a type that none is of comes whole. They
test each resource as the caller may read it, after redaction, so that nobody finds out by a filter what was hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from gateway.domain.searching.beyond import Asked, Context, Test
from gateway.domain.searching.hops import compile_test
from gateway.domain.searching.query import NO_WORLD, NUMBERED, RESULT
from gateway.errors import BadRequest
from gateway.flows.looking import Seen, opened
from gateway.flows.parts import Gateway
from gateway.store import wire

WHERE = "_typeFilter"
MOST = 20
_NEXT = re.compile(r",(?=[A-Z][A-Za-z]{2,63}\?)")
_ONE = re.compile(r"([A-Z][A-Za-z]{2,63})\?(.+)", re.DOTALL)

Filters = Mapping[str, Sequence[Sequence[Test]]]
"""By type the alternatives, each a list of tests that are all to be met."""


def split(value: str) -> list[str]:
    """The queries of one parameter: a comma stands between two where a type follows it."""
    return _NEXT.split(value)


def compiled(gateway: Gateway, queries: Sequence[str]) -> Filters:
    """What these queries ask for. Raises BadRequest, without a value in it."""
    if len(queries) > MOST:
        raise BadRequest("These are too many filters", where=WHERE, hint=f"At most {MOST}.")
    found: dict[str, list[Sequence[Test]]] = {}
    for query in queries:
        match = _ONE.fullmatch(query)
        if match is None or match[1] not in gateway.search:
            raise BadRequest("A filter is a search of one type", where=WHERE, hint="Goal?lifecycle-status=active")
        found.setdefault(match[1], []).append(tuple(_tests(gateway, match[1], match[2])))
    return found


def _tests(gateway: Gateway, kind: str, query: str) -> Iterator[Test]:
    try:
        given = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST)
    except ValueError:
        raise BadRequest("This filter cannot be read", where=WHERE, hint="Percent-encode it as UTF-8.") from None
    for name, value in given:
        plain, _, modifier = name.partition(":")
        leads = "." in name or (modifier in ("above", "below") and _refers(gateway, kind, plain))
        if plain in RESULT or plain in ("_has", "_filter") or leads:
            raise BadRequest("A filter tests the resource itself", where=f"{WHERE}={kind}?{plain}")
        if plain == "identifier" or name in NUMBERED:
            raise BadRequest("An export names nobody by number", where=f"{WHERE}={kind}?{plain}")
        if name == "_id":
            yield _is_one_of(frozenset(value.split(",")))
        else:
            yield compile_test(Asked(kind, name, value), Context(gateway.search, gateway.here))


def _refers(gateway: Gateway, kind: str, name: str) -> bool:
    return name in gateway.search[kind] and gateway.search[kind][name].kind == "reference"


def _is_one_of(ids: frozenset[str]) -> Test:
    return lambda body, _world: body["id"] in ids


def narrowed(seen: Seen, filters: Filters) -> Seen:
    """The look as far as its resources meet a filter of their type. What is withheld is tested by nothing."""
    if not filters:
        return seen
    tested = [one for one in seen.permitted if one[0].facts.kind in filters]
    bodies = [wire.decode(raw) for raw in opened(replace(seen, permitted=tuple(tested)))]
    met = {part.key for (part, _), body in zip(tested, bodies, strict=True) if _met(filters, body)}
    left = [one for one in seen.permitted if one[0].facts.kind not in filters or one[0].key in met]
    return replace(seen, permitted=tuple(left))


def _met(filters: Filters, body: dict[str, Any]) -> bool:
    return any(all(test(body, NO_WORLD) for test in tests) for tests in filters[body["resourceType"]])
