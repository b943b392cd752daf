"""What goes on beside the doors for subscribers: noticing what changed, and sending it."""

from __future__ import annotations

from functools import partial

from gateway.cli.again import Work
from gateway.flows.parts import Gateway
from gateway.flows.subscriptions import Standing, notice, notice_overdue, send_due
from gateway.inbound import clients
from gateway.inbound.rest.subscribing import standing
from gateway.outbound.hooks import Hooks
from gateway.outbound.lines import caller_context
from gateway.settings import Settings

LOOKS_EVERY = 1.0
"""Seconds between two looks at what subscribers are to be told."""

OVERDUE_EVERY = 3600.0
"""Seconds between two looks at goals whose day has gone by."""


def notifies(gateway: Gateway, settings: Settings) -> list[Work]:
    """What is done again and again for them."""
    tls = caller_context(settings.tls_certificate, settings.tls_key, settings.tls_ca)
    hooks, by = Hooks(gateway.hook_hosts, tls), standing(clients.load(settings.clients))
    return [
        (LOOKS_EVERY, partial(_notify, gateway, hooks, by, settings.hook_tries), "telling subscribers"),
        (OVERDUE_EVERY, partial(notice_overdue, gateway), "looking for overdue goals"),
    ]


async def _notify(gateway: Gateway, hooks: Hooks, by: Standing, tries: int) -> None:
    """All that is to be told now; a subscriber that fails waits for its own next try."""
    await notice(gateway)
    while await send_due(gateway, hooks, by, tries):
        pass
