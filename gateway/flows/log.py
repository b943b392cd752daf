"""The log's own answers: signed checkpoints, tiles and proofs, which tell nothing about anybody and need no token; and
the work that gives records their place in the tree."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.domain.merkle import leaf_hash
from gateway.errors import NotFound
from gateway.flows.parts import Gateway
from gateway.store import integrating, log, log_public
from gateway.store.log import Connection, Latest

Told = dict[str, Any]
_UNSIGNED = "There is no such checkpoint: none was signed by then, or none has a cosignature"


async def latest_checkpoint(gateway: Gateway) -> bytes:
    """The newest signed checkpoint (C2SP tlog-checkpoint), with the cosignatures that it has by now."""
    async with gateway.database.connection() as connection:
        return _note(await log_public.newest(connection))


async def cosigned_checkpoint(gateway: Gateway) -> bytes:
    """The newest checkpoint that a witness has cosigned."""
    async with gateway.database.connection() as connection:
        return _note(await log_public.newest_cosigned(connection))


async def checkpoint_before(gateway: Gateway, moment: datetime) -> bytes:
    """The last checkpoint that was signed before this moment."""
    async with gateway.database.connection() as connection:
        return _note(await log_public.in_force(connection, moment))


def _note(point: Latest | None) -> bytes:
    if point is None:
        raise NotFound(_UNSIGNED)
    return point.note.encode()


async def tile(gateway: Gateway, level: int, number: int, width: int) -> bytes:
    """`width` hashes of tile `number` at tile level `level` (C2SP tlog-tiles). Raises NotFound unless all are there."""
    async with gateway.database.connection() as connection:
        if level:
            found = await log_public.subtrees(connection, 8 * level, number, width)
        else:
            found = [leaf_hash(leaf) for leaf in await log_public.leaves(connection, number, width)]
    if len(found) != width:
        raise NotFound
    return b"".join(found)


async def entries(gateway: Gateway, number: int, width: int) -> bytes:
    """`width` entries of an entry bundle: salted hashes of records, each after its length (two bytes)."""
    async with gateway.database.connection() as connection:
        found = await log_public.leaves(connection, number, width)
    if len(found) != width:
        raise NotFound
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in found)


async def inclusion(gateway: Gateway, *, index: int | None = None, record: int | None = None) -> Told:
    """The proof that one leaf stands in the tree of the newest checkpoint; the leaf by its place, or by its record's
    id. Raises NotFound."""
    async with gateway.database.connection() as connection:
        place = index if record is None else await log_public.index_of(connection, record)
        newest = await log_public.newest(connection)
        if place is None or newest is None or place >= newest.size:
            raise NotFound
        leaf = await log_public.leaf_at(connection, place)
        if leaf is None:
            raise NotFound
        proof = await log.inclusion(connection, place, newest.size)
    told = {"index": place, "size": newest.size, "leaf": _base64([leaf])[0], "proof": _base64(proof)}
    return told | {"checkpoint": newest.note}


async def consistency(gateway: Gateway, old: int, new: int) -> Told:
    """The proof that the tree of `new` records begins with that of `old`. Raises NotFound beyond the newest."""
    async with gateway.database.connection() as connection:
        newest = await log_public.newest(connection)
        if newest is None or not old <= new <= newest.size:
            raise NotFound
        return await _consistency(connection, old, new)


async def consistency_between(gateway: Gateway, first: datetime, then: datetime) -> Told:
    """The proof that nothing of what was signed before `first` was removed or changed before `then`, with both
    checkpoints. Raises NotFound where there was none."""
    async with gateway.database.connection() as connection:
        old, new = await log_public.in_force(connection, first), await log_public.in_force(connection, then)
        if old is None or new is None or old.size > new.size:
            raise NotFound(_UNSIGNED, hint="Name two days, the earlier first.")
        told = await _consistency(connection, old.size, new.size)
    return told | {"old_checkpoint": old.note, "new_checkpoint": new.note}


async def _consistency(connection: Connection, old: int, new: int) -> Told:
    return {"old": old, "new": new, "proof": _base64(await log.consistency(connection, old, new))}


def _base64(hashes: Sequence[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in hashes]


async def integrate(gateway: Gateway) -> int:
    """Give every new record its place in the tree and sign a checkpoint. Returns how many were placed."""
    async with gateway.database.connection() as connection:
        return await integrating.integrate(connection, gateway.log_key, gateway.clock)
