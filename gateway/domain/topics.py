"""Topics of subscriptions: what must have happened to a resource for its topic to be told.

Rows come from mappings/subscription-topics.csv. http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.statement import Body
from gateway.domain.when import last_instant

TOPIC = "https://faellesplan.dk/fhir/SubscriptionTopic/"
OVERDUE = "overdue"
_DONE_WITH = frozenset({"completed", "cancelled", "entered-in-error", "rejected", "on-hold"})
_PRESENT = frozenset({"in-progress", "arrived", "triaged", "onleave"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row: this topic is told when that happens (WHEN) to a resource of this type."""

    topic: str
    kind: str
    when: str


class Topics:
    """The table, asked by name and by what changed."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows = tuple(rows)
        self.names = tuple(dict.fromkeys(row.topic for row in self._rows))

    def kinds(self, topic: str) -> frozenset[str]:
        """The types that a topic tells of."""
        return frozenset(row.kind for row in self._rows if row.topic == topic)

    def of(self, kind: str, before: Body | None, after: Body, now: datetime) -> list[str]:
        """The topics that a new version of a resource is about."""
        return [row.topic for row in self._rows if row.kind == kind and WHEN[row.when](before, after, now)]

    def overdue(self) -> list[str]:
        """The topics that time alone brings about."""
        return [row.topic for row in self._rows if row.when == OVERDUE]


NO_TOPICS = Topics()


def _status(body: Body | None) -> str:
    return str(body.get("status", "")) if body else ""


def overdue_since(goal: Body, now: datetime) -> str:
    """The due date that has gone by of a goal which is neither reached nor given up; "" for any other goal."""
    if goal.get("lifecycleStatus") in _DONE_WITH:
        return ""
    codes = [one.get("code") for one in goal.get("achievementStatus", {}).get("coding", [])]
    if "achieved" in codes:
        return ""
    days = sorted(str(one["dueDate"]) for one in goal.get("target", []) if "dueDate" in one)
    gone = [day for day in days if last_instant(day) <= now]
    return gone[-1] if gone else ""


WHEN: Mapping[str, Callable[[Body | None, Body, datetime], bool]] = {
    "any": lambda before, after, now: before != after,
    "started": lambda before, after, now: _status(after) in _PRESENT and _status(before) not in _PRESENT,
    "leave": lambda before, after, now: _status(after) == "onleave" != _status(before),
    "ended": lambda before, after, now: _status(after) == "finished" != _status(before),
    OVERDUE: lambda before, after, now: bool(overdue_since(after, now)) and not (
        before and overdue_since(before, now)
    ),
}  # fmt: skip
"""What may happen to a resource: (the version before, None for the first; the version now; the time)."""
