"""What an operator sees and does about what goes out. Never its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.outgoing import TOLD_LATER
from gateway.flows.parts import Gateway
from gateway.store import outbox, subscriptions
from gateway.store.outbox import Row, Silence, Unmatched
from gateway.store.subscriptions import Row as Notification

__all__ = ["Notification", "Outbox", "Row", "Unmatched", "notify_again", "send_again", "show", "silence"]

MOST = 1000


@dataclass(frozen=True, slots=True)
class Outbox:
    """Messages in the states that were asked for, receipts that match nothing, and notifications to subscribers in
    these states."""

    messages: Sequence[Row]
    unmatched: Sequence[Unmatched]
    notifications: Sequence[Notification] = ()


async def show(gateway: Gateway, states: Sequence[str]) -> Outbox:
    """What stands in the outbox, oldest first, at most 1000 of each. `overdue` is what was sent to a receiver that
    tells later what became of it, and has not told in time."""
    messages = await outbox.listed(gateway.database, states, MOST, silence(gateway))
    told = await subscriptions.listed(gateway.database, states, MOST)
    return Outbox(messages, await outbox.unmatched(gateway.database, MOST), told)


async def notify_again(gateway: Gateway, places: Sequence[int]) -> list[int]:
    """Let notifications that failed wait once more, and their subscriptions go on. Those that do now."""
    return await subscriptions.again(gateway.database, places, gateway.clock())


async def send_again(gateway: Gateway, identities: Sequence[int]) -> list[int]:
    """Let messages that failed, were withheld, or of which nothing was heard, wait once more. The ids of those that do
    now. What was withheld is decided anew."""
    return await outbox.again(gateway.database, identities, gateway.clock())


def silence(gateway: Gateway) -> Silence:
    """When a receipt that is to follow is overdue."""
    return Silence(TOLD_LATER, gateway.clock() - gateway.receipt_within)
