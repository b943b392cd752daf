"""The authorization code of a login: what it stands for is kept in the database, so any node may redeem it, once."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from gateway.flows import visits
from gateway.flows.parts import Gateway

SECONDS = 60
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
        return ["pwd"]


async def keep(gateway: Gateway, code: Code) -> str:
    """The code that goes to the client, good once and for a minute."""
    return await visits.keep(gateway, _SORT, code.client, msgspec.json.encode(code), SECONDS)


async def take(gateway: Gateway, given: str) -> Code | None:
    """What a code stands for; it is used up, by whomever it was shown."""
    raw = await visits.take(gateway, _SORT, given)
    return None if raw is None else msgspec.json.decode(raw, type=Code)
