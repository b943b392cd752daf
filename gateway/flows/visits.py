"""What a browser of the console has in its hand: a secret, and what it stands for here, on every node.

The secret itself is never kept, and what it stands for is sealed: whoever reads the database can become nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256

from gateway.flows.parts import Gateway
from gateway.store import visits
from gateway.store.sealing import sealed, unsealed
from gateway.store.visits import Kept

_PURPOSE = b"console-visit"
_HELD = b"console-held"
_SPENT = "-spent"
MOST_HELD = 100
"""So much is held for one session; the oldest makes room."""


async def keep(gateway: Gateway, sort: str, client: str, content: bytes, seconds: int, most: int = 0) -> str:
    """A new secret of this sort, good for `seconds`, and renewed for `most` seconds at the most."""
    secret, now = secrets.token_urlsafe(32), gateway.clock()
    expires, last = now + timedelta(seconds=seconds), now + timedelta(seconds=max(seconds, most))
    box = sealed(gateway.secret, _PURPOSE + sort.encode(), content)
    await visits.keep(gateway.database, _digest(secret), sort, client, box, expires, last, now)
    return secret


async def find(gateway: Gateway, sort: str, secret: str, seconds: int = 0) -> Kept | None:
    """What a running secret stands for, opened; it is good for `seconds` more from now on."""
    if not secret:
        return None
    now = gateway.clock()
    found = await visits.find(gateway.database, _digest(secret), sort, now, now + timedelta(seconds=seconds))
    if found is None:
        return None
    held = {key: unsealed(gateway.secret, _HELD, box) for key, box in found.held.items()}
    return Kept(unsealed(gateway.secret, _PURPOSE + sort.encode(), found.content), held)


async def take(gateway: Gateway, sort: str, secret: str) -> bytes | None:
    """What a secret stands for; from now on it stands for nothing."""
    if not secret:
        return None
    box = await visits.take(gateway.database, _digest(secret), sort, gateway.clock())
    return None if box is None else unsealed(gateway.secret, _PURPOSE + sort.encode(), box)


async def spend(gateway: Gateway, sort: str, secret: str, seconds: int) -> bytes | None:
    """What a secret stands for, once; that it was spent is remembered for `seconds`."""
    if not secret:
        return None
    now = gateway.clock()
    until = now + timedelta(seconds=seconds)
    box = await visits.turn(gateway.database, _digest(secret), sort, _spent(sort), now, until)
    return None if box is None else unsealed(gateway.secret, _PURPOSE + sort.encode(), box)


async def spent(gateway: Gateway, sort: str, secret: str) -> bytes | None:
    """What a secret stood for that was spent."""
    if not secret:
        return None
    now = gateway.clock()
    found = await visits.find(gateway.database, _digest(secret), _spent(sort), now, now)
    return None if found is None else unsealed(gateway.secret, _PURPOSE + sort.encode(), found.content)


async def hold(gateway: Gateway, secret: str, things: Mapping[str, bytes]) -> None:
    """Keep these with a session for as long as it runs."""
    boxes = {key: sealed(gateway.secret, _HELD, content) for key, content in things.items()}
    await visits.hold(gateway.database, _digest(secret), boxes, MOST_HELD)


async def end_of(gateway: Gateway, client: str, is_meant: Callable[[bytes], bool]) -> None:
    """Whatever of this client stands for what is meant is good no more, spent or not."""
    kept = await visits.of_client(gateway.database, client)
    sealed_as = {digest: _PURPOSE + sort.removesuffix(_SPENT).encode() for digest, sort, _ in kept}
    opened = ((digest, unsealed(gateway.secret, sealed_as[digest], box)) for digest, _, box in kept)
    await visits.end(gateway.database, [digest for digest, content in opened if is_meant(content)])


def _spent(sort: str) -> str:
    return f"{sort}{_SPENT}"


def _digest(secret: str) -> bytes:
    return sha256(secret.encode(errors="replace")).digest()
