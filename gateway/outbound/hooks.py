"""Posts notifications to subscribers. What they answer is not read, but for its status."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.subscription import ENDPOINT, JSON
from gateway.errors import Unavailable
from gateway.outbound.pinned import Pinned


@dataclass(frozen=True, slots=True)
class Hooks(Pinned):
    """`await hooks(endpoint, body, headers)`: POST, taken when the answer is any 2xx. Raises Unavailable where it was
    not, RuleBroken where it may not go."""

    seconds: float = 10.0

    async def __call__(self, endpoint: str, body: bytes, headers: dict[str, str]) -> None:
        """Send one notification."""
        told = headers | {"Content-Type": JSON}
        answer = await self.called("POST", endpoint, ENDPOINT, most=0, headers=told, content=body)
        if not 200 <= answer.status < 300:
            raise Unavailable(f"The subscriber answered HTTP {answer.status}")
