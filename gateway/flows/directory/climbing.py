"""What stands below or above something in the directory: `location:below`, `organization:above`. R4 3.1.1.4.14."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.searching.beyond import Question, names_in, own_names
from gateway.domain.searching.matching import HIERARCHY
from gateway.errors import BadRequest
from gateway.flows.directory.showing import of_table, shown
from gateway.flows.parts import Gateway
from gateway.store.directory import Climb, Entry

Body = dict[str, Any]
MOST = 2000
"""So many names may a hierarchy hold."""


def climb(gateway: Gateway, caller: Caller, question: Question) -> Climb:
    """What the store is asked for. It goes by every reference to a thing of the same type; which of them lead up is
    seen in what comes."""
    kind, identity = question.asked.kind, question.identity
    told = of_table(gateway, caller, f"{kind}/{identity}")
    return Climb(kind, identity, tuple(own_names(told)) if told else (), question.below, MOST + 1)


def climbed(gateway: Gateway, caller: Caller, question: Question, entries: Sequence[Entry]) -> frozenset[str]:
    """The names of one of the directory and of those below (or above) it, as far as this caller may see them; none
    where that is not there, or not this caller's to see."""
    kind, url = question.asked.kind, gateway.here.url
    parameter = gateway.search[kind][HIERARCHY[kind]]
    if len(entries) > MOST:
        raise _too_much(kind)
    told, there = of_table(gateway, caller, f"{kind}/{question.identity}"), shown(gateway, caller, entries).bodies
    above = [{name for item in parameter.extract(one) for name in names_in(item, url)} for one in there]
    level = [told] if told else [one for one in there if one["id"] == question.identity]
    names = _names(level)
    while level:
        if question.below:
            reached = _names(level)
            level = [one for one, up in zip(there, above, strict=True) if not reached.isdisjoint(up)]
        else:
            wanted = {name for one in level for item in parameter.extract(one) for name in names_in(item, url)}
            level = [*_of_tables(gateway, caller, kind, wanted), *_going_by(there, wanted)]
        level = [] if _names(level) <= names else level
        names |= _names(level)
        if len(names) > MOST:
            raise _too_much(kind)
    return names


def _of_tables(gateway: Gateway, caller: Caller, kind: str, wanted: set[str]) -> list[Body]:
    found = (of_table(gateway, caller, name) for name in sorted(wanted))
    return [one for one in found if one and one["resourceType"] == kind]


def _going_by(bodies: Iterable[Body], wanted: set[str]) -> list[Body]:
    return [one for one in bodies if not wanted.isdisjoint(own_names(one))]


def _names(level: Iterable[Body]) -> frozenset[str]:
    return frozenset(name for one in level for name in own_names(one))


def _too_much(kind: str) -> BadRequest:
    return BadRequest("There is too much above or below this", where=kind, hint="Ask for one that is nearer.")
