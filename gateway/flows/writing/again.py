"""Again: a transaction that has a number of its own (Bundle.identifier) is carried out once, as a message is.

Under the number stands what each entry came to, and a keyed hash of the content: other content under it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.caller import Caller
from gateway.errors import Contradiction
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Standing, Word
from gateway.flows.writing.whose import source_of
from gateway.store import messages, wire


@dataclass(frozen=True, slots=True)
class Again:
    """One numbered transaction of a source: `seen` names it, `content` tells it from another with its number."""

    seen: bytes
    content: str

    @classmethod
    def of(cls, gateway: Gateway, caller: Caller, number: str, raw: bytes) -> Again:
        """Of the source that this caller writes as. Raises Forbidden where there is none."""
        source = source_of(gateway, caller).id.encode()
        content = gateway.fingerprint(b"content", raw).hex()
        return cls(gateway.fingerprint(b"transaction", source, number.encode()), content)

    async def came(self, gateway: Gateway) -> list[tuple[str, bool]] | None:
        """Reference of each entry and whether it was created, when it came before. Raises Contradiction for a number
        that was used for other content."""
        answer = await messages.answer_to(gateway.database, self.seen)
        if answer is None:
            return None
        told = wire.decode(answer)
        if told["content"] != self.content:
            raise Contradiction("This number was used for other content", where="Bundle.identifier")
        return [(reference, created) for reference, created in told["entries"]]

    def answer(self, words: Sequence[Word | Standing]) -> bytes:
        """What is to be known when it comes again."""
        entries = [(word.reference, isinstance(word, Word) and word.created) for word in words]
        return wire.encode({"content": self.content, "entries": entries})
