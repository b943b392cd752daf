"""Looks at many citizens at once: what this caller may see of each, as a world that a search walks about in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.domain.caller import Caller
from gateway.domain.handover import own_sources
from gateway.domain.identifier import normal
from gateway.domain.plan import joint_id
from gateway.domain.scope import Scope, Where, read
from gateway.domain.searching.beyond import Question
from gateway.domain.searching.world import Entry, World
from gateway.flows.covering import covers_body
from gateway.flows.departed import when_left
from gateway.flows.ground import known_of
from gateway.flows.joint_plan import composed_for, shows_plan
from gateway.flows.looking import NOTHING, Beside, Seen, look, opened, persons_of
from gateway.flows.parts import Gateway
from gateway.store import wire
from gateway.store.searching import Further, Met

COMPOSED = frozenset({"CarePlan", "CareTeam"})
Answers = Mapping[Question, frozenset[str]]
"""What the directory answered to each question that leads there."""
NO_ANSWERS: Answers = {}


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one citizen. `asked` is the Patient id that it was asked by, `person` the one the citizen goes by now.
    `away` are the own sources of a caller who has handed the citizen over, and knows its own numbers and those from
    before that."""

    asked: str
    person: str
    seen: Seen
    world: World
    away: frozenset[str] = frozenset()

    def knows(self, number: str) -> bool:
        """Whether this caller may find the citizen by an identifier key; "" for an id. A number that came later leads
        the old municipality nowhere."""
        if not (self.away and number) or number.startswith(
            tuple(f"urn:faellesplan:source:{one}:" for one in self.away)
        ):
            return True
        patients = [one.body for one in self.world.of("Patient")]
        numbers = [one for patient in patients for one in patient.get("identifier", [])]
        return number in {normal(one.get("system", ""), one.get("value", "")).key for one in numbers}


def nobody(asked: str = "") -> Look:
    """A look at nobody."""
    return Look(asked, "", NOTHING, World("", (), lambda kind: (), lambda kind: False))


def beside(gateway: Gateway, caller: Caller) -> Further:
    """What the decisions about this caller need of each citizen besides the parts."""
    return Further(past=bool(own_sources(caller, gateway.sources)), names=caller.role == "citizen")


async def looks_at(
    gateway: Gateway, caller: Caller, met: Mapping[str, Met], answers: Answers = NO_ANSWERS
) -> dict[str, Look]:
    """What this caller may see of each of these citizens, by the id that was asked. `answers` are the directory's."""
    return {asked: await _look(gateway, caller, asked, one, answers) for asked, one in met.items()}


async def _look(gateway: Gateway, caller: Caller, asked: str, met: Met, answers: Answers) -> Look:
    told = Beside(frozenset(met.names), met.past)
    seen = await look(gateway, caller, met.parts, met.ground, persons_of(met.parts), told)
    left = when_left(gateway, caller, known_of(met.ground))
    away = own_sources(caller, gateway.sources) if left else frozenset()
    return Look(asked, met.parts[0].facts.citizen, seen, world_of(gateway, caller, asked, seen, answers), away)


def world_of(gateway: Gateway, caller: Caller, citizen: str, seen: Seen, answers: Answers = NO_ANSWERS) -> World:
    """What is permitted, and the joint plan and team made of it, opened type by type when a question comes there."""
    kinds = {part.facts.kind for part, _ in seen.permitted}
    composed = {kind for kind in COMPOSED if caller.covers(kind)} if shows_plan(seen) else set()
    made: dict[str, bytes] = {}

    def joint(kind: str) -> list[Entry]:
        if kind not in composed:
            return []
        if not made:
            made["CarePlan"], made["CareTeam"] = composed_for(seen, citizen, gateway)
        if caller.narrowed and not covers_body(gateway, caller, wire.decode(made[kind])):
            return []
        return [Entry(kind, joint_id(citizen), made[kind], wire.decode)]

    def load(kind: str) -> list[Entry]:
        these = seen.of({kind})
        pairs = zip(these.permitted, opened(these), strict=True)
        return [
            *joint(kind),
            *(Entry(kind, part.facts.id, raw, wire.decode, part.version) for (part, _), raw in pairs),
        ]

    return World(citizen, kinds | composed, load, hops(caller), answers)


def hops(caller: Caller) -> Callable[[str], bool]:
    """Which types a question of this caller may pass through: those that the token may both read and search, by the
    same parameters. `Goal.r` beside `Goal.s?lifecycle-status=active` finds nothing out about the others."""
    scopes = [one for one in map(read, caller.scopes) if one is not None]

    def passes(kind: str) -> bool:
        read_, searched = (_what(scopes, kind, letter) for letter in "rs")
        return bool(read_) and read_ == searched

    return passes


def _what(scopes: Sequence[Scope], kind: str, letter: str) -> frozenset[Where]:
    """By which parameters a letter is given; by none where one scope has none."""
    told = frozenset(one.where for one in scopes if one.is_about(kind) and letter in one.may)
    return frozenset({()}) if () in told else told


def readable(caller: Caller) -> Callable[[str], bool]:
    """Which types the token may read: what is included is decided like a read of it."""
    scopes = [one for one in map(read, caller.scopes) if one is not None]
    return lambda kind: any("r" in one.may for one in scopes if one.is_about(kind))


def searchable(caller: Caller) -> Callable[[str], bool]:
    """Which types the token may search."""
    scopes = [one for one in map(read, caller.scopes) if one is not None]
    return lambda kind: any("s" in one.may for one in scopes if one.is_about(kind))


def searching(caller: Caller) -> Caller:
    """The caller with the scopes that hold where several types are searched at once, where some have parameters: what
    `Condition.r` reads is not found by a token that may only search `Condition.s?category=x`."""
    scopes = tuple(text for text in caller.scopes if (one := read(text)) is not None and "s" in one.may)
    return replace(caller, scopes=scopes) if caller.narrowed else caller
