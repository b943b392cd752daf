"""What an operator sees and does about what goes out. Never its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.flows.parts import Gateway
from gateway.store import outbox
from gateway.store.outbox import Row, Unmatched

__all__ = ["Outbox", "Row", "Unmatched", "send_again", "show"]

MOST = 1000


@dataclass(frozen=True, slots=True)
class Outbox:
    """Messages in the states that were asked for, and receipts that match nothing."""

    messages: Sequence[Row]
    unmatched: Sequence[Unmatched]


async def show(gateway: Gateway, states: Sequence[str]) -> Outbox:
    """What stands in the outbox, oldest first, at most 1000 of each."""
    messages = await outbox.listed(gateway.database, states, MOST)
    return Outbox(messages, await outbox.unmatched(gateway.database, MOST))


async def send_again(gateway: Gateway, identities: Sequence[int]) -> list[int]:
    """Let messages that failed, or of which nothing was heard, wait once more. The ids of those that do now."""
    return await outbox.again(gateway.database, identities, gateway.clock())
