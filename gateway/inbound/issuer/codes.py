"""The authorization code of a login: what it stands for is kept in the database, so any node may redeem it, once.

A code that was redeemed is remembered for as long as its token may live. The token's number is made of the code, so
whoever shows it again ends that token without anybody having kept it (RFC 6749 4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from gateway.flows import visits
from gateway.flows.parts import Gateway
from gateway.flows.tokens import revoke_token
from gateway.inbound.claims import base64url

SECONDS = 60
_REMEMBERED = 600  # no token that a code was exchanged for lives longer
_SORT = "code"


@dataclass(frozen=True, slots=True)
class Code:
    """What a code stands for, as Authlib asks for it. `auth_time` is when the person logged in, in seconds."""

    client: str
    redirect_uri: str
    scope: str
    user: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    auth_time: int
    amr: tuple[str, ...] = ("pwd",)

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> str:
        return ""

    def get_amr(self) -> list[str]:
        return list(self.amr)


async def keep(gateway: Gateway, code: Code) -> str:
    """The code that goes to the client, good once and for a minute."""
    return await visits.keep(gateway, _SORT, code.client, msgspec.json.encode(code), SECONDS)


async def take(gateway: Gateway, given: str) -> Code | None:
    """What a code stands for; it is used up, by whomever it was shown."""
    raw = await visits.spend(gateway, _SORT, given, _REMEMBERED)
    return None if raw is None else _code(raw)


async def end(gateway: Gateway, given: str, seconds: int) -> bool:
    """End the token that was given for a code which is used up: it lives for so many seconds at the most. Whether there
    was such a code."""
    raw = await visits.spent(gateway, _SORT, given)
    if raw is None:
        return False
    now = gateway.clock()
    await revoke_token(gateway, _code(raw).client, number(gateway, given), now, now + timedelta(seconds=seconds))
    return True


def number(gateway: Gateway, given: str) -> str:
    """The jti of the token that this code is exchanged for. Nobody can tell the code by it."""
    return base64url(gateway.fingerprint(b"token-of-code", given.encode(errors="replace"))[:16])


def _code(raw: bytes) -> Code:
    return msgspec.json.decode(raw, type=Code)
