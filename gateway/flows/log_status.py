"""How the access log stands. It tells nothing about anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.flows.parts import Gateway
from gateway.store import log_standing


@dataclass(frozen=True, slots=True)
class LogStatus:
    """The signed tree and what stands beside it."""

    origin: str
    vkey: str  # the public half of the signing key, as C2SP writes it
    size: int
    root: str  # base64, as it stands in the checkpoint
    made_at: datetime | None  # None before the first checkpoint
    note: str
    pending: int  # records that wait for their place in the tree
    leaves: int
    unplaced: int  # records that are neither in the tree nor waiting for it
    missing: int  # leaves whose record is gone: by retention, or taken away

    @property
    def whole(self) -> bool:
        """Whether there is no gap: as many leaves as were signed, and every record is placed or waits for it."""
        return self.leaves == self.size and not self.unplaced


async def log_status(gateway: Gateway) -> LogStatus:
    """The log as it stands at this moment."""
    async with gateway.database.connection() as connection:
        found = await log_standing.standing(connection)
    newest = found.newest
    return LogStatus(
        origin=gateway.log_key.origin,
        vkey=gateway.log_key.vkey,
        size=newest.size if newest else 0,
        root=newest.note.split("\n")[2] if newest else "",
        made_at=newest.made_at if newest else None,
        note=newest.note if newest else "",
        pending=found.pending,
        leaves=found.leaves,
        unplaced=found.unplaced,
        missing=found.missing,
    )
