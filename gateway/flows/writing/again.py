"""Again: a transaction that has a number of its own (Bundle.identifier) is carried out once, as a message is.

Under the number stands what each entry came to, and a keyed hash of the content: other content under it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.caller import Caller
from gateway.errors import Contradiction
from gateway.flows.parts import Gateway
from gateway.flows.writing.saying import LANGUAGE
from gateway.flows.writing.whose import source_of
from gateway.store import messages, wire
from gateway.store.intake import Arrival


@dataclass(frozen=True, slots=True)
class Again:
    """One numbered transaction of a source: `seen` names it, `content` tells it from another with its number."""

    source: str
    seen: bytes
    content: str

    @classmethod
    def of(cls, gateway: Gateway, caller: Caller, number: str, raw: bytes) -> Again:
        """Of the source that this caller writes as. Raises Forbidden where there is none."""
        source = source_of(gateway, caller).id
        content = gateway.fingerprint(b"content", raw).hex()
        return cls(source, gateway.fingerprint(b"transaction", source.encode(), number.encode()), content)

    async def came(self, gateway: Gateway) -> list[tuple[str, bool]] | None:
        """Reference of each entry and whether it was created, when it came before. Raises Contradiction for a number
        that was used for other content."""
        told = await self._told(gateway)
        if told is None:
            return None
        if told["content"] != self.content:
            raise Contradiction("This number was used for other content", where="Bundle.identifier")
        return [(reference, created) for reference, created in told["entries"]]

    async def is_kept(self, gateway: Gateway) -> bool:
        """Whether the same is carried out by now."""
        told = await self._told(gateway)
        return told is not None and told["content"] == self.content

    async def _told(self, gateway: Gateway) -> dict[str, Any] | None:
        answer = await messages.answer_to(gateway.database, self.seen)
        return wire.decode(answer) if answer is not None else None

    def arrival(self, gateway: Gateway, entries: Sequence[tuple[str, bool]]) -> Arrival:
        """What is kept of it besides what its entries say: what is to be known when it comes again."""
        answer = wire.encode({"content": self.content, "entries": entries})
        return Arrival(LANGUAGE, self.source, self.seen.hex(), "transaction", self.seen, gateway.clock(), b"", answer)
