"""Replay: messages in quarantine are tried again after a mapping or a source was mended."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import GatewayError
from gateway.flows.parts import Gateway
from gateway.flows.receive import keep_message, reason_of
from gateway.store import messages


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one message: `error` is empty when it was understood now."""

    id: int
    language: str
    error: str


async def replay(gateway: Gateway, identity: int | None = None) -> list[Replayed]:
    """Try one message in quarantine again, or all of them in the order in which they came."""
    return [await _again(gateway, one) for one in await messages.quarantined(gateway.database, identity)]


async def _again(gateway: Gateway, one: messages.Quarantined) -> Replayed:
    spoken = gateway.languages.of(one.language)
    try:
        await keep_message(gateway, one.language, one.body, spoken.translate(one.body))
    except GatewayError as error:
        answer = spoken.refuse(one.body, error, gateway.clock())
        await messages.tell_again(gateway.database, one.id, answer, reason_of(error))
        return Replayed(one.id, one.language, error.told())
    await messages.release(gateway.database, one.id)
    return Replayed(one.id, one.language, "")
