"""What stands below or above something in the directory: `location:below`, `organization:above`. R4 3.1.1.4.14."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.searching.beyond import Question, names_in, own_names
from gateway.domain.searching.matching import HIERARCHY
from gateway.errors import BadRequest
from gateway.flows.directory.showing import allowed, of_table, shown
from gateway.flows.parts import Gateway
from gateway.store import directory
from gateway.store.directory import Reader

Body = dict[str, Any]
MOST = 2000
"""So many names may a hierarchy hold."""


async def climbed(gateway: Gateway, caller: Caller, question: Question, reader: Reader) -> frozenset[str]:
    """The names of one of the directory and of those below (or above) it, as far as this caller may see them; none
    where that is not there, or not this caller's to see."""
    kind = question.asked.kind
    begun = await _one(gateway, caller, reader, kind, question.identity)
    names = frozenset(name for one in begun for name in own_names(one))
    level: Sequence[Body] = begun
    while level:
        level = await _next(gateway, caller, reader, question, level)
        found = frozenset(name for one in level for name in own_names(one))
        level = [] if found <= names else level
        names |= found
        if len(names) > MOST:
            raise _too_much(kind)
    return names


def _too_much(kind: str) -> BadRequest:
    return BadRequest("There is too much above or below this", where=kind, hint="Ask for one that is nearer.")


async def _one(gateway: Gateway, caller: Caller, reader: Reader, kind: str, identity: str) -> list[Body]:
    told = of_table(gateway, caller, f"{kind}/{identity}")
    entry = None if told else await directory.find(reader, kind, identity.replace("\0", ""))
    if told:
        return [told]
    return list(shown(gateway, caller, [entry] if entry and not entry.withdrawn else []).bodies)


async def _next(
    gateway: Gateway, caller: Caller, reader: Reader, question: Question, level: Sequence[Body]
) -> list[Body]:
    """Those right below a level, or right above it."""
    kind, url = question.asked.kind, gateway.here.url
    parameter = gateway.search[kind][HIERARCHY[kind]]

    def above(body: Body) -> set[str]:
        return {name for one in parameter.extract(body) for name in names_in(one, url)}

    if question.below:
        names = _names(level)
        entries = await directory.referring(reader, [kind], sorted(names), allowed(gateway, caller), MOST + 1)
        if len(entries) > MOST:
            raise _too_much(kind)
        return [one for one in shown(gateway, caller, entries).bodies if not names.isdisjoint(above(one))]
    wanted = {name for one in level for name in above(one)}
    told = [one for name in sorted(wanted) if (one := of_table(gateway, caller, name)) and kind == "Organization"]
    entries = await directory.named(reader, sorted(wanted)) if wanted else []
    return [*told, *shown(gateway, caller, [one for one in entries if one.kind == kind]).bodies]


def _names(level: Iterable[Body]) -> set[str]:
    return {name for one in level for name in own_names(one)}
