"""When a municipality is told of something, and what of it: a discharge, a hospital's goal. Pure.

A *telling* is a row of mappings/outgoing.csv: this event, to this destination, as this reader. A *notice* is what waits
in the outbox because of one: which resource, in which state, and nothing of its content. What goes out is decided, put
on record and written when it goes (flows/disclose.py), so that a consent which is withdrawn meanwhile holds.

The notices about one resource to one destination are numbered, 1, 2, 3 …: a new one only when the state of what is told
differs from that of the last. So a discharge is told once, however often its message comes; one that is cancelled is
told as a correction; one that is told again after that is told again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from gateway.domain.case import SYSTEM
from gateway.domain.identifier import normal
from gateway.domain.journal import Form
from gateway.domain.limits import KLE
from gateway.domain.outgoing import State
from gateway.domain.plan import has_ended, is_intervention
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.domain.when import in_force, instant, last_instant

Event = Literal["discharge", "goal"]
Word = Literal["told", "changed", "void"]

KINDS: Mapping[str, Event] = {"Encounter": "discharge", "Goal": "goal"}
"""The resource types that are told of, by the event that they tell."""

CASE = "CarePlan"
"""The type that a municipality's case has: one that becomes known later is told of what happened while it was open."""

LANGUAGES = ("sf2900", "fasit")
"""The languages of destinations that are told by notices."""

NO_CASE = "none"
"""In the column `cases`: nothing is told of a case."""
_SUBJECT, _FACET = re.compile(r"\d\d\.\d\d\.\d\d"), re.compile(r"[A-ZÆØÅ]\d\d")
_UNSAID = frozenset({"proposed", "rejected", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Telling:
    """One row of mappings/outgoing.csv. `destination` is a source id; `role` and `purpose` are whom it reads as.

    `classes` are Encounter classes (none: any), `cases` beginnings of the KLE subjects of cases that it is for (none:
    any). `caseless`: the citizen has a case there, and it is not told for any: its reader may not see the case.
    `subject` and `facet` route what a case without its own cannot. What ended longer than `within` ago is not
    told any more. Days are included, "" for open. `rule` is `file:line`.
    """

    event: Event
    destination: str
    form: Form
    role: str
    purpose: str
    classes: tuple[str, ...]
    cases: tuple[str, ...]
    subject: str
    facet: str
    within: timedelta
    valid_from: str
    valid_to: str
    rule: str
    caseless: bool = False

    def holds(self, day: str) -> bool:
        """Whether the row holds on a day (2026-01-31)."""
        return in_force(day, self.valid_from, self.valid_to)

    def fits(self, body: Body, now: datetime) -> bool:
        """Whether what stands in a resource is to be told for the first time."""
        if self.event != "discharge":
            return True
        recent = last_instant(body["period"]["end"]) > now - self.within
        return recent and (not self.classes or body.get("class", {}).get("code") in self.classes)


class Tellings:
    """The table. With no row in it nothing is noticed and nothing is sent: telling is opt-in, for each destination."""

    def __init__(self, rows: Sequence[Telling] = ()) -> None:
        self.rows = tuple(rows)
        kinds = [kind for kind, event in KINDS.items() if any(one.event == event for one in self.rows)]
        self.kinds = (*kinds, CASE) if kinds else ()

    def of(self, event: str, day: str, destination: str = "") -> list[Telling]:
        """The rows for an event on a day, of one destination or of all."""
        return [
            one for one in self.rows if one.event == event and one.holds(day) and destination in ("", one.destination)
        ]


NO_TELLINGS = Tellings()


@dataclass(frozen=True, slots=True)
class Notice:
    """What waits in the outbox instead of a message. `state` as `state_of`, `number` from 1, `case` a CarePlan.

    `at` is when it was noticed: what is written tells this time, whenever it is sent.
    """

    event: Event
    resource: str  # Encounter/<id>
    case: str  # CarePlan/<id>
    state: str
    number: int
    at: datetime

    def to_bytes(self) -> bytes:
        """As it stands in the outbox; no content of the resource is in it."""
        told = {name: getattr(self, name) for name in ("event", "resource", "case", "state", "number")}
        return json.dumps(told | {"at": self.at.isoformat()}).encode()


def notice_of(raw: bytes) -> Notice:
    """A notice as it stands in the outbox. Raises ValueError."""
    told = json.loads(raw)
    at = datetime.fromisoformat(told.pop("at"))
    return Notice(**told, at=at)


@dataclass(frozen=True, slots=True)
class Before:
    """A notice that was put into the outbox before, and what became of it."""

    id: str
    notice: Notice
    sending: State
    tries: int

    @property
    def may_be_known(self) -> bool:
        """Whether its receiver may have it: also when nobody knows, since a line broke."""
        return self.sending != "withheld" and (self.sending != "waiting" or self.tries > 0)


def state_of(event: Event, body: Body, ids: Ids, *, withdrawn: bool) -> str:
    """What there is to tell, "" for nothing: a stay is not over, a goal is withdrawn. Another state is another telling.

    It is a keyed hash of what would be told: nothing can be read from it.
    """
    if withdrawn:
        return ""
    if event == "discharge":
        end = body.get("period", {}).get("end", "")
        return ids("Told", end) if body.get("status") == "finished" and end else ""
    if body.get("lifecycleStatus", "proposed") in _UNSAID:
        return ""
    told = {
        name: body.get(name) for name in ("lifecycleStatus", "description", "startDate", "target", "achievementStatus")
    }
    return ids("Told", json.dumps(told, sort_keys=True, default=str))


def is_news(state: str, before: Sequence[Before]) -> bool:
    """Whether this state is to be told after what was told before, the oldest first."""
    last = before[-1].notice.state if before else ""
    return state != last


def word_of(notice: Notice, before: Sequence[Before]) -> tuple[Word | None, str]:
    """How to tell it now, and the id of what it corrects; None when there is nothing to correct, since its receiver has
    never heard of it."""
    known = [one for one in before if one.notice.number < notice.number and one.may_be_known]
    last = known[-1] if known else None
    if notice.state:
        return ("changed", last.id) if last and last.notice.state else ("told", "")
    return ("void", last.id) if last and last.notice.state else (None, "")


@dataclass(frozen=True, slots=True)
class Case:
    """A municipality's case about the citizen: its CarePlan, and the sources that told of it."""

    id: str
    body: Body
    sources: Sequence[str]

    @property
    def number(self) -> str:
        """The UUID of the OIO Sag, "" where it is not known."""
        official = (one for one in self.body.get("identifier", ()) if one.get("system") == SYSTEM)
        return next((str(one.get("value", "")) for one in official), "")

    @property
    def subject(self) -> str:
        """KLE subject, "" where it has none."""
        return self._class(_SUBJECT)

    @property
    def facet(self) -> str:
        """KLE action facet, "" where it has none."""
        return self._class(_FACET)

    def _class(self, form: re.Pattern[str]) -> str:
        codings = (coding for one in self.body.get("category", ()) for coding in one.get("coding", ()))
        numbers = (str(one.get("code", "")) for one in codings if one.get("system") == KLE)
        return next((number for number in numbers if form.fullmatch(number)), "")

    def is_open(self, now: datetime) -> bool:
        """Whether it is being worked on: active says only that it is ready, an end that has passed closes it."""
        return not has_ended(self.body, now)

    def of(self, destination: Source, sources: Mapping[str, Source]) -> bool:
        """Whether it is a case of the municipality that this destination belongs to: by its owner, or by who told of
        it. An intervention inside a case is no case."""
        if is_intervention(self.body):
            return False
        number = self.body.get("author", {}).get("identifier", {})
        owner = normal(number.get("system", ""), number.get("value", ""))
        if owner.system == destination.organisation.system:
            return owner == destination.organisation
        told = [sources[name] for name in self.sources if name in sources]
        return any(one.organisation == destination.organisation for one in told)


def chosen(
    cases: Sequence[Case],
    body: Body,
    telling: Telling,
    destination: Source,
    sources: Mapping[str, Source],
    now: datetime,
) -> Case | None:
    """The case that is told of a resource with this body: of the destination's municipality, open, begun before the
    stay ended, with a subject that the row names; one that has its number before one that has not, then the newest."""
    ended = body.get("period", {}).get("end") if telling.event == "discharge" else None
    latest = last_instant(ended) if ended else now
    fit = [
        one for one in cases
        if one.is_open(now) and one.of(destination, sources) and _begin(one.body) < latest
        and (not telling.cases or any(one.subject.startswith(begin) for begin in telling.cases))
    ]  # fmt: skip
    return max(fit, key=lambda one: (bool(one.number), _begin(one.body), one.id)) if fit else None


def _begin(body: Mapping[str, Any]) -> datetime:
    return instant(body.get("period", {}).get("start") or body.get("created") or "0001-01-01")


def without_words(text: str, words: Sequence[str]) -> str:
    """A receiver's text without the words that name the citizen it was told about."""
    named = [re.escape(word) for word in words if len(word) > 1]
    return re.sub(rf"(?i)\b({'|'.join(named)})\b", "xxx", text) if named else text
