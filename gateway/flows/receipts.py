"""Receipts: what a receiver tells of what it was sent. Matched, kept, and never acknowledged."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.domain.outgoing import RECEIPT_WITHIN, RESENDS, State, after
from gateway.domain.source import Source
from gateway.flows.parts import Answer, Gateway
from gateway.store import outbox
from gateway.translate.translation import Receipt, Translation

# Languages in which every message is receipted (MedCom): silence means that it, or its receipt, was lost.
RECEIPTED = ("fhir-message", "oioxml", "edifact")


async def take_receipt(gateway: Gateway, language: str, raw: bytes, translation: Translation, told: Receipt) -> Answer:
    """Match a receipt to what was sent; one of something that nothing here sent is kept for an operator to see.

    A receipt is never acknowledged: the answer is empty, or no more than "stored" where the sender waits for that.
    """
    now = gateway.clock()
    source = translation.source
    fingerprint = gateway.fingerprint(b"receipt", source.id.encode(), translation.fingerprint)
    arrived = outbox.Told(told, fingerprint, source.id, language, translation.message_id, now)

    def judge(state: State, resends: int) -> tuple[State, datetime]:
        then = after(told.outcome, state, resends, RESENDS)
        return then, now + RECEIPT_WITHIN if then == "waiting" else now

    await outbox.match(gateway.database, arrived, _same_organisation(gateway, source), judge)
    return Answer(gateway.languages.stored(language, raw, now), True, status=204)


async def remind(gateway: Gateway, within: timedelta = RECEIPT_WITHIN) -> int:
    """Send again what was sent and never receipted. How many messages."""
    now = gateway.clock()
    return await outbox.silent(gateway.database, RECEIPTED, now, now - within, RESENDS)


def _same_organisation(gateway: Gateway, source: Source) -> list[str]:
    """A receiver may answer from another of its systems; nobody answers for another organisation."""
    return [one.id for one in gateway.sources.values() if one.organisation == source.organisation]
