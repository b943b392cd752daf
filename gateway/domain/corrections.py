"""Which event a correction or cancellation aims at, and what is left when all have been applied.

A correction names a message (MedCom's Provenance) or only an act (HL7 v2's A13). It reaches the event it names;
where it names none, the latest event of its act that was registered before it; where it names one that never came,
the latest event of the stay, if that is of its act. It speaks of what its own system told, and of its own visit. One
that reaches nothing is kept: the original may still come, and until then its word about the stay counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.episode import EPISODE
from gateway.domain.statement import Act, Body, Statement, Verb

# Looked up once: reading a member of an enum takes longer than a call.
_ASSERT, _DELETE = Verb.ASSERT, Act.DELETE

# A discharge and a death end a stay alike: HL7 v2 cancels both with A13.
_REACHES = {Act.END: (Act.END, Act.DIE)}

_RANK = {
    Act.PLAN: 0, Act.START: 1, Act.CHANGE: 2, Act.MOVE: 3, Act.EXPECT_MOVE: 4, Act.LEAVE: 5, Act.RETURN: 6,
    Act.UPDATE: 7, Act.ATTEND: 7, Act.EXPECT_END: 7, Act.END: 8, Act.CLOSE: 8, Act.DIE: 9, Act.DELETE: 10,
}  # fmt: skip

# Words about a stay that are no step of it: a correction that names another message never means one of them.
_ASIDE = frozenset({Act.UPDATE, Act.ATTEND, Act.EXPECT_MOVE, Act.EXPECT_END, Act.CLOSE, Act.DELETE})


_BEGINNINGS = frozenset({Act.PLAN, Act.START, Act.CHANGE})
_STATES = frozenset({Act.MOVE, Act.LEAVE, Act.END, Act.DIE})
_STEPS = _STATES | {Act.RETURN}


@dataclass(slots=True)
class Event:
    """One thing that happened in a stay, with its corrections in it. `stands` is False once it was cancelled (`undone`
    tells when) or its whole visit was deleted; `restores` marks a cancellation whose original never came, or that is
    the only word about the stay: it tells how that is without it."""

    act: Act
    happened: datetime
    recorded: datetime
    origins: list[str]
    source: str
    kind: str  # Encounter.class as first told: it names the stay, corrections do not
    provider: str
    visit: str  # the number of the visit; empty where only the episode's is told
    body: Body
    cleared: tuple[str, ...] = ()
    stands: bool = True
    restores: bool = False
    deleted: bool = False
    undone: datetime | None = None
    notes: list[str] = field(default_factory=list)
    back_in: list[tuple[datetime, Body]] = field(default_factory=list)  # by its cancellations, as they were registered

    @property
    def order(self) -> tuple[datetime, int, datetime, str]:
        return (self.happened, _RANK[self.act], self.recorded, self.origins[0])


def resolve(statements: list[Statement]) -> list[Event]:
    """The events of one episode after all corrections, in the order in which they happened."""
    if len(statements) == 1 and _alone(statements[0]):
        return [_event(statements[0], {})]
    said = _in_chain(sorted(statements, key=lambda s: (s.recorded, s.origin)))
    visits = _numbers(said)
    events = [_event(s, visits) for s in said if s.verb is Verb.ASSERT]
    cancelled: dict[int, tuple[Event, Statement]] = {}
    for one in said:
        if one.verb is Verb.ASSERT:
            continue
        target = _target(events, one, visits)
        if target is None:
            orphan = _event(one, visits)
            orphan.stands = one.verb is Verb.CORRECT
            orphan.restores = one.verb is Verb.WITHDRAW
            orphan.back_in = _back_in(orphan, one)
            events.append(orphan)
        elif one.verb is Verb.CORRECT:
            _correct(target, one)
        else:
            target.stands, target.undone = False, one.recorded
            target.origins.append(one.origin)
            target.notes += one.notes
            target.back_in += _back_in(target, one)
            cancelled[id(target)] = target, one
    for event in events:
        if event.act is Act.DELETE:
            _delete(event, events)
    for target, one in cancelled.values():
        if _tells_how_it_is(target, events):
            word = _event(one, visits)
            word.stands, word.restores = False, True
            events.append(word)
    return sorted(events, key=lambda e: e.order)


def _alone(one: Statement) -> bool:
    """Whether a statement needs no other to be understood; most stays begin with one that does not."""
    return one.verb is _ASSERT and one.act is not _DELETE and not one.aliases


def _in_chain(said: list[Statement]) -> list[Statement]:
    """In the order in which they were registered, but none before the correction that it corrects or cancels: MedCom
    names the message, and clocks differ."""
    by_message: dict[str, list[Statement]] = {}
    for one in said:
        if one.corrects:
            by_message.setdefault(one.origin.rpartition("/")[0], []).append(one)
    if not by_message:
        return said
    seen: set[int] = set()
    ordered: list[Statement] = []
    for one in said:
        waiting = [] if id(one) in seen else [one]
        while waiting:
            seen.add(id(waiting[-1]))
            before = [s for s in by_message.get(waiting[-1].corrects, ()) if id(s) not in seen]
            if before:
                waiting.append(before[0])
            else:
                ordered.append(waiting.pop())
    return ordered


def _numbers(said: list[Statement]) -> dict[str, str]:
    """Each number of a visit and the one it is known by here: a visit that got another number (A50, A42) is one visit.
    Aliases that are no episode's are former numbers."""
    known: dict[str, str] = {}
    if len(said) == 1 and not said[0].aliases:
        return known

    def find(number: str) -> str:
        while known.setdefault(number, number) != number:
            number = known[number]
        return number

    for one in said:
        for former in one.aliases if _visit(one) else ():
            if not former.startswith(EPISODE):
                low, high = sorted((find(former), find(one.key)))
                known[high] = low
    return {number: find(number) for number in known}


def _delete(deletion: Event, events: list[Event]) -> None:
    """All that was said of the visit until then was an error (A23); what its own system told without a number too."""
    deletion.stands, deletion.deleted = False, True
    for one in events:
        own = one.visit == deletion.visit or (one.source == deletion.source and not one.visit)
        if own and one.recorded <= deletion.recorded:
            one.stands, one.restores, one.deleted = False, False, True


def _tells_how_it_is(target: Event, events: list[Event]) -> bool:
    """Whether a cancellation says how the stay is without what it cancels, though that came: because nothing else does
    (a gateway that begins to listen hears of discharges of stays whose admission it never heard of), or because the
    leave was never told whose end it cancels."""
    own = [e for e in events if e.visit == target.visit and e.provider in ("", target.provider)]
    if target.deleted or any(e.act in _BEGINNINGS and not e.stands for e in own):
        return False
    if target.act is Act.RETURN:
        return not any(e.act is Act.LEAVE or (e.act is Act.RETURN and e.stands) for e in own)
    return target.act in _STATES and not any(e.stands or e.restores for e in own)


def _back_in(target: Event, one: Statement) -> list[tuple[datetime, Body]]:
    """Where the citizen is after a cancellation, which tells it (HL7 v2.5, 3.3.12 and 3.3.13), when it was registered:
    not always where he was before. Some senders repeat the place of the transfer that they cancel."""
    if target.act not in _STEPS or one.verb is not Verb.WITHDRAW or _provider(one.body) not in ("", target.provider):
        return []
    there = active(one.body)
    if target.act is Act.MOVE and target.body is not one.body and there == active(target.body):
        return []
    return [(one.recorded, place) for place in there]


def active(body: Body) -> list[Body]:
    """The place where a word about a stay says that the citizen is; a list of one, or none."""
    return [place for place in body.get("location", ()) if place.get("status") == "active"][:1]


def _event(one: Statement, visits: Mapping[str, str]) -> Event:
    kind, provider, visit = _kind(one.body), _provider(one.body), _visit(one)
    return Event(
        one.act, one.happened, one.recorded, [one.origin], one.source, kind, provider, visits.get(visit, visit),
        one.body, one.cleared, True, False, False, None, list(one.notes),
    )  # fmt: skip


def _correct(target: Event, one: Statement) -> None:
    target.happened = one.happened
    target.recorded = one.recorded
    target.body = {name: value for name, value in target.body.items() if name not in one.cleared} | one.body
    target.cleared = tuple({*target.cleared, *one.cleared})
    target.origins.append(one.origin)
    target.source = one.source
    target.notes += one.notes


def _target(events: list[Event], one: Statement, visits: Mapping[str, str]) -> Event | None:
    """What a correction aims at. MedCom names the message, and only the latest may be corrected: so where the one it
    names never came, it can only mean the latest word about its stay, and only when that is of its own kind. HL7 v2
    names no message: then it is the latest event of its act."""
    acts = _REACHES.get(one.act, (one.act,))
    named = [e for e in events if e.act in acts and _named(e, one.corrects)]
    if any(e.stands for e in named) or (named and one.verb is Verb.WITHDRAW):
        return max(named, key=lambda e: e.stands)  # what was cancelled once is not cancelled again in another
    said = [e for e in events if e.stands and (e.act in acts or e.act not in _ASIDE) and _before(e, one)]
    said = [e for e in said if same_visit(e.visit, {visits.get(_visit(one), _visit(one))})]
    said = [e for e in said if e.source == one.source] or said
    if not one.corrects:
        said = [e for e in said if e.act in acts]
    near = [e for e in said if e.provider == _provider(one.body) and e.kind == _kind(one.body)]
    near = near or [e for e in said if e.provider == _provider(one.body)] or said
    last = max(near, key=lambda e: (e.recorded, e.order), default=None)
    if last is None or last.act not in acts:
        return None
    if one.corrects and one.act is Act.START and last.kind != _kind(one.body):
        return None  # another class is another stay
    return last


def _before(event: Event, one: Statement) -> bool:
    """Whether the correction may mean it. Of an admission whose message is named it counts when it was, not when it
    was registered: there is one in a stay, and the clocks of two hospitals differ."""
    if event.recorded <= one.recorded:
        return True
    return bool(one.corrects) and one.act is event.act is Act.START and event.happened <= one.happened


def _named(event: Event, message: str) -> bool:
    return bool(message) and any(origin.rpartition("/")[0] == message for origin in event.origins)


def same_visit(visit: str, others: set[str]) -> bool:
    """Whether these numbers may be of one visit: none of them told, or the same."""
    return not visit or visit in others or not any(others)


def _visit(one: Statement) -> str:
    return "" if one.key.startswith(EPISODE) else one.key


def _kind(body: Body) -> str:
    """Encounter.class. Pre-admission (PRENC) is the stay as an inpatient that is expected."""
    code = str(body.get("class", {}).get("code", ""))
    return "IMP" if code == "PRENC" else code


def _provider(body: Body) -> str:
    identifier = body.get("serviceProvider", {}).get("identifier", {})
    return f"{identifier['system']}|{identifier['value']}" if "value" in identifier else ""
