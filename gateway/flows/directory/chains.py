"""Chains that lead into the directory: `service-provider.name`, `_has:PractitionerRole:practitioner:role`.

Asked before anything is matched, of what this caller may see: the answer is names, the same whoever is searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.searching.beyond import Question, names_in, own_names
from gateway.domain.searching.world import World
from gateway.errors import BadRequest
from gateway.flows.directory.candidates import Asked, candidates
from gateway.flows.directory.climbing import climbed
from gateway.flows.directory.finding import narrowed
from gateway.flows.parts import Gateway
from gateway.flows.search.worlds import Answers, hops
from gateway.store.directory import Reader

MOST_LOOKED_AT, MOST_NAMES = 5000, 2000
"""So many may a chain look at, and so many names may it lead to."""

Body = dict[str, Any]


async def answered(
    gateway: Gateway, caller: Caller, questions: Sequence[Question], reader: Reader | None = None
) -> Answers:
    """By what names goes whatever questions lead to here, as far as this caller may see it. What they pass through
    decides what matches, so the token must both read and search it. Raises BadRequest where that is too much."""
    reader = reader or gateway.database
    made: dict[Question, frozenset[str]] = {}
    for one in questions:
        if not hops(caller)(one.asked.kind):
            made[one] = frozenset()
        elif one.identity:
            made[one] = await climbed(gateway, caller, one, reader)
        else:
            made[one] = await _met(gateway, caller, one, await answered(gateway, caller, one.beyond, reader), reader)
    return made


async def _met(gateway: Gateway, caller: Caller, question: Question, inner: Answers, reader: Reader) -> frozenset[str]:
    kind, name, value = question.asked.kind, question.asked.name, question.asked.value
    asked = Asked(caller, kind, tuple(narrowed(gateway, kind, [(name, value)], question.beyond, inner)))
    world, names, looked = world_of(caller, inner), set[str](), 0
    async for one in candidates(gateway, reader, asked):
        looked += 1
        if question.test(one.body, world):
            names.update(_names(gateway, question, one.body))
        if looked > MOST_LOOKED_AT or len(names) > MOST_NAMES:
            raise BadRequest(
                "This chain leads to too much of the directory", where=kind, hint="Ask more of it, or an identifier."
            )
    return frozenset(names)


def _names(gateway: Gateway, question: Question, body: Body) -> list[str]:
    """What a match answers with: its own names, or those of what it refers to."""
    if question.through is None:
        return list(own_names(body))
    return [name for one in question.through.extract(body) for name in names_in(one, gateway.here.url)]


def world_of(caller: Caller, answers: Answers) -> World:
    """Nobody's resources, and what the directory answered."""
    return World("", (), lambda kind: (), hops(caller), answers)
