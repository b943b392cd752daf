"""Token exchange (RFC 8693): a registered client brings what another issuer says of the person in front of it.

The client proves itself with its own assertion; the subject token, a SAML 2.0 assertion or a JWT, says who the person
is. An assertion is used once. The token that comes of it is one of ours, with what the client is registered for. An
assertion that its holder alone may present takes a client that shows the holder's certificate in TLS, or signs its own
assertion with the holder's key; by the certificate the new token is bound, too.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from gateway.inbound.acting import Acting
from gateway.inbound.claims import base64url
from gateway.inbound.clients import Client
from gateway.inbound.keys import certified
from gateway.inbound.oauth import ACCESS_TOKEN_TYPE, NotExchanged, NotForHere, Presenter
from gateway.inbound.tokens.client_check import Remember
from gateway.inbound.tokens.foreign import BadToken, ForeignTokens, said
from gateway.inbound.tokens.held import CERTIFICATE
from gateway.inbound.tokens.issuers import Issuer, Issuers, NotAccepted, accepted
from gateway.translate.saml import assertion as saml
from gateway.translate.saml import encrypted, privileges
from gateway.translate.saml.encrypted import Unlock

SAML2 = "urn:ietf:params:oauth:token-type:saml2"
JWT = "urn:ietf:params:oauth:token-type:jwt"
TYPES = (SAML2, JWT, ACCESS_TOKEN_TYPE)
_REFUSED = ("actor_token", "actor_token_type")
_FOR_WHOM = ("audience", "resource")
_MOST = saml.MOST_BYTES * 2
EVEN_SECONDS = 0.1
"""An encrypted assertion is refused after so much time, whatever was wrong: more than a look at any of them takes."""


class _Unregistered(NotExchanged):
    """Nobody knows whom it is of."""


class Exchange:
    """Who a subject token says is in front of a client."""

    def __init__(
        self, issuers: Issuers, foreign: ForeignTokens, token_url: str, clock: Callable[[], datetime],
        remember: Remember, unlock: Unlock | None = None,
    ) -> None:  # fmt: skip
        self._issuers = issuers
        self._foreign = foreign
        self._token_url = token_url
        self._clock = clock
        self._remember = remember
        self._unlock = unlock

    async def acting(self, form: Mapping[str, str], presenter: Presenter) -> tuple[Acting, Mapping[str, str]]:
        """The person and the purposes, and what the new token is bound to. Raises NotExchanged."""
        kind, token = form.get("subject_token_type", ""), form.get("subject_token", "")
        if kind not in TYPES or not token or len(token) > _MOST:
            raise NotExchanged(f"subject_token and its type are needed, one of {', '.join(TYPES)}")
        if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE or form.keys() & set(_REFUSED):
            raise NotExchanged("only an access token is given, and no actor_token is taken")
        ours = (self._foreign.audience, self._token_url, self._token_url.removesuffix("/oauth/token"))
        if any(form[name] not in ours for name in _FOR_WHOM if name in form):
            raise NotForHere("the tokens that are given here are for this gateway alone")
        try:
            return await (self._saml(token, presenter) if kind == SAML2 else self._jwt(token, presenter.client))
        except (saml.BadAssertion, BadToken, NotAccepted) as error:
            raise NotExchanged(f"the subject token is refused: {error}") from None

    async def _saml(self, token: str, presenter: Presenter) -> tuple[Acting, Mapping[str, str]]:
        raw = _decoded(token)
        sealed, began = encrypted.is_one(raw), time.monotonic()
        try:
            issuer, found = self._verified(self._opened(raw) if sealed else raw, presenter)
        except (saml.NotAuthentic, _Unregistered):
            if not sealed:
                raise
            # One word for all, and one time: whoever changes what is encrypted learns nothing of what came out. XML
            # that can be read goes on to a signature, and that takes longer than to see that it cannot.
            await asyncio.sleep(began + EVEN_SECONDS - time.monotonic())
            raise NotExchanged("the encrypted assertion does not open, or no registered issuer has signed it") from None
        _, who = accepted(issuer, privileges.said(found), presenter.client, self._foreign.clients)
        await self._use_up(issuer.id, found.id, found.expires)
        by_certificate = found.holder and _thumbprint(found.holder) == presenter.certificate
        return who, {CERTIFICATE: presenter.certificate} if by_certificate else {}

    def _opened(self, raw: bytes) -> bytes:
        if self._unlock is None:
            raise NotExchanged("encrypted assertions are not opened here")
        return encrypted.opened(raw, self._unlock)

    def _verified(self, raw: bytes, presenter: Presenter) -> tuple[Issuer, saml.Assertion]:
        issuer = self._issuers.get(saml.issuer_of(raw), "saml2")
        if issuer is None:
            raise _Unregistered("the issuer of the subject token is not registered")
        here = self._token_url
        ours = (issuer.audience,) if issuer.audience else (here, here.removesuffix("/oauth/token"))
        holds = partial(_holds, presenter)
        return issuer, saml.verified(raw, issuer.certificates, issuer.id, ours, here, self._clock(), holds=holds)

    async def _jwt(self, token: str, client: Client) -> tuple[Acting, Mapping[str, str]]:
        issuer = self._foreign.issuer_of(token)
        if issuer is None:
            raise NotExchanged("the issuer of the subject token is not registered")
        claims: dict[str, Any] = await self._foreign.claims(issuer, token, self._token_url)
        if "cnf" in claims:
            raise NotExchanged("a bound token is its holder's own and cannot be exchanged")
        _, who = accepted(issuer, said(issuer, claims), client, self._foreign.clients)
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= 255 or not jti.isprintable():
            raise BadToken("it has no jti")
        await self._use_up(issuer.id, jti, datetime.fromtimestamp(claims["exp"], UTC))
        return who, {}

    async def _use_up(self, issuer: str, number: str, expires: datetime) -> None:
        if not await self._remember(f"subject:{issuer}", number, expires):
            raise NotExchanged("this subject token was used before")


def _holds(presenter: Presenter, certificate: bytes) -> bool:
    """Whether the client has shown this certificate (DER) in TLS, or signed its assertion with the key of it."""
    if presenter.certificate and _thumbprint(certificate) == presenter.certificate:
        return True
    return certified(certificate) == presenter.key.key.thumbprint()


def _thumbprint(certificate: bytes) -> str:
    return base64url(hashlib.sha256(certificate).digest())


def _decoded(token: str) -> bytes:
    """base64url (RFC 8693 section 3, RFC 7522), with or without padding."""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotExchanged("the subject token is not base64url") from None
