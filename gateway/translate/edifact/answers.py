"""Several answers to one interchange as one, and an answer given before addressed to the interchange that came now.

Each letter of an interchange is received by itself and answered by a CONTRL of its own. A letter that came before gets
the verdict that it got then; it names the envelope that carried the letter this time (MedCom Reliable Messaging: the
original content in a new envelope).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.when import DANISH
from gateway.errors import GatewayError
from gateway.translate.edifact.interchange import Interchange, interchange
from gateway.translate.edifact.outline import UNKNOWN, outline
from gateway.translate.edifact.segments import Segment
from gateway.translate.edifact.writing import Elements, composed
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.writing import number

_UCI = "UCI"


def joined(raw: bytes, answers: Sequence[bytes], now: datetime) -> bytes:
    """One interchange that answers every letter of `raw`; empty when none of the answers says anything.

    The only answer, when it already answers this very envelope, stays the bytes that it is: the same message sent
    twice is told the same, byte for byte. `answers` are what `refuse` and `accept` of this language gave.
    """
    said = [one for one in answers if one]
    if not said:
        return b""
    envelope = tree.said(outline(raw), "Envelope", "Identifier")
    found = [_read(one) for one in said]
    if len(said) == 1 and (found[0] is None or _of(found[0]) in (envelope, UNKNOWN)):
        return said[0]
    known = [one for one in found if one is not None]
    messages = [_elements(message.segments, envelope) for one in known for message in one.messages]
    header = [list(element) for element in known[0].header.elements]
    if any(_of(one) != envelope for one in known):
        local = now.astimezone(DANISH)
        header[4] = [local.strftime("%y%m%d"), local.strftime("%H%M")]
    header[5] = [number(_UCI, envelope, *(message[0][1][0] for message in messages))]
    return composed(header, messages)


def _read(answer: bytes) -> Interchange | None:
    try:
        return interchange(answer)
    except GatewayError:
        return None  # no EDIFACT: the answer of a door or an envelope's


def _of(answer: Interchange) -> str:
    """The envelope that an answer answers."""
    return next((one.said(1) for message in answer.messages for one in message.segments if one.tag == _UCI), "")


def _elements(segments: Sequence[Segment], envelope: str) -> list[Elements]:
    """A message without its UNT, answering this envelope."""
    found = [[list(element) for element in segment.elements] for segment in segments[:-1]]
    for elements in found:
        if elements[0][0] == _UCI:
            elements[1] = [envelope]
    return found
