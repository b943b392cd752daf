"""Message ids used again: a repetition, a mistake of the sender, or a contradiction.

| MessageHeader.id | content | Bundle.id | it is |
|---|---|---|---|
| new | | new | new |
| new | | known | a contradiction: an envelope holds one message |
| known | known | new or known | repeated: answered as the first time |
| known | new, about another stay | new or known | new all the same: official examples use one id for several stays |
| known | new, about the same stay | new or known | a contradiction: which of the two holds cannot be told |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.errors import Contradiction

Use = Literal["new", "repeated", "again"]


class IdReused(Contradiction):
    """The id of a message stood for something else before."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A message by its numbers: `number` is its own id, `envelope` its Bundle's. `concerns` and `fingerprint` are keyed
    hashes, of what it is about and of its content."""

    number: str
    envelope: str
    concerns: bytes
    fingerprint: bytes


def use_of(message: Numbered, known: Sequence[Numbered]) -> Use:
    """What a message is, given those of its source with its number or its envelope; `again` is one whose number stood
    for something else before. Raises IdReused."""
    if any(one.fingerprint == message.fingerprint for one in known):
        return "repeated"
    same = [one for one in known if one.number == message.number]
    if any(one.concerns == message.concerns for one in same):
        raise IdReused(
            "This id was used before for other content about the same stay", where="Bundle.entry[0].resource.id"
        )
    if any(one.envelope == message.envelope and one.number != message.number for one in known):
        raise IdReused("This id was used before for another message", where="Bundle.id")
    return "again" if same else "new"
