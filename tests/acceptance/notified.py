"""Random stays told by notifications, and what must come of them by MedCom's rules, worked out without the gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from gateway.domain.when import said_time
from tests.translate.medcom.notices import notice

Json = dict[str, Any]
Moment = datetime | None
BEGIN = datetime(2025, 3, 1, 8, tzinfo=UTC)
_KIND = {"EMER": "emergency", "IMP": "inpatient"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the stay is in the end."""

    status: str
    start: datetime
    end: Moment
    leaves: list[list[Moment]]
    died: bool


@dataclass(slots=True)
class Course:
    """A stay on its way. `events` are those that hold; `sent` are (what it is, what it corrects, message)."""

    random: Random
    kind: str
    clock: datetime = BEGIN
    registered: datetime = BEGIN
    events: list[list[Any]] = field(default_factory=list)
    chain: list[tuple[str, str]] = field(default_factory=list)
    sent: list[tuple[str, int, Json]] = field(default_factory=list)

    def outcome(self) -> Outcome:
        status, leaves, end = "", [], None
        for act, at in self.events:
            if act == "leave":
                leaves.append([at, None])
            elif act != "start" and leaves and leaves[-1][1] is None:
                leaves[-1][1] = at
            status = {"leave": "onleave", "end": "finished", "die": "finished"}.get(act, "in-progress")
            end = at if status == "finished" else None
        return Outcome(status, self.events[0][1], end, leaves, self.events[-1][0] == "die")

    def happen(self, act: str, tell: Callable[[Course, str, datetime], None]) -> bool:
        """Something happens, is told, perhaps corrected, perhaps cancelled. False when it was cancelled."""
        self.clock += timedelta(minutes=self.random.randint(5, 600))
        self.events.append([act, self.clock])
        tell(self, "", self.clock)
        original = len(self.sent) - 1
        while self.random.random() < 0.35:
            before = self.events[-2][1] if len(self.events) > 1 else self.clock - timedelta(hours=9)
            span = int((self.clock - before).total_seconds())
            self.events[-1][1] = before + timedelta(seconds=self.random.randint(1, max(span, 1)))
            tell(self, "RE", self.events[-1][1])
            self.sent[-1] = ("RE", original, self.sent[-1][2])
        if self.random.random() < 0.2:
            tell(self, "AN", self.events[-1][1])
            self.sent[-1] = ("AN", original, self.sent[-1][2])
            if act != "start":
                self.events.pop()
            return False
        return True

    def send(self, activity: str, *, goes_back: bool = True, **more: Any) -> None:
        self.registered = max(self.registered, self.clock) + timedelta(minutes=1)
        header, before = f"h{len(self.sent)}", self.chain[-1][0] if self.chain and goes_back else ""
        bundle = notice(
            activity, header=header, earlier=tuple(self.chain), goes_back_to=before, kind=self.kind,
            start=said_time(self.events[0][1]), recorded=said_time(self.registered), **more,
        )  # fmt: skip
        self.sent.append(("", -1, bundle))
        self.chain.append((header, activity))

    def without_originals(self) -> list[Json]:
        """What came, when every message that was corrected or cancelled got lost on the way."""
        lost = {corrected for _, corrected, _ in self.sent}
        last = {corrected: at for at, (_, corrected, _) in enumerate(self.sent) if corrected >= 0}
        return [
            bundle for at, (_, corrected, bundle) in enumerate(self.sent)
            if at not in lost and (corrected < 0 or last[corrected] == at)
        ]  # fmt: skip


def _start(course: Course, how: str, at: datetime) -> None:
    word = {"": "admit-", "RE": "revise-admit-", "AN": "cancel-admit-"}[how]
    status = "entered-in-error" if how == "AN" else "in-progress"
    course.send(f"{word}{_KIND[course.kind]}", goes_back=bool(how), status=status)


def _leave(course: Course, how: str, at: datetime) -> None:
    word = {"": "", "RE": "revise-", "AN": "cancel-"}[how]
    status = "in-progress" if how == "AN" else "onleave"
    course.send(f"{word}start-leave-inpatient", status=status, leave=(said_time(at), ""))


def _return(course: Course, how: str, at: datetime) -> None:
    word = {"": "", "RE": "revise-", "AN": "cancel-"}[how]
    left = said_time(next(when for act, when in reversed(course.events) if act == "leave"))
    status, until = ("onleave", "") if how == "AN" else ("in-progress", said_time(at))
    course.send(f"{word}end-leave-inpatient", status=status, leave=(left, until))


def _end(course: Course, how: str, at: datetime) -> None:
    word = {"": "discharge-", "RE": "revise-discharge-", "AN": "cancel-discharge-"}[how]
    status, until = ("in-progress", "") if how == "AN" else ("finished", said_time(at))
    course.send(f"{word}{_KIND[course.kind]}-home", status=status, end=until)


def _die(course: Course) -> Callable[[Course, str, datetime], None]:
    """A death repeats the activity before it; taking it back says `deceased: false`."""
    repeated, before = course.chain[-1][1], course.outcome()
    left = before.leaves[-1][0] if before.status == "onleave" else None

    def tell(course: Course, how: str, at: datetime) -> None:
        status, until = (before.status, "") if how == "AN" else ("finished", said_time(at))
        leave = (said_time(left), "") if left else ("", "")
        course.send(repeated, status=status, end=until, leave=leave, deceased=how != "AN")

    return tell


def course(seed: int) -> tuple[Course, bool]:
    """A stay from its start on, and whether the whole of it was cancelled."""
    random = Random(seed)
    made = Course(random, random.choice(["EMER", "IMP", "IMP"]))
    if not made.happen("start", _start):
        return made, True
    for _ in range(random.randint(0, 3) if made.kind == "IMP" else 0):
        if made.happen("leave", _leave) and (random.random() < 0.15 or not made.happen("return", _return)):
            break
    ending = random.choice(["end", "end", "die", ""])
    if ending == "end" and not made.happen("end", _end):
        made.happen("end", _end)
    elif ending == "die":
        made.happen("die", _die(made))
    return made, False
