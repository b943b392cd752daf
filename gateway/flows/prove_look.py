"""The proof that one record is in the signed tree: what an auditor can check without trusting this gateway."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from gateway.domain.merkle import includes
from gateway.domain.record import leaf
from gateway.flows.find_looks import Look
from gateway.flows.parts import Gateway
from gateway.store import log, log_standing


@dataclass(frozen=True, slots=True)
class Proof:
    """RFC 6962 2.1.1: the leaf at `index` of the tree of `size` under the signed `note`, by the hashes of `path`."""

    index: int
    size: int
    leaf: str  # hex
    path: tuple[str, ...]  # base64
    note: str
    holds: bool  # computed from the record's own bytes


async def prove_look(gateway: Gateway, found: Look) -> Proof | None:
    """The proof under the newest checkpoint; None while the record waits for its place."""
    async with gateway.database.connection() as connection:
        newest = await log.latest(connection)
        if newest is None or found.index is None or found.index >= newest.size:
            return None
        path = await log.inclusion(connection, found.index, newest.size)
        salts = await log_standing.salts_of(connection, [found.id])
    value = leaf(found.body, salts[found.id])
    return Proof(
        index=found.index,
        size=newest.size,
        leaf=value.hex(),
        path=tuple(b64encode(one).decode() for one in path),
        note=newest.note,
        holds=includes(value, found.index, newest.size, path, newest.root),
    )
