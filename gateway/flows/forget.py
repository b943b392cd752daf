"""Forget: the content of messages that nobody could understand is deleted when its time is over."""

from __future__ import annotations

from datetime import timedelta

from gateway.flows.parts import Gateway
from gateway.store import messages


async def forget(gateway: Gateway, days: int) -> int:
    """Delete the content of everything that has been in quarantine for so many days; how many messages that were.

    It is not known whether the citizen has a municipal case (retssikkerhedsloven § 12 c), as the message could not be
    read: so its content is kept for no longer than it takes to mend a mapping. That it came, when, and what was wrong
    stays.
    """
    return await messages.forget(gateway.database, gateway.clock() - timedelta(days=days))
