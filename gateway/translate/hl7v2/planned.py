"""What PPR, PGL, PPP and PPG say of problems, goals, pathways and orders: keys, actions, and what ties them.

The rule files say what becomes of the fields; here the groups they stand in are added (groups.py): a goal addresses
the problem whose group it shares and is as sensitive as that, a pathway addresses problems and has goals, and a member
of the team is there for the goal, problem or pathway in whose group it is named.

Policy for the action codes (table 0287, from 2.8 0206; mappings/codes/v2-plan-act.csv and v2-plan-action.csv):

| code | of the thing | of its tie to what its group lies in |
|---|---|---|
| AD, CO, UP, LI | what is told counts | there |
| UC | fills only what nobody told | there |
| DE | entered in error | gone |
| UN | as UC; of the outermost thing, which is tied to the citizen alone, as DE | gone |
| none | as the event says; what lies in the group of a deleted thing as UC | |
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import product
from typing import Any

from gateway.domain.statement import Act, Body, Verb
from gateway.domain.team import MEMBER_FOR
from gateway.errors import TooLarge
from gateway.translate.hl7v2 import datatypes
from gateway.translate.hl7v2.groups import Group
from gateway.translate.hl7v2.lifecycle import Event
from gateway.translate.hl7v2.naming import parts
from gateway.translate.hl7v2.parse import HOLDERS, OWNERS, Message, Repetition, Segment
from gateway.translate.rules.bound import Made
from gateway.translate.rules.reader import Env
from gateway.translate.translation import Finding

ADDRESSED_CODE = "https://faellesplan.dk/fhir/StructureDefinition/addressed-code"
MOST_TIES = 2_000
_WORDS = 3

# Which element of the one refers to the other.
_TIES: Mapping[tuple[str, str], str] = {
    ("GOL", "PRB"): "addresses", ("PTH", "PRB"): "addresses", ("PTH", "GOL"): "goal",
    ("ORC", "PRB"): "reasonReference", ("PTH", "ORC"): "activity",
}  # fmt: skip
_KINDS = {"PRB": "Condition", "GOL": "Goal", "PTH": "CarePlan", "ORC": "ServiceRequest"}
_OWN_NUMBER = {"PTH": 3, "ORC": 2}  # the field of the instance id; 4 in the others
Spot = tuple[str, int]


def instance(env: Env, own: Repetition | None, code: Repetition | None) -> str:
    """The key of a problem, goal or pathway: its instance id (PRB-4, GOL-4, PTH-3), within the source. An id that does
    not tell who gave it, and a code or words where there is no id, name it within this citizen's only."""
    node = own or code
    if node is None:
        return ""
    scope = f"{env.source.id}|{node.spot[0]}"
    found = datatypes.entity(env, own) if own is not None else None
    if own is not None and found is not None:
        among = scope if any(parts(own, 4)[1:3]) else f"{scope}|{env.message.citizen}"
        return f"{among}|{found['system']}|{found['value']}"
    coding = datatypes.coding(env, code) if code is not None else None
    if coding:
        return f"{scope}|{env.message.citizen}|{coding.get('system', '')}|{coding['code']}"
    words = "^".join(" ".join(text.split()).casefold() for text in parts(code, _WORDS)).strip("^")
    return f"{scope}|{env.message.citizen}|{_digest(words)}" if words else ""


def settle(message: Message, event: Event, env: Env, recorded: datetime, made: list[Made]) -> list[Made]:
    """What the rules made, each with its act, verb and time, members with whom they are there for, and the ties.

    Raises TooLarge where groups are nested so that there would be more ties than any plan has.
    """
    things: dict[Spot, Made] = {}
    for one in made:
        if isinstance(one.node, Segment) and one.node.name == "ORC":
            one.happened = recorded if one.happened is None else min(one.happened, recorded)
            things[one.node.name, one.node.number] = one
        elif isinstance(one.node, Segment) and one.node.name in OWNERS:
            group = message.groups[one.node.name, one.node.number]
            _settle(one, group, event, env, recorded)
            things[one.node.name, one.node.number] = one
    for one in made:
        if one.kind == "CareTeam":
            _settle_member(one, message, things, env)
    return [*made, *_tied(message, things, env)]


def _settle(one: Made, group: Group, event: Event, env: Env, recorded: datetime) -> None:
    deletes, outermost = event.verb is Verb.WITHDRAW, group.outer is None and group.depth == 0
    if one.verb is None:
        one.act = Act.MENTION if deletes and not outermost else Act.REVISE
        one.verb = event.verb if outermost else Verb.ASSERT
    elif outermost:
        if (one.verb is Verb.WITHDRAW) != deletes:
            env.findings.append(Finding(one.node.place(1), "the event and the action disagree; the action counts"))
        one.act = Act.REVISE if one.verb is Verb.WITHDRAW else one.act
    at = one.node.value(2) if one.node.name != "PTH" else ""
    today = at == recorded.astimezone(env.timezone).strftime("%Y%m%d")
    if one.happened is not None and one.happened > recorded and not today:
        env.findings.append(Finding(one.node.place(2), "the action is later than its message, which counts"))
    one.happened = recorded if one.happened is None or today else min(one.happened, recorded)


def _settle_member(one: Made, message: Message, things: Mapping[Spot, Made], env: Env) -> None:
    """A member named in a group: who is there for two goals is there twice, so that one of them may end."""
    group = message.groups.get((one.node.name, one.node.number))
    thing = things.get((group.segment.name, group.segment.number)) if group else None
    if thing is None or "id" not in one.body or not one.body.get("participant"):
        return
    one.body["id"] = _digest(f"{one.body['id']}|{thing.kind}|{thing.key}")
    participant: Body = one.body["participant"][0]
    participant["extension"] = [{"url": MEMBER_FOR, "valueReference": _reference(env, thing)}]
    if thing.act is Act.REVISE and thing.verb is Verb.WITHDRAW:
        one.verb = Verb.WITHDRAW


def _tied(message: Message, things: Mapping[Spot, Made], env: Env) -> Iterator[Made]:
    """A statement for each tie that the groups tell; taken back where one of those between is deleted or unlinked."""
    for number, chain in enumerate(_chains(message)):
        if number >= MOST_TIES:
            raise TooLarge(
                f"The groups tie more than {MOST_TIES} problems, goals and pathways", where=f"{chain[0].name}^1"
            )
        ends = {chain[0].name: chain[0], chain[-1].name: chain[-1]}
        between = [things.get((group.name, group.segment.number)) for group in chain]
        pair = next(((a, b) for a, b in _TIES if a in ends and b in ends), None)
        known = [thing for thing in between if thing is not None]
        if pair is None or len(known) < len(between):
            continue
        holder, held = (things[name, ends[name].segment.number] for name in pair)
        gone = any(thing.verb is Verb.WITHDRAW for thing in known)
        happened = max(thing.happened for thing in known if thing.happened)
        reference = _reference(env, held) | (_about(held) if pair[1] == "PRB" and pair[0] != "PTH" else {})
        body = {_TIES[pair]: [{"reference": reference} if pair == ("PTH", "ORC") else reference]}
        verb = Verb.WITHDRAW if gone else Verb.ASSERT
        yield Made(holder.kind, holder.key, body, (), Act.TIE, verb, happened, None, (), "groups", holder.node)


def told(message: Message) -> Iterator[tuple[str, tuple[Segment, Segment]]]:
    """For the trace: the element of each tie, and the segments of the two that it ties."""
    for chain in _chains(message):
        ends = {chain[0].name: chain[0].segment, chain[-1].name: chain[-1].segment}
        for holder, held in _TIES:
            if holder in ends and held in ends:
                yield f"{_KINDS[holder]}.{_TIES[holder, held]}", (ends[holder], ends[held])


def number_of(segment: Segment) -> str:
    """The field of its instance id: `GOL-4`."""
    return f"{segment.name}-{_OWN_NUMBER.get(segment.name, 4)}"


def _chains(message: Message) -> Iterator[list[Group]]:
    """Every two groups that are tied, with those between them: one in the other, and a pathway beside a goal or a
    problem in the same group."""
    beside: dict[Group, tuple[list[Group], list[Group]]] = defaultdict(lambda: ([], []))
    for (name, _), group in message.groups.items():
        if name not in HOLDERS:
            continue
        chain = [group]
        outer = group.outer
        while outer is not None:
            chain = [*chain, outer]
            yield chain
            outer = outer.outer
        if group.outer is not None and group.depth == 1:
            beside[group.outer][name != "PTH"].append(group)
    for outer, (pathways, others) in beside.items():
        for pathway, other in product(pathways, others):
            yield [pathway, outer, other]


def _reference(env: Env, thing: Made) -> dict[str, Any]:
    return {"reference": f"{thing.kind}/{env.ids(thing.kind, thing.key)}"}


def _about(problem: Made) -> Body:
    """What a problem is, with the goal's reference to it: what is sensitive about the one is so about the other."""
    code = problem.body.get("code")
    return {"extension": [{"url": ADDRESSED_CODE, "valueCodeableConcept": code}]} if code else {}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
