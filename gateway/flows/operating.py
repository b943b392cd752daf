"""What an operator sees and does: what could not be understood, what does not go out, who has fallen silent.

No content of anybody's is shown, nor what receivers wrote: they write what they like. What is tried again is on record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.record import Decision, Outcome, masked
from gateway.domain.stretch import LONGEST, Stretch, stretch
from gateway.errors import Forbidden
from gateway.flows import outbox
from gateway.flows.fetch import states
from gateway.flows.looking import NOTHING, on_record, record_of
from gateway.flows.outbox import MOST, Notification, Row, Unmatched
from gateway.flows.parts import Gateway
from gateway.flows.replay import Replayed, replay
from gateway.store import messages
from gateway.store.fetched import State

__all__ = ["MOST", "Deliveries", "Heard", "Held", "Notification", "Quarantine", "Replayed", "Row", "State", "Unmatched"]

_STUCK = ("failed", "overdue", "withheld")
_RULE = re.compile(r"[\w./-]+\.(?:yaml|csv):\d+")

# How our own reasons begin; anything else is what a receiver wrote.
REASONS = (
    ("The receiver cannot be reached", "unreached"), ("The receiver did not answer", "unanswered"),
    ("The receiver's answer cannot be read", "unreadable"), ("The receiver's answer is too large", "unreadable"),
    ("The receiver answered another message", "another"), ("The receiver gave no technical receipt", "no-receipt"),
    ("no receipt came", "no-receipt"), ("The receiver answered HTTP", "http"),
    ("The new municipality may not have all of it", "withheld"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A message in quarantine. `sources` are those that its sender may send as, () where it did not say; `rule` is a
    file:line of mappings/, where one refused it; `until` when its content goes."""

    id: int
    language: str
    sources: tuple[str, ...]
    received: datetime
    text: str
    where: str
    hint: str
    rule: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Messages in quarantine, the oldest first, and how many there are in all."""

    held: Stretch[Held]
    all: int


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What went wrong on its way out, what waits, receipts that match nothing, and dead letters of subscriptions."""

    stuck: Sequence[Row]
    waiting: Sequence[Row]
    unmatched: Sequence[Unmatched]
    dead: Sequence[Notification]


@dataclass(frozen=True, slots=True)
class Heard:
    """A source and when it last spoke, None if never. `silent`: longer ago than is usual here."""

    source: str
    name: str
    last: datetime | None
    silent: bool


async def quarantine(gateway: Gateway, caller: Caller, first: int = 0) -> Quarantine:
    """What could not be understood, from a place on. Raises Forbidden for anybody but operators."""
    await _admit(gateway, caller, "quarantine")
    found, count = await messages.held(gateway.database, LONGEST + 1, first)
    return Quarantine(stretch([_held(gateway, one) for one in found], first), count)


async def replay_by(gateway: Gateway, caller: Caller, identity: int | None = None, first: int = 0) -> list[Replayed]:
    """Try one message again, or those that are shown from a place on, one by one. Raises Forbidden."""
    await _admit(gateway, caller, "replay", done=True)
    if identity is not None:
        return await replay(gateway, identity)
    found, _ = await messages.held(gateway.database, LONGEST, first)
    return [told for one in found for told in await replay(gateway, one.id)]


async def deliveries(gateway: Gateway, caller: Caller) -> Deliveries:
    """What does not go out. Raises Forbidden."""
    await _admit(gateway, caller, "deliveries")
    stuck = await outbox.show(gateway, _STUCK)
    waiting = await outbox.show(gateway, ("waiting",))
    dead = [one for one in stuck.notifications if one.state == "failed"]
    return Deliveries(stuck.messages, waiting.messages, stuck.unmatched, dead)


async def send_again_by(gateway: Gateway, caller: Caller, identity: int) -> bool:
    """Let a message wait once more; False where it does already, or was receipted. Raises Forbidden."""
    await _admit(gateway, caller, "send-again", done=True)
    return bool(await outbox.send_again(gateway, [identity]))


async def notify_again_by(gateway: Gateway, caller: Caller, place: int) -> bool:
    """Let a dead letter wait once more, and its subscription go on. Raises Forbidden."""
    await _admit(gateway, caller, "notify-again", done=True)
    return bool(await outbox.notify_again(gateway, [place]))


async def heard(gateway: Gateway, caller: Caller) -> list[Heard]:
    """When every source last spoke, those first that have fallen silent. Raises Forbidden."""
    await _admit(gateway, caller, "sources")
    last = await messages.last_heard(gateway.database, sorted(gateway.sources))
    since = gateway.clock() - gateway.quiet_after
    found = [
        Heard(one.id, one.name, last.get(one.id), (told := last.get(one.id)) is not None and told < since)
        for one in gateway.sources.values()
    ]
    return sorted(found, key=lambda one: (not one.silent, one.last is None, one.source))


async def fetched(gateway: Gateway, caller: Caller) -> list[State]:
    """How the rounds went, by source. Raises Forbidden."""
    await _admit(gateway, caller, "fetches")
    return await states(gateway)


def reason_of(row: Row) -> str:
    """Why a message does not go out, as one of a few words; "" where nothing is told, `other` where the receiver said
    it in its own."""
    return next((word for begins, word in REASONS if row.told.startswith(begins)), "other" if row.told else "")


def _held(gateway: Gateway, one: messages.Kept) -> Held:
    told = json.loads(one.reason)
    text, where, hint = (masked(str(told.get(name, ""))) for name in ("text", "where", "hint"))
    rule = _RULE.search(hint) or _RULE.search(text)
    return Held(
        one.id, one.language, tuple(told.get("sends") or ()), one.received_at, text, where, hint,
        rule[0] if rule else "", one.received_at + gateway.quarantine_for,
    )  # fmt: skip


async def _admit(gateway: Gateway, caller: Caller, operation: str, *, done: bool = False) -> None:
    """Operators alone. What is done is on record, and so is who may not; what is shown is nobody's."""
    allowed = caller.role == "operator" and bool(caller.purposes)
    if allowed and not done:
        return
    record = record_of(gateway, caller, "operation", "Bundle", "", NOTHING, operation=operation)
    if not allowed:
        await on_record(gateway, record)
        raise Forbidden("Only operators do this")
    await on_record(gateway, replace(record, decision=Decision.PERMIT, outcome=Outcome.SUCCESS))
