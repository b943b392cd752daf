"""Several answers to one interchange as one, and an answer given before addressed to the interchange that came now.

Each letter of an interchange is received by itself and answered by a CONTRL of its own. A letter that came before gets
the verdict that it got then; it names the envelope that carried the letter this time (MedCom Reliable Messaging: the
original content in a new envelope).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.when import DANISH
from gateway.translate import vans
from gateway.translate.edifact.interchange import Interchange, interchange
from gateway.translate.edifact.outline import outline
from gateway.translate.edifact.segments import Segment
from gateway.translate.edifact.writing import Elements, composed
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.writing import number

_UCI = "UCI"
_NAME = "CTL"


@dataclass(frozen=True, slots=True)
class Post:
    """The letters of one interchange."""

    raw: bytes
    messages: Sequence[bytes]

    def answer(self, answers: Sequence[bytes], now: datetime) -> bytes:
        """Their answers as one; b"" among them where a letter asks for none."""
        return joined(self.raw, answers, now)


def joined(raw: bytes, answers: Sequence[bytes], now: datetime) -> bytes:
    """One interchange that answers every letter of `raw`; empty when none of the answers says anything.

    The only answer, when it already answers this very envelope, stays the bytes that it is: the same message sent
    twice is told the same, byte for byte. `answers` are what `refuse` and `accept` of this language gave.
    """
    said = [one for one in answers if one]
    if not said:
        return b""
    opened = vans.safely_opened(raw)
    asked = tree.said(outline(opened.content), "Envelope", "Identifier")
    found = [interchange(vans.safely_opened(one).content) for one in said]
    if len(said) == 1 and _of(found[0]) == asked:
        return said[0] if len(answers) == 1 else vans.answer(opened.envelope, said[0], "EDIFACT", _NAME, now)
    messages = [_elements(message.segments, asked) for one in found for message in one.messages]
    header = [list(element) for element in found[0].header.elements]
    if any(_of(one) != asked for one in found):
        local = now.astimezone(DANISH)
        header[4] = [local.strftime("%y%m%d"), local.strftime("%H%M")]
    header[5] = [number(_UCI, asked, *(message[0][1][0] for message in messages))]
    return vans.answer(opened.envelope, composed(header, messages), "EDIFACT", _NAME, now)


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
