"""Scopes with parameters: which of the permitted resources a token covers.

`system/Condition.rs?category=problem-list-item` lets its holder see these conditions and no other: in a read, a
search, an include, the composed plan. The resource is tested as this caller may read it, after redaction and without
references to what is hidden, so that nobody finds out by parameters what was taken away. What is not covered is as if
it were not there: it is neither shown nor counted as withheld, and references to it lead nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.decide import Permit
from gateway.domain.redact import redact
from gateway.domain.references import WHOLE, points_at, without
from gateway.domain.resource import Facts
from gateway.domain.scope import Scope, Where, read
from gateway.domain.searching.matching import compile_match
from gateway.domain.searching.parameter import Parameter
from gateway.errors import BadRequest
from gateway.flows.parts import Gateway
from gateway.store import wire
from gateway.store.resources import Sealed

Key = tuple[str, str]


def covered(
    gateway: Gateway, caller: Caller, parts: Sequence[Sealed], permits: Mapping[Key, Permit], persons: Sequence[Facts]
) -> dict[Key, Permit]:
    """The permits for what the scopes cover. Called for callers with parameters in a scope alone; others pay nothing.

    A permit for something that is only referred to (it is not among `parts`) stands when its type is covered without
    parameters: what cannot be tested is not covered.
    """
    held = {part.key: part for part in parts}
    scopes = [one for one in map(read, caller.scopes) if one is not None and ("r" in one.may or "s" in one.may)]
    there = {f"{kind}/{identity}" for kind, identity in permits}

    def shown(part: Sealed, permit: Permit) -> dict[str, Any]:
        body = wire.decode(part.open(permit))
        told = redact(body, permit.redactions) if permit.redactions else body
        hidden = points_at(part.facts, persons) - there if part.facts.data_class not in WHOLE else frozenset()
        return without(told, hidden) if hidden else told

    return {
        key: permit for key, permit in permits.items() if _is_covered(gateway, scopes, held.get(key), permit, shown)
    }


def _is_covered(
    gateway: Gateway, scopes: Sequence[Scope], part: Sealed | None, permit: Permit,
    shown: Callable[[Sealed, Permit], dict[str, Any]],
) -> bool:  # fmt: skip
    kind = permit.kind
    about = [scope for scope in scopes if scope.is_about(kind)]
    if any(not scope.where for scope in about):
        return True
    if part is None or not about:
        return False
    body = shown(part, permit)
    return any(_met(gateway.search.get(kind, {}), scope.where, body) for scope in about)


def covers_body(gateway: Gateway, caller: Caller, body: dict[str, Any]) -> bool:
    """Whether the scopes cover a resource as this caller reads it: nobody's data of a citizen, or composed for it."""
    if not caller.narrowed:
        return True
    scopes = [one for one in map(read, caller.scopes) if one is not None and ("r" in one.may or "s" in one.may)]
    about = [scope for scope in scopes if scope.is_about(body["resourceType"])]
    return any(_met(gateway.search.get(body["resourceType"], {}), scope.where, body) for scope in about)


def _met(served: Mapping[str, Parameter], where: Where, body: dict[str, Any]) -> bool:
    """Whether a resource meets every parameter; one that its type does not have is met by nothing."""
    for name, value in where:
        if name == "_id":
            if body.get("id") not in value.split(","):
                return False
            continue
        parameter = served.get(name)
        match = _compiled(parameter, value) if parameter else None
        if parameter is None or match is None or not match(parameter.extract(body)):
            return False
    return True


@lru_cache(maxsize=1024)
def _compiled(parameter: Parameter, value: str) -> Callable[[list[Any]], bool] | None:
    """The test of a value; None for a value that cannot be of this kind, which nothing meets."""
    try:
        return compile_match(parameter, "", value)
    except BadRequest:
        return None
