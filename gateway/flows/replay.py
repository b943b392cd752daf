"""Replay: messages in quarantine are tried again after a mapping or a source was mended."""

from __future__ import annotations

import json
from dataclasses import dataclass

from gateway.errors import GatewayError, Unavailable
from gateway.flows.parts import Gateway
from gateway.flows.receipts import take_receipt
from gateway.flows.receive import heard, keep_message, may_send, reason_of, told
from gateway.flows.registered import understood
from gateway.store import messages


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one message: `error` is empty when it was understood now."""

    id: int
    language: str
    error: str


async def replay(gateway: Gateway, identity: int | None = None) -> list[Replayed]:
    """Try one message in quarantine again, or all of them in the order in which they came; one at a time is read."""
    wanted = [identity] if identity is not None else await messages.waiting(gateway.database)
    done = []
    for number in wanted:
        one = await messages.quarantined(gateway.database, number)
        if one is not None:
            done.append(await _again(gateway, one))
    return done


async def _again(gateway: Gateway, one: messages.Quarantined) -> Replayed:
    reason = json.loads(one.reason)
    sends, selected, before = reason.get("sends"), reason.get("selected", ""), reason.get("before", {})
    gateway = heard(gateway, one.language, selected)
    spoken = gateway.languages.of(one.language)
    try:
        translation = await understood(gateway, spoken, one.body, sends)
        may_send(sends, translation)
        if translation.receipt is not None:
            await take_receipt(gateway, one.language, one.body, translation, translation.receipt)
        else:
            await keep_message(gateway, one.language, one.body, translation)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - one message must not keep all others in quarantine
        refusal = gateway.languages.placed(
            one.language, error if isinstance(error, GatewayError) else told(error), before
        )
        answer = spoken.refuse(one.body, refusal, gateway.clock())
        await messages.tell_again(gateway.database, one.id, answer, reason_of(refusal, sends, selected, before))
        return Replayed(one.id, one.language, refusal.told())
    await messages.release(gateway.database, one.id)
    return Replayed(one.id, one.language, "")
