"""Chains that lead into the directory: `service-provider.name`, `_has:PractitionerRole:practitioner:role`.

Asked of what this caller may see, before anything is matched: the answer is names, the same whoever is searched. What
could answer all of them comes in one statement, also in that of the citizens who are searched; here they are answered
with what came, those that others pass through first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.searching.beyond import Question, names_in, own_names
from gateway.domain.searching.world import World
from gateway.errors import BadRequest
from gateway.flows.directory.climbing import climb, climbed
from gateway.flows.directory.finding import Inner, narrowed
from gateway.flows.directory.showing import allowed, of_tables, shown
from gateway.flows.parts import Gateway
from gateway.flows.search.worlds import Answers, hops
from gateway.store.directory import Climb, Entry, Want
from gateway.store.searching import Further

MOST_LOOKED_AT, MOST_NAMES = 5000, 2000
"""So many may a chain look at, and so many names may it lead to."""

Body = dict[str, Any]


@dataclass(slots=True)
class Wanted:
    """What the store is asked, the place there of what could answer each question, and what is known of the answers
    before. What the token may not pass through has no place."""

    wants: list[Want | Climb] = field(default_factory=list)
    places: dict[Question, int] = field(default_factory=dict)
    known: dict[Question, Inner] = field(default_factory=dict)

    def add(self, want: Want | Climb) -> int:
        """Its place."""
        self.wants.append(want)
        return len(self.wants) - 1


def asked_of(gateway: Gateway, caller: Caller, questions: Sequence[Question]) -> Wanted:
    """What has to be looked up to answer these questions: those that others pass through stand before them."""
    wanted = Wanted()
    for one in questions:
        _ask(gateway, caller, one, wanted)
    return wanted


def _ask(gateway: Gateway, caller: Caller, question: Question, wanted: Wanted) -> None:
    kind, name, value = question.asked.kind, question.asked.name, question.asked.value
    for one in question.beyond:
        _ask(gateway, caller, one, wanted)
    wanted.known[question] = Inner()
    if not hops(caller)(kind):
        return
    if question.identity:
        place, told = wanted.add(climb(gateway, caller, question)), list[Body]()
    else:
        inner = {one: wanted.known[one] for one in question.beyond}
        asked = [(name, value)] if not question.asked.op else []  # an operator may mean more than a value looked up
        narrow = tuple(narrowed(gateway, kind, asked, inner))
        place, told = wanted.add(Want(kind, narrow, MOST_LOOKED_AT + 1)), of_tables(gateway, caller, kind)
    if not question.beyond:
        told = [one for one in told if question.test(one, world_of(caller, {}))]
    names = frozenset(name for one in told for name in _names(gateway, question, one))
    wanted.places[question], wanted.known[question] = place, Inner(names, (place,))


def answers_of(
    gateway: Gateway, caller: Caller, questions: Sequence[Question], wanted: Wanted,
    entries: Mapping[int, Sequence[Entry]],
) -> Answers:  # fmt: skip
    """By what names goes whatever questions lead to here, as far as this caller may see it. What they pass through
    decides what matches, so the token must both read and search it. Raises BadRequest where that is too much."""
    made: dict[Question, frozenset[str]] = {}
    for one in questions:
        there = entries.get(wanted.places[one], ()) if one in wanted.places else None
        if there is None:
            made[one] = frozenset()
        elif one.identity:
            made[one] = climbed(gateway, caller, one, there)
        else:
            made[one] = _met(gateway, caller, one, answers_of(gateway, caller, one.beyond, wanted, entries), there)
    return made


def further_of(gateway: Gateway, caller: Caller, wanted: Wanted) -> Further:
    """What the store is asked for beside citizens."""
    return Further(tuple(wanted.wants), allowed(gateway, caller) if wanted.wants else ())


def _met(
    gateway: Gateway, caller: Caller, question: Question, inner: Answers, entries: Sequence[Entry]
) -> frozenset[str]:
    world, names = world_of(caller, inner), set[str]()
    there = (*of_tables(gateway, caller, question.asked.kind), *shown(gateway, caller, entries).bodies)
    for looked, one in enumerate(there, 1):
        if question.test(one, world):
            names.update(_names(gateway, question, one))
        if looked > MOST_LOOKED_AT or len(names) > MOST_NAMES:
            raise BadRequest(
                "This chain leads to too much of the directory", where=question.asked.kind,
                hint="Ask more of it, or an identifier.",
            )  # fmt: skip
    return frozenset(names)


def _names(gateway: Gateway, question: Question, body: Body) -> list[str]:
    """What a match answers with: its own names, or those of what it refers to."""
    if question.through is None:
        return list(own_names(body))
    return [name for one in question.through.extract(body) for name in names_in(one, gateway.here.url)]


def world_of(caller: Caller, answers: Answers) -> World:
    """Nobody's resources, and what the directory answered."""
    return World("", (), lambda kind: (), hops(caller), answers)
