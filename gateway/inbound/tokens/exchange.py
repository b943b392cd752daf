"""Token exchange (RFC 8693): a registered client brings what another issuer says of the person in front of it.

The client proves itself with its own assertion; the subject token, a SAML 2.0 assertion or a JWT, says who the person
is. An assertion is used once. The token that comes of it is one of ours, with what the client is registered for.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.inbound.acting import Acting
from gateway.inbound.clients import Client
from gateway.inbound.oauth import ACCESS_TOKEN_TYPE, NotExchanged
from gateway.inbound.tokens.client_check import Remember
from gateway.inbound.tokens.foreign import BadToken, ForeignTokens, said
from gateway.inbound.tokens.issuers import Issuers, NotAccepted, accepted
from gateway.translate.saml import assertion as saml
from gateway.translate.saml import privileges

SAML2 = "urn:ietf:params:oauth:token-type:saml2"
JWT = "urn:ietf:params:oauth:token-type:jwt"
TYPES = (SAML2, JWT, ACCESS_TOKEN_TYPE)
_REFUSED = ("actor_token", "actor_token_type", "resource")
_MOST = saml.MOST_BYTES * 2


class Exchange:
    """Who a subject token says is in front of a client."""

    def __init__(
        self, issuers: Issuers, foreign: ForeignTokens, token_url: str, clock: Callable[[], datetime],
        remember: Remember,
    ) -> None:  # fmt: skip
        self._issuers = issuers
        self._foreign = foreign
        self._token_url = token_url
        self._clock = clock
        self._remember = remember

    async def acting(self, form: Mapping[str, str], client: Client) -> Acting:
        """The person and the purposes. Raises NotExchanged."""
        kind, token = form.get("subject_token_type", ""), form.get("subject_token", "")
        if kind not in TYPES or not token or len(token) > _MOST:
            raise NotExchanged(f"subject_token and its type are needed, one of {', '.join(TYPES)}")
        if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE or form.keys() & set(_REFUSED):
            raise NotExchanged("only an access token is given, and neither actor_token nor resource is taken")
        try:
            return await (self._saml(token, client) if kind == SAML2 else self._jwt(token, client))
        except (saml.BadAssertion, BadToken, NotAccepted) as error:
            raise NotExchanged(f"the subject token is refused: {error}") from None

    async def _saml(self, token: str, client: Client) -> Acting:
        raw = _decoded(token)
        issuer = self._issuers.get(saml.issuer_of(raw), "saml2")
        if issuer is None:
            raise NotExchanged("the issuer of the subject token is not registered")
        audiences = (
            (issuer.audience,) if issuer.audience else (self._token_url, self._token_url.removesuffix("/oauth/token"))
        )
        now = self._clock()
        found = saml.verified(raw, issuer.certificates, issuer.id, audiences, self._token_url, now)
        _, who = accepted(issuer, privileges.said(found), client, self._foreign.clients)
        await self._use_up(issuer.id, found.id, found.expires)
        return who

    async def _jwt(self, token: str, client: Client) -> Acting:
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
        return who

    async def _use_up(self, issuer: str, number: str, expires: datetime) -> None:
        if not await self._remember(f"subject:{issuer}", number, expires):
            raise NotExchanged("this subject token was used before")


def _decoded(token: str) -> bytes:
    """base64url (RFC 8693 section 3, RFC 7522), with or without padding."""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotExchanged("the subject token is not base64url") from None
