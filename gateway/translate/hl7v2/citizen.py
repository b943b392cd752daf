"""Who the message is about, and whether the segments that say so are there."""

from __future__ import annotations

from datetime import datetime

from gateway.domain.identifier import CPR, Identifier, ranked
from gateway.domain.statement import Act, Verb
from gateway.errors import MissingField, NoCitizen, RuleBroken, SegmentOrder
from gateway.translate.hl7v2 import time
from gateway.translate.hl7v2.lifecycle import Event
from gateway.translate.hl7v2.naming import citizen_number
from gateway.translate.hl7v2.parse import Message, Repetition
from gateway.translate.rules.reader import Env, Unfit
from gateway.translate.translation import Finding

# What a message of this type tells of: the segment that says it, once.
_TOLD_OF = {"SIU": "SCH", "REF": "RF1", "MDM": "TXA"}

_MAY_HAVE_NO_VISIT = (Act.UPDATE, Act.START, Act.ATTEND)
_OF_A_VISIT = (19, 3, 44, 50, 45, 6, 10, 42, 54)  # of PV1: numbers, places, times, the hospital's service


def check_segments(message: Message, event: Event) -> None:
    """One PID, two for links; for stays one PV1 behind it; for merges one MRG; one SCH, RF1 or TXA in messages about
    those. Raises SegmentOrder with the place."""
    _check_count(message, event, "PID", 2 if event.link else 1)
    before = "PID"
    for name in ["PV1"] * event.visit + ["MRG"] * event.merge:
        _check_count(message, event, name, 1)
        if message.segments.index(message.first[name]) < message.segments.index(message.first[before]):
            raise SegmentOrder(f"The segment {name} stands too early", where=f"{name}^1")
        before = name
    if event.message in _TOLD_OF:
        _check_count(message, event, _TOLD_OF[event.message], 1)
    if event.act is Act.DELETE and visit_number(message) is None:
        raise MissingField("PV1-19 must say which visit is deleted", where="PV1^1^19")


def of_no_visit(message: Message, event: Event) -> bool:
    """Whether an update or a registration tells of a person alone: PV1-2 is N (not applicable: IHE PAM writes it where
    there is no visit), and PV1 names no visit, place or time; or, in an update, PV1 is empty or absent. A stay made of
    it would be one that nobody has told of."""
    kind = message.value("PV1", 2)
    if kind not in ("", "N") or event.act not in _MAY_HAVE_NO_VISIT or not event.visit or "MRG" in message.named:
        return False
    if event.verb is not Verb.ASSERT:
        return False
    if kind == "N":
        return not any(message.value("PV1", field) for field in _OF_A_VISIT)
    return event.act is Act.UPDATE and not any(message.at["PV1"][3:])


def _check_count(message: Message, event: Event, name: str, count: int) -> None:
    found = message.named.get(name, [])
    if len(found) < count:
        raise SegmentOrder(f"Event {event.name} needs the segment {name}", where=f"{name}^{len(found) + 1}")
    if len(found) > count:
        told = "one" if count == 1 else "two"
        hint = "Send one message for each."
        raise SegmentOrder(f"One message tells of {told} {name}", where=f"{name}^{count + 1}", hint=hint)


def numbers(message: Message, env: Env, recorded: datetime) -> tuple[Identifier, ...]:
    """The citizen's numbers from PID-3, best first; where it has none, from the fields of the versions before 2.3
    (PID-2, then PID-4). Next to PID-3 those are not asked: a wrong join shows a stranger's plan.

    Raises NoCitizen when none can stand for a person, RuleBroken when two CPR numbers are in force at once.
    """
    found: list[tuple[Repetition, Identifier]] = []
    for field in (3, 2, 4):
        nodes = message.first["PID"].repetitions(field)
        found = [(node, number) for node in nodes if (number := _number(env, node, "PID-3")) is not None]
        if found:
            break
    cprs = {number for _, number in found if number.system == CPR}
    if len(cprs) > 1:
        former = {number for node, number in found if number in cprs and _expired(env, node, recorded)}
        if len(cprs - former) != 1:
            raise RuleBroken("PID-3 names two CPR numbers that are in force", where="PID^1^3")
        found = [(node, number) for node, number in found if number not in former]
    best = ranked([number for _, number in found])
    if not best:
        raise NoCitizen(where="PID^1^3")
    return best


def merged(message: Message, event: Event, env: Env, survivor: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    """The numbers of the identity that is no more, without those of the survivor: MRG-1, and only where that is empty
    the fields that older versions have for it (MRG-4, MRG-2)."""
    mrg = message.first["MRG"]
    told = mrg.repetitions(1)  # by the rule that reads it (former.yaml)
    nodes = told or mrg.repetitions(4) or mrg.repetitions(2)
    field = "PID-3" if told else "MRG-1"
    found = ranked([n for node in nodes if (n := _number(env, node, field)) is not None])
    if not found:
        raise NoCitizen(where="MRG^1^1")
    others = tuple(number for number in found if number not in survivor)
    if not others:
        raise RuleBroken("MRG-1 names the survivor itself", where="MRG^1^1")
    if event.verb is Verb.CORRECT and others[0].system == survivor[0].system == CPR:
        hint = "Send a merge (A40) if one person has had both."
        raise RuleBroken("A corrected number cannot make two CPR numbers one person", where="MRG^1^1", hint=hint)
    return others


def moved(message: Message, env: Env, owner: tuple[Identifier, ...]) -> bool:
    """Whether the visit was somebody else's until now (A45): MRG-1 names numbers, and none of them is the citizen's."""
    nodes = message.first["MRG"].repetitions(1) if "MRG" in message.named else ()
    former = [number for node in nodes if (number := _number(env, node, "MRG-1")) is not None]
    return bool(former) and not set(former) & set(owner)


def linked(message: Message, env: Env) -> Identifier:
    """The best number in the second PID: the other of two records that are linked. Raises NoCitizen and RuleBroken."""
    first, second = message.named["PID"]
    found = ranked([n for node in second.repetitions(3) if (n := _number(env, node, "PID-3")) is not None])
    if not found:
        raise NoCitizen(where="PID^2^3")
    if found[0].key == message.citizen or found[0] in [_number(env, node, "PID-3") for node in first.repetitions(3)]:
        raise RuleBroken("The second PID names the same record as the first", where="PID^2^3")
    return found[0]


def visit_number(message: Message) -> Repetition | None:
    """PV1-19, else PV1-50: both are optional in the standard, and so is PV1 in messages about other things."""
    stay = message.first.get("PV1")
    for field in (19, 50):
        found = stay.repetitions(field) if stay is not None else ()
        if found and found[0].value(1):
            return found[0]
    return None


def _number(env: Env, node: Repetition, field: str) -> Identifier | None:
    """PID-3's dummies are told of by the rule that reads it; those of MRG here, where no rule does."""
    try:
        return citizen_number(env, node)
    except Unfit as unfit:
        if field != "PID-3":
            env.findings.append(Finding(node.place(1), f"{unfit}; left out"))
        return None


def _expired(env: Env, node: Repetition, recorded: datetime) -> bool:
    """CX.8: the number was in force until then."""
    text = node.value(8)
    try:
        return bool(text) and time.instant(text, env.timezone) < recorded
    except time.NoTime:
        return False
