"""A login under way, in one short-lived cookie of the browser that began it. Nothing is kept here for it.

state, nonce and the verifier of PKCE are made of the cookie with the gateway's secret: another browser's answer, one
that another issuer was asked for, or one that comes too late has another state. No two of them are ever the same.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from gateway.flows.parts import Gateway
from gateway.inbound.claims import base64url

SECONDS = 600


@dataclass(frozen=True, slots=True)
class Pending:
    """What goes to the issuer and has to come back. `cookie` stays with the browser."""

    cookie: str
    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """RFC 7636 4.2, S256."""
        return base64url(hashlib.sha256(self.verifier.encode()).digest())

    def answers(self, state: str) -> bool:
        """Whether this state is ours."""
        return hmac.compare_digest(state.encode(errors="replace"), self.state.encode())


def begun(gateway: Gateway, issuer: str) -> Pending:
    """A new login at this issuer."""
    until = int(gateway.clock().timestamp()) + SECONDS
    return _made(gateway, issuer, f"{until}.{secrets.token_urlsafe(32)}")


def found(gateway: Gateway, issuer: str, cookie: str) -> Pending | None:
    """The login that this browser has begun; None when it has begun none, or too long ago."""
    until, _, number = cookie.partition(".")
    if not (until.isascii() and until.isdecimal() and len(until) < 12 and 40 <= len(number) <= 64):
        return None
    return _made(gateway, issuer, cookie) if int(until) > gateway.clock().timestamp() else None


def _made(gateway: Gateway, issuer: str, cookie: str) -> Pending:
    parts = (gateway.fingerprint(b"login", name, issuer.encode(), cookie.encode(errors="replace"))
             for name in (b"state", b"nonce", b"verifier"))  # fmt: skip
    return Pending(cookie, *map(base64url, parts))
