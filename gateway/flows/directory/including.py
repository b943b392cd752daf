"""`_include` and `_revinclude` where they lead into the directory: by literal reference, or by an identifier.

R4 3.1.1.5.4. References of citizens' resources to staff, organisations and places are logical: they name an identifier,
and lead to whatever stands in the directory under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.directory import KINDS, identifiers_of, name_of
from gateway.domain.searching.including import MOST_ROUNDS, Include
from gateway.domain.searching.query import Query
from gateway.errors import BadRequest
from gateway.flows.directory.reading import named
from gateway.flows.directory.showing import Shown, allowed, record, shown
from gateway.flows.parts import Gateway
from gateway.store import directory, wire

Body = dict[str, Any]
_ANY = ("*", "")
MOST = 2000
"""So many may one step of a `_revinclude` lead to."""


async def included(
    gateway: Gateway, caller: Caller, query: Query, matches: Sequence[Body], with_them: Sequence[Body] = ()
) -> list[Body]:
    """What of the directory goes with these matches, and by `:iterate` with what was included `with_them` and with what
    this adds: as this caller may see it, each once; put on record before it is given back. Costs nothing where no
    include leads here. Raises BadRequest where it is too much."""
    rules = [one for one in query.includes if _leads_here(one)]
    again = [one for one in rules if one.iterate]
    if not (rules and matches):
        return []
    there = {_key(one) for one in (*matches, *with_them)}
    found = await _reached(gateway, caller, rules, matches)
    found += await _reached(gateway, caller, again, with_them)
    kept: dict[tuple[str, str], Body] = {}
    for _ in range(MOST_ROUNDS):
        begun = {_key(one): one for one in found if _key(one) not in there}
        there |= begun.keys()
        kept |= begun
        if not (begun and again):
            break
        found = await _reached(gateway, caller, again, list(begun.values()))
    told = [kept[key] for key in sorted(kept)]
    if told:
        await record(gateway, caller, "search-type", query.kind, f"_include of {query.kind}", Shown(tuple(told), ()))
    return told


def _key(body: Body) -> tuple[str, str]:
    return body["resourceType"], body["id"]


async def _reached(gateway: Gateway, caller: Caller, rules: Sequence[Include], begun: Sequence[Body]) -> list[Body]:
    """What one step of these rules leads to."""
    forward = [one for one in rules if not one.reverse]
    found = await _forward(gateway, caller, forward, begun) if forward and begun else []
    for rule in rules:
        found += await _backward(gateway, caller, rule, begun) if rule.reverse and begun else []
    return found


def _leads_here(rule: Include) -> bool:
    return rule.source in (*KINDS, *_ANY) if rule.reverse else rule.target in (*KINDS, *_ANY)


async def _forward(gateway: Gateway, caller: Caller, rules: Sequence[Include], matches: Sequence[Body]) -> list[Body]:
    asked: dict[str, set[str]] = {}  # by name, the types that it may be
    for body in matches:
        for rule in rules:
            if rule.source in ("*", body["resourceType"]):
                for reference in _references(gateway, body, rule):
                    for name in filter(_may_be_here, name_of(reference)):
                        asked.setdefault(name, set()).add(rule.target)
    bodies = [wire.decode(one) for one in await named(gateway, caller, asked)] if asked else []
    return [one for one in bodies if _wanted(one, asked)]


def _may_be_here(name: str) -> bool:
    """Whether a name is an identifier, or a literal reference to a type of the directory: a citizen's is not asked."""
    return "|" in name or name.partition("/")[0] in KINDS


def _wanted(body: Body, asked: dict[str, set[str]]) -> bool:
    names = (f"{body['resourceType']}/{body['id']}", *identifiers_of(body))
    return any(not asked[name].isdisjoint({"", body["resourceType"]}) for name in names if name in asked)


async def _backward(gateway: Gateway, caller: Caller, rule: Include, matches: Sequence[Body]) -> list[Body]:
    aims = [one for one in matches if rule.target in ("", one["resourceType"])]
    names = {name for one in aims for name in (f"{one['resourceType']}/{one['id']}", *identifiers_of(one))}
    kinds = KINDS if rule.source in _ANY else (rule.source,)
    covered, seen = [one for one in kinds if caller.covers(one)], allowed(gateway, caller)
    entries = await directory.referring(gateway.database, covered, sorted(names), seen, MOST + 1)
    if len(entries) > MOST:
        raise BadRequest("This includes too much", where="_revinclude", hint="Ask for a smaller page with _count.")
    bodies = shown(gateway, caller, entries).bodies
    return [one for one in bodies if not names.isdisjoint(_named_by(gateway, one, rule))]


def _named_by(gateway: Gateway, body: Body, rule: Include) -> set[str]:
    return {name for reference in _references(gateway, body, rule) for name in name_of(reference)}


def _references(gateway: Gateway, body: Body, rule: Include) -> list[Body]:
    """What a resource refers to by the parameter of a rule, or by any."""
    rows = gateway.search.get(body["resourceType"], {})
    chosen = rows.values() if rule.parameter in _ANY else [rows[rule.parameter]] if rule.parameter in rows else []
    found = [item for row in chosen if row.kind == "reference" for item in row.extract(body)]
    return [one for one in found if isinstance(one, dict)]
