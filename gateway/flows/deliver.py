"""Deliver: what stands in the outbox goes to its receiver, at least once, in the order in which it was put there.

`outbound` brings the lines; here stands what becomes of a message: handed over, answered, tried again, given up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Protocol

from gateway.domain.outgoing import Outgoing, Receipt, after, pause
from gateway.domain.source import Source
from gateway.domain.telling import without_words
from gateway.errors import GatewayError, Unavailable, Unreadable
from gateway.flows.disclose import Ready, Withheld, disclosed, is_notice
from gateway.flows.hand_over import is_case, may_go
from gateway.flows.outbox import silence
from gateway.flows.parts import Gateway
from gateway.flows.receive import told
from gateway.store import outbox
from gateway.store.outbox import Due
from gateway.translate.resent import resent

log = logging.getLogger("gateway.deliver")

LEASE = timedelta(minutes=10)
LAST = timedelta(minutes=3)  # before its end nothing more is begun: a line may be opened twice and wait each time
EACH = 8  # claimed for one destination at a time


class Unreachable(GatewayError):
    """The receiver cannot be reached."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: an answer in the message's own language, or b"" when the receiver only took the message.
    `refusal` is what the transport says (an HTTP status); it counts where the answer says nothing."""

    body: bytes = b""
    refusal: GatewayError | None = None


class Line(Protocol):
    """An open line to one receiver."""

    async def send(self, message: Outgoing) -> Reply:
        """Hand over one message. Raises Unreachable when nobody knows whether it was taken."""
        ...


Lines = Callable[[Source], AbstractAsyncContextManager[Line]]
"""Opens a line to a source. Raises Unreachable."""


Claimed = Sequence[Due]


async def claim(gateway: Gateway) -> list[Claimed]:
    """What this node shall send now: for each destination its messages in order."""
    now = gateway.clock()
    due = sorted(await outbox.claim(gateway.database, now, now + LEASE, EACH), key=_destination)
    return [list(several) for _, several in groupby(due, _destination)]


async def send(gateway: Gateway, lines: Lines, claimed: Claimed, limit: int) -> None:
    """Send messages to one destination, one after the other. When it cannot be reached the rest waits untried. A bug
    costs the message a try and a pause: given back untried, it would be sent again at every look, for ever."""
    left, wait = list(claimed), timedelta()
    source = gateway.sources.get(left[0].message.destination)
    if source is None or source.deliver is None:
        await _give_up(gateway, left)
        return
    try:
        async with lines(source) as line:
            while left and gateway.clock() < left[0].leased_until - LAST:
                await _one(gateway, line, left[0], limit)
                del left[0]
    except Unreachable as away:
        wait = pause(left[0].tries)
        await _later(gateway, left.pop(0), away, limit)
    except GatewayError:
        raise
    except Exception as bug:  # noqa: BLE001 - see above
        failure = told(bug)
        if left:
            await _later(gateway, left.pop(0), failure, limit)
    finally:
        if left:
            await outbox.release(gateway.database, left, gateway.clock() + wait)


async def waiting(gateway: Gateway) -> dict[str, tuple[int, float]]:
    """How many messages wait, failed or have no receipt in time, and how many receipts match nothing; with the age of
    the oldest in seconds."""
    now = gateway.clock()
    found = await outbox.counts(gateway.database, silence(gateway))
    return {state: (count, max(0.0, (now - since).total_seconds())) for state, (count, since) in found.items()}


async def _one(gateway: Gateway, line: Line, one: Due, limit: int) -> None:
    """One message, and what becomes of it. Raises Unreachable."""
    try:
        ready = await _ready(gateway, one)
    except Unavailable:
        raise
    except GatewayError as unfit:
        await _later(gateway, one, unfit, limit)
        return
    if isinstance(ready, Withheld):
        now = gateway.clock()
        await outbox.move(gateway.database, one, "withheld", now, ready.why, now)
    else:
        await _handed_over(gateway, one, await line.send(ready.message), ready.words, limit)


async def _handed_over(gateway: Gateway, one: Due, reply: Reply, words: Sequence[str], limit: int) -> None:
    """What became of it by its receiver's answer, which is kept without these words. Raises Unreachable."""
    now = gateway.clock()
    receipt = _receipt(gateway, one.message.language, reply)
    if receipt is not None:
        if receipt.of not in ("", one.message.message_id):
            raise Unreachable("The receiver answered another message than the one it was sent")
        state = after(receipt.outcome, "waiting", one.tries, limit)
        text = without_words(receipt.text, words)
        await outbox.move(gateway.database, one, state, now + pause(one.tries), text, now)
    elif reply.refusal is not None:
        await _later(gateway, one, reply.refusal, limit)
    else:
        await outbox.move(gateway.database, one, "sent", now, "", now)


async def _ready(gateway: Gateway, one: Due) -> Ready | Withheld:
    """The message as it goes out now. Raises Refused where it never can, Unavailable, and GatewayError for a bug, which
    must not hold up what is behind."""
    message = one.message
    try:
        if is_case(message) and not await may_go(gateway, message):
            return Withheld("The new municipality may not have all of it any more: hand over again, or not at all")
        if is_notice(message):
            return await disclosed(gateway, message)
    except GatewayError:
        raise
    except Exception as bug:  # noqa: BLE001 - see above
        raise told(bug) from None
    if one.resends:
        message = replace(message, body=resent(message.language, message.body, gateway.clock()))
    return Ready(message, ())


def _receipt(gateway: Gateway, language: str, reply: Reply) -> Receipt | None:
    """What the receiver says itself; where its answer is none, what the transport says counts, if it says anything."""
    try:
        return gateway.languages.answer(language, reply.body) if reply.body else None
    except Unreadable as garbled:
        if reply.refusal is not None:
            return None
        raise Unreachable("The receiver's answer cannot be read") from garbled


async def _later(gateway: Gateway, one: Due, error: GatewayError, limit: int) -> None:
    """Try again after a while, or not any more."""
    now = gateway.clock()
    state = after("transient-error" if error.transient else "fatal-error", "waiting", one.tries, limit)
    unreached = isinstance(error, Unreachable)
    await outbox.move(gateway.database, one, state, now + pause(one.tries), error.told(), now, unreached=unreached)
    if state == "failed":
        log.error("not delivered: destination %s, outbox %d", one.message.destination, one.id)


async def _give_up(gateway: Gateway, claimed: Claimed) -> None:
    """Nobody has said where this destination is: an operator does, and lets it wait again."""
    now = gateway.clock()
    for one in claimed:
        text = f"no connection: deliver is missing in mappings/sources/{one.message.destination}.yaml"
        await outbox.move(gateway.database, one, "failed", now, text, now)
        log.error("not delivered: destination %s has no connection, outbox %d", one.message.destination, one.id)


def _destination(one: Due) -> str:
    return one.message.destination
