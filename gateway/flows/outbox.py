"""What an operator sees and does about what goes out. Never its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.outgoing import TOLD_LATER
from gateway.flows.parts import Gateway
from gateway.store import outbox
from gateway.store.outbox import Row, Silence, Unmatched

__all__ = ["Outbox", "Row", "Unmatched", "send_again", "show", "silence"]

MOST = 1000


@dataclass(frozen=True, slots=True)
class Outbox:
    """Messages in the states that were asked for, and receipts that match nothing."""

    messages: Sequence[Row]
    unmatched: Sequence[Unmatched]


async def show(gateway: Gateway, states: Sequence[str]) -> Outbox:
    """What stands in the outbox, oldest first, at most 1000 of each. `overdue` is what was sent to a receiver that
    tells later what became of it, and has not told in time."""
    messages = await outbox.listed(gateway.database, states, MOST, silence(gateway))
    return Outbox(messages, await outbox.unmatched(gateway.database, MOST))


async def send_again(gateway: Gateway, identities: Sequence[int]) -> list[int]:
    """Let messages that failed, were withheld, or of which nothing was heard, wait once more. The ids of those that do
    now. What was withheld is decided anew."""
    return await outbox.again(gateway.database, identities, gateway.clock())


def silence(gateway: Gateway) -> Silence:
    """When a receipt that is to follow is overdue."""
    return Silence(TOLD_LATER, gateway.clock() - gateway.receipt_within)
