"""Fold of hospital stays: events become Encounters.

HL7 v2 and MedCom tell the same few acts (mappings/*/lifecycle.csv says which event is which). Three steps:

1. *group*: events of one visit or episode belong together, over all the numbers it is known by;
2. *resolve* (corrections.py): corrections and cancellations find what they aim at;
3. *play* (encounter.py): what is left happens in its order, and each stay comes out of it.

One episode can hold several stays: another class or another provider starts a new one. A
transfer never discharges anybody: the former provider's stay goes on until the citizen is discharged from where the
transfer led to, and then it ended where that stay began. The acute contact of the same provider ends where its
admission begins. There will never be another word about either. A visit that goes on in another class (A06, A07) is
another stay, which tells in its classHistory what the citizen was before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.closing import closed_by_hand
from gateway.domain.corrections import Event, resolve, same_visit
from gateway.domain.encounter import add_class_history, begun, encounter
from gateway.domain.episode import EPISODE, episode_of_care
from gateway.domain.leave import with_lost_leaves
from gateway.domain.report import requests
from gateway.domain.resource import Ids, Resource
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement

_BEGINS = frozenset({Act.START, Act.PLAN})
_ENDS = frozenset({Act.END, Act.DIE, Act.CLOSE})
_OVER = frozenset({"finished", "entered-in-error", "cancelled"})


@dataclass(slots=True)
class Stay:
    """One Encounter to be: who keeps the citizen, as what, and what happened, in order."""

    kind: str  # Encounter.class code, "" when never told
    providers: set[str]
    number: int  # of the stays with this class and provider in this episode
    name: str  # what the id is made of besides the episode
    events: list[Event] = field(default_factory=list)
    visits: set[str] = field(default_factory=set)  # the numbers of the visit, as far as they are told
    ended: bool = False
    followed_at: datetime | None = None  # when the same provider's admission took over this acute contact
    former: Stay | None = None  # what the visit was before, in another class (A06, A07)
    made: Resource | None = None


def fold_stays(statements: list[Statement], ids: Ids, sources: Mapping[str, Source]) -> list[Resource]:
    """Every Encounter that these stay events tell of, the EpisodeOfCare of those under one number, and every report of
    admission that was asked for (Task)."""
    made: list[Resource] = []
    for episode, group in episodes(statements):
        stays: list[tuple[str, Stay, Resource]] = []
        about_reports = [one for one in group if one.kind == "Task"]
        for stay in _stays(resolve([one for one in group if one.kind != "Task"] if about_reports else group)):
            source = sources[stay.events[-1].source]
            name = f"{episode}|{stay.name}"
            events = with_lost_leaves(closed_by_hand(stay.events))
            made.append(encounter(ids("Encounter", name), events, stay.kind, stay.followed_at, source))
            stay.made = made[-1]
            if stay.former and stay.former.made:
                add_class_history(made[-1].body, stay.former.made)
            stays.append((name, stay, made[-1]))
        if episode.startswith(EPISODE) and stays:
            made.append(episode_of_care(ids("EpisodeOfCare", episode), [one for _, _, one in stays]))
        over = bool(about_reports) and all(one.body["status"] in _OVER for _, _, one in stays)
        for name, stay, one in stays if about_reports else ():
            made += requests(name, one, stay.events, about_reports, ids, over=over)
    return made


def episodes(statements: list[Statement]) -> list[tuple[str, list[Statement]]]:
    """Connected components over key and aliases. The name is the smallest `key`, aliases only tie; but a visit that
    tells its episode is named by that from the start, so that its id stays when a notification of it comes."""
    if len(statements) == 1:  # a stay of which nothing else has been told yet
        return [(_name(statements[0]), statements)]
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            name = root[name]
        return name

    for one in statements:
        for alias in one.aliases:
            root[find(alias)] = find(one.key)
    groups: dict[str, list[Statement]] = defaultdict(list)
    for one in statements:
        groups[find(one.key)].append(one)
    return sorted((min(map(_name, group)), group) for group in groups.values())


def _name(one: Statement) -> str:
    episodes = [alias for alias in one.aliases if alias.startswith(EPISODE)]
    return one.key if one.key.startswith(EPISODE) or not episodes else min(episodes)


def _stays(events: list[Event]) -> list[Stay]:
    stays: list[Stay] = []
    for event in events:
        if event.act in _BEGINS:
            stay = _started(stays, event)
        elif event.act is Act.CHANGE:
            stay = _changed(stays, event)
        else:
            stay = _attached(stays, event) or _new(stays, event)
        stay.events.append(event)
        stay.providers.add(event.provider)
        if event.visit:
            stay.visits.add(event.visit)
        if event.act in _ENDS and event.stands:
            stay.ended = True
            _end_left_behind(stays, stay)
    return [stay for stay in stays if _says_something(stay, stays)]


def _end_left_behind(stays: list[Stay], last: Stay) -> None:
    """Who is discharged, or dies, where a transfer led to is no longer where it began: those stays of the episode
    ended when this one began. Nothing is said of a discharge from them."""
    began = last.events[0].happened
    for stay in stays:
        elsewhere = not stay.providers & last.providers  # a parallel visit of the same provider is no transfer
        if elsewhere and not stay.ended and stay.events[0].happened < began and begun(stay.events):
            stay.ended = True
            stay.followed_at = max([began, *(e.happened for e in stay.events if e.stands)])


def _started(stays: list[Stay], event: Event) -> Stay:
    """The stay that this start begins: a repeated start is the same stay until it has ended."""
    if not stays:
        return _new(stays, event)
    same = [
        s for s in stays
        if s.kind == event.kind and event.provider in s.providers and same_visit(event.visit, s.visits)
    ]  # fmt: skip
    if same and not same[-1].ended:
        return same[-1]
    awaited = [
        s for s in stays
        if s.kind == event.kind and not s.ended and event.visit in s.visits and not begun(s.events)
    ]  # fmt: skip
    if event.visit and awaited:
        return awaited[-1]  # who is expected has no bed yet, so the hospital may be told first when the stay begins
    stay = _new(stays, event)
    if event.stands and event.kind == "IMP":
        for other in stays:
            acute = other.kind == "EMER" and event.provider in other.providers
            if acute and not other.ended and begun(other.events):
                other.ended, other.followed_at = True, event.happened
    return stay


def _changed(stays: list[Stay], event: Event) -> Stay:
    """The stay that the visit becomes in its new class. What it was until then ends here, without a discharge."""
    own = [s for s in stays if _goes_on(event, s) and not s.ended]
    same = [s for s in own if s.kind == event.kind]
    stay = same[-1] if same else _new(stays, event)
    others = [s for s in own if s is not stay and begun(s.events)]
    if event.stands and others:
        stay.former = others[-1]
        for one in others:
            one.ended, one.followed_at = True, event.happened
    return stay


def _goes_on(event: Event, stay: Stay) -> bool:
    """Whether the event is of this stay's visit: by its number, or at the same provider where none is told."""
    if event.visit and event.visit in stay.visits:
        return True
    return same_visit(event.visit, stay.visits) and (not event.provider or event.provider in stay.providers)


def _attached(stays: list[Stay], event: Event) -> Stay | None:
    """The stay that an event without a start of its own is about, never that of another visit: by provider and class,
    then by provider, then the latest still open, then the latest. A move to another provider is its new stay."""
    stays = [s for s in stays if same_visit(event.visit, s.visits)]
    there = [s for s in stays if event.provider in s.providers or not event.provider]
    if event.act is Act.MOVE and stays and not there and event.stands:
        return None
    exact = [s for s in there if s.kind == event.kind]
    for choice in (exact, there, [s for s in stays if not s.ended], stays):
        if choice:
            still_open = [s for s in choice if not s.ended]
            return (still_open or choice)[-1]
    return None


def _new(stays: list[Stay], event: Event) -> Stay:
    number = len([s for s in stays if s.kind == event.kind and event.provider in s.providers])
    stay = Stay(event.kind, set(), number, f"{event.kind}|{event.provider}|{number}")
    stays.append(stay)
    return stay


def _says_something(stay: Stay, stays: list[Stay]) -> bool:
    """A cancelled start leaves no second Encounter where the same stay was started again."""
    if stay.events[0].stands or any(event.stands for event in stay.events):
        return True
    others = [s for s in stays if s is not stay and s.kind == stay.kind and s.providers & stay.providers]
    return not any(not s.visits or not stay.visits or s.visits & stay.visits for s in others)
