"""An auditor's saved searches: kept under lock, found again by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.caller import Caller
from gateway.domain.record import masked
from gateway.errors import BadRequest, NotFound
from gateway.flows.find_looks import Asked, asked_of
from gateway.flows.parts import Gateway
from gateway.store import saved_searches, wire
from gateway.store.sealing import sealed, unsealed

_PURPOSE = b"saved-search"
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Named:
    """A saved search with its number and its name."""

    number: int
    name: str
    asked: Asked


def owner_of(gateway: Gateway, caller: Caller) -> bytes:
    """Whose something is, as a keyed hash: the person in front of one system."""
    return gateway.fingerprint(b"auditor", caller.client.encode(), caller.user.encode())


async def save(gateway: Gateway, caller: Caller, name: str, asked: Asked) -> None:
    """Keep a search under a name. Raises BadRequest for a name that holds a number of a person, or none at all."""
    if not name or len(name) > _LONGEST or masked(name) != name:
        raise BadRequest(f"A name has 1 to {_LONGEST} characters and holds nobody's number", where="name")
    content = sealed(gateway.secret, _PURPOSE, wire.encode([name, asked.to_bytes().decode()]))
    async with gateway.database.connection() as connection:
        await saved_searches.save(connection, owner_of(gateway, caller), content, gateway.clock())


async def saved(gateway: Gateway, caller: Caller) -> Sequence[Named]:
    """The caller's searches, the newest first."""
    async with gateway.database.connection() as connection:
        rows = await saved_searches.of(connection, owner_of(gateway, caller))
    told = [(row.id, wire.decode(unsealed(gateway.secret, _PURPOSE, row.content))) for row in rows]
    return [Named(number, str(name), asked_of(asked.encode())) for number, (name, asked) in told]


async def opened(gateway: Gateway, caller: Caller, number: int) -> Named:
    """One of the caller's searches. Raises NotFound."""
    found = next((one for one in await saved(gateway, caller) if one.number == number), None)
    if found is None:
        raise NotFound
    return found


async def delete(gateway: Gateway, caller: Caller, number: int) -> None:
    """Forget one of the caller's searches."""
    async with gateway.database.connection() as connection:
        await saved_searches.delete(connection, owner_of(gateway, caller), number)
