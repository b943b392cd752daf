"""A bug on the way out: it costs one message a try, and ends in no loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from gateway.domain.outgoing import Outgoing
from gateway.domain.source import Source
from gateway.flows.deliver import Reply
from gateway.flows.parts import Gateway
from gateway.outbound.courier import Courier
from gateway.store import outbox
from tests.outbound.conftest import Office, connected, delivered, states
from tests.outbound.receivers import letter


class Broken:
    """A line on which every message is a surprise."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, message: Outgoing) -> Reply:
        self.sent.append(message.message_id)
        raise ValueError("2512489996")


def test_a_bug_costs_a_try_and_does_not_send_again_at_every_look(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """Else a receiver whose answer we stumble over would get the same message every second, for ever."""
    line = Broken()

    @asynccontextmanager
    async def opened(source: Source) -> AsyncIterator[Broken]:
        yield line

    async def work(gateway: Gateway) -> None:
        here = connected(gateway, regionh_somatik_adt="mllp://127.0.0.1:1")
        await outbox.put(gateway.database, [letter(1), letter(2)], gateway.clock())
        one = Courier(here, opened, 0.01, 2, drain=1.0)
        for _ in range(5):
            await delivered(one)
        assert line.sent == ["M1", "M2"], "what is behind it is not held up"
        office.clock.ahead += timedelta(seconds=6)
        for _ in range(5):
            await delivered(one)
        assert line.sent == ["M1", "M2"] * 2
        found = await states(gateway)
        assert {(state, tries) for state, tries, _ in found.values()} == {("failed", 2)}
        assert "2512489996" not in caplog.text + str(found)

    office.run(work)
