"""Everything of the directory that a caller may see and that could match: what tables tell, then the rest by ids."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from gateway.domain.caller import Caller
from gateway.flows.directory.showing import allowed, of_tables, shown
from gateway.flows.parts import Gateway
from gateway.store import directory
from gateway.store.directory import Narrow, Reader

BATCH = 500
TOLD, STORED = "0", "1"
"""Where the two stand in the order: what tables tell comes first."""


class Asked(NamedTuple):
    """Who asks for which type; `narrow` is what the store can look up, `ids` those that are asked for alone."""

    caller: Caller
    kind: str
    narrow: Sequence[Narrow] = ()
    ids: Sequence[str] = ()


class Candidate(NamedTuple):
    """One as the caller may see it."""

    rank: str
    body: dict[str, Any]


async def candidates(gateway: Gateway, reader: Reader, asked: Asked, begin: str = "") -> AsyncIterator[Candidate]:
    """From the id behind `begin` on; from "" on those of the tables too."""
    if not begin:
        for body in of_tables(gateway, asked.caller, asked.kind):
            yield Candidate(TOLD, body)
    seen = allowed(gateway, asked.caller)
    while True:
        entries = await directory.found(reader, asked.kind, asked.narrow, asked.ids, begin, BATCH, seen)
        for body in shown(gateway, asked.caller, entries).bodies:
            yield Candidate(STORED, body)
        if len(entries) < BATCH:
            return
        begin = entries[-1].id
