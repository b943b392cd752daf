"""How the access log stands. It tells nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.flows.parts import Gateway
from gateway.store import log_standing


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to where one log was cosigned by one witness; `at` is None before the first time."""

    name: str
    size: int = 0
    at: datetime | None = None


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
    missing: int  # leaves whose record is gone: its time was over, or it was taken away
    forgotten_before: datetime | None  # records from before this time are gone; None where none ever went
    witnesses: tuple[Seen, ...]  # who cosigns this log, and up to where
    witnessed: tuple[Seen, ...]  # whose logs are cosigned here, and up to where

    @property
    def whole(self) -> bool:
        """Whether there is no gap: as many leaves as were signed, every record is placed or waits for it, and none that
        is placed is gone before its time."""
        return self.leaves == self.size and not self.unplaced and not (self.missing and self.forgotten_before is None)


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
        forgotten_before=found.forgotten_before,
        witnesses=_with([str(key) for key, _ in gateway.witnessing.witnesses], found.cosigned),
        witnessed=_with([key.name for key in gateway.witnessing.logs], found.witnessed),
    )


def _with(known: Iterable[str], found: Iterable[tuple[str, int, datetime]]) -> tuple[Seen, ...]:
    """Those that are set up, and those that once were; a key is told by its name."""
    told = {name: Seen(name.partition("+")[0], size, at) for name, size, at in found}
    names = dict.fromkeys([*known, *told])
    return tuple(told.get(name) or Seen(name.partition("+")[0]) for name in names)
