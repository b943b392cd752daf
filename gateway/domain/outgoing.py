"""What goes out, what became of it, and when it is tried again. Pure: flows/deliver.py sends, store/outbox.py keeps.

States of a message in the outbox:

| state | meaning | next |
|---|---|---|
| waiting | to be sent when it is due | sent, receipted, failed |
| sent | handed over; the receiver may still tell what became of it | receipted, failed, waiting |
| receipted | the receiver says that it is well | – |
| failed | the receiver refuses it, or it was tried too often; an operator may let it wait again | receipted, waiting |
| withheld | the receiver may not be told (no consent, no law), or there is nothing to tell any more | waiting |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

State = Literal["waiting", "sent", "receipted", "failed", "withheld"]
# `taken`: safely stored by the receiver (HL7 v2 CA), who tells later what became of it.
Outcome = Literal["ok", "transient-error", "fatal-error", "taken"]

RECEIPT_WITHIN = timedelta(minutes=30)  # MedCom Reliable Messaging: after that the sender may send again …
RESENDS = 2  # … at most twice
# Languages whose receivers take a message at once and tell later, in a receipt of its own, what became of it. Silence
# is no reason to send again: it is shown to an operator.
TOLD_LATER = ("sf2900",)

_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to a system outside.

    `destination` is the id of a source with a connection (`deliver:` in mappings/sources), `language` that of the
    body (`hl7v2`, `fhir-message`, `oioxml`, `edifact`, `sf2900`, `fasit`; of the last two the body in the outbox is a
    notice, domain/telling.py). `message_id` is the id that a receipt will name: MSH-10, MessageHeader.id,
    Letter/Identifier. A destination gets one message of an id once. `about` is the Patient id, `answers` the id of the
    message that this one answers; both may be empty.
    """

    destination: str
    language: str
    message_id: str
    body: bytes
    about: str = ""
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receiver says of a message that it got: `of` is that message's id. `text` is the receiver's own and may
    hold anything: it is never logged."""

    of: str
    outcome: Outcome
    text: str = ""


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries (1 or more): 5 seconds, doubled each time, never more than 15 minutes."""
    return min(_LONGEST, _FIRST * (1 << min(max(tries, 1) - 1, 20)))


def after(outcome: Outcome, state: State, tries: int, limit: int) -> State:
    """What becomes of a message with this receipt.

    What is well stays well, whatever comes later (MedCom Reliable Messaging: never positive first and negative
    later); what failed may turn out well. A transient error is tried again until the limit.
    """
    if state == "receipted" or outcome == "ok":
        return "receipted"
    if outcome == "taken":
        return "failed" if state == "failed" else "sent"
    if outcome == "fatal-error" or state == "failed" or tries >= limit:
        return "failed"
    return "waiting"
