"""Leaves that nobody told when they began: the message is lost, but a later one says since when the citizen was gone.

A return (SLOR) repeats the start of its leave, a discharge and a death (SLHJ, MORS) the leave that they end or that was
before. The translators write it as `statusHistory` with status onleave; here the lost word is put back in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from gateway.domain.corrections import Event
from gateway.domain.statement import Act
from gateway.domain.when import instant

_TELLS = frozenset({Act.RETURN, Act.END, Act.DIE})


def with_lost_leaves(events: list[Event]) -> list[Event]:
    """The events of a stay, in order, with those of leaves that only a later message tells of. What was told itself
    counts, also when it was cancelled or corrected since."""
    known = list(events)
    for event in events:
        if event.act in _TELLS and event.stands:
            for left, back in _told(event):
                if left <= event.happened and not _heard(Act.LEAVE, left, event, known):
                    known.append(_lost(Act.LEAVE, left, event))
                if back and left <= back < event.happened and not _heard(Act.RETURN, left, event, known):
                    known.append(_lost(Act.RETURN, back, event))
    return sorted(known, key=lambda one: one.order) if len(known) > len(events) else events


def _told(event: Event) -> Iterator[tuple[datetime, datetime | None]]:
    for row in event.body.get("statusHistory", ()):
        period = row.get("period", {})
        if row.get("status") == "onleave" and "start" in period:
            yield instant(period["start"]), instant(period["end"]) if "end" in period else None


def _heard(act: Act, since: datetime, until: Event, events: list[Event]) -> bool:
    return any(one.act is act and since <= one.happened <= until.happened for one in events)


def _lost(act: Act, at: datetime, teller: Event) -> Event:
    period = {name: value for name, value in teller.body.items() if name == "period"}
    return replace(teller, act=act, happened=at, body=period, cleared=(), notes=[])
