"""Where a citizen lies during a stay: Encounter.location, the former places before the present one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.corrections import Event
from gateway.domain.statement import Act, Body
from gateway.domain.when import said_time

_BEGINS = frozenset({Act.START, Act.CHANGE})
_BEGINS_THERE = _BEGINS | {Act.MOVE}
_TELLS_OF_MOVE = frozenset({Act.MOVE, Act.EXPECT_MOVE})
_PLAN = Act.PLAN  # looked up once: reading a member of an enum takes longer than a call


@dataclass(slots=True)
class Whereabouts:
    """The places of one stay while it is being played."""

    places: list[Body] = field(default_factory=list)
    reserved: list[Body] = field(default_factory=list)  # where the citizen is to be moved
    registered: datetime | None = None  # when the word about the present place was

    def tell(self, event: Event) -> None:
        """A move ends the former place, other events set the present one right."""
        told = {one.get("status", "active"): one for one in reversed(event.body.get("location", []))}
        if event.act in _TELLS_OF_MOVE:
            self.reserved = [told["reserved"]] if "reserved" in told else []
        if "completed" in told and event.act is Act.MOVE and not self.places:
            self.places = [told["completed"]]  # nobody told of the place before
        if "active" not in told:
            return
        if event.act is _PLAN:
            self.places = [told["active"] | {"status": "planned"}]
        elif event.act in _BEGINS_THERE:
            self._arrive(event, told["active"])
        else:
            self.set_right(event.recorded, told["active"])

    def set_right(self, registered: datetime, place: Body) -> None:
        """The present place by a word that begins no new one, unless what is known was registered after it: who moves
        a citizen may tell of it later than others write where he lay."""
        if not self.places:
            self.places.append(place)
        elif (self.registered is None or registered >= self.registered) and not _vaguer(place, self.places[-1]):
            kept = {name: self.places[-1][name] for name in ("status", "period") if name in self.places[-1]}
            self.places[-1], self.registered = place | kept, registered

    def begin(self) -> None:
        """The citizen has come: the place where he was expected is none."""
        self.places = [one for one in self.places if one.get("status") != "planned"]

    def as_told(self, end: datetime | None) -> list[Body]:
        """Encounter.location; at the `end` of the stay the last place was left."""
        if self.places and end is not None and self.places[-1].get("status") != "completed":
            last = self.places[-1] | {"status": "completed"}
            last["period"] = last.get("period", {}) | {"end": said_time(end)}
            return [*self.places[:-1], last, *self.reserved]
        return self.places + self.reserved

    def _arrive(self, event: Event, place: Body) -> None:
        now = said_time(event.happened)
        self.registered = event.recorded
        if event.act in _BEGINS:
            self.begin()
        arrived = not (event.act in _BEGINS and self._there_already(place, now))
        if self.places and arrived:
            former = self.places[-1]
            end = {"period": former.get("period", {}) | {"end": now}}
            self.places[-1] = former | {"status": "completed"} | end
        begun = {"period": {"start": now}}
        if arrived or not self.places:
            self.places.append(place | begun)
        elif not _vaguer(place, self.places[-1]):
            kept = {name: self.places[-1][name] for name in ("status", "period") if name in self.places[-1]}
            self.places[-1] = place | begun | kept

    def _there_already(self, place: Body, now: str) -> bool:
        """Whether a beginning that is told after another word of the stay (two visits became one, A42) tells of no
        other place, or of one from the same moment on: then it sets the present one right. A citizen lies in one place
        at a time, so where it tells of another one, the former is left."""
        if not self.places:
            return False
        former = self.places[-1]
        same = former.get("location") == place.get("location")
        return former.get("status") == "active" and (same or former.get("period", {}).get("start", now) == now)


def _vaguer(place: Body, known: Body) -> bool:
    """Whether a place that was told after another is the building alone, where a ward or bed is known: many senders
    write no more when the citizen leaves, and it would hide where he lay."""
    return "identifier" not in place.get("location", {}) and "identifier" in known.get("location", {})
