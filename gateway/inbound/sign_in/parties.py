"""Who says who a person is: the built-in provider in this process, or another issuer over HTTP.

Both are asked the same, and what both say is checked the same (id_token.py). Another issuer is one of the registered
ones (tokens/issuers.py): its file says which organisation and role come in as which registered client.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from gateway.domain.caller import Caller
from gateway.domain.record import masked
from gateway.errors import SettingsError, Unavailable
from gateway.flows.parts import Gateway
from gateway.inbound.access_token import Tokens, caller_of
from gateway.inbound.acting import OVERRIDE_PURPOSE, levels_of
from gateway.inbound.assertion import ASSERTION_TYPE
from gateway.inbound.clients import Clients
from gateway.inbound.issuer.grant import GRANT
from gateway.inbound.issuer.provider import CONSOLE, Provider
from gateway.inbound.keys import OWN_ALGORITHM, PublicKey
from gateway.inbound.scopes import narrow
from gateway.inbound.tokens.foreign import BadToken, said
from gateway.inbound.tokens.issuers import Issuer, NotAccepted, accepted, issuer_key
from gateway.inbound.tokens.key_sets import Fetch, KeySets

Post = Callable[[str, Mapping[str, str], str, str], Awaitable[tuple[int, bytes]]]
"""`post(url, form, client, name of its secret)`; both "" where the form proves who we are. It gives status (200, 400 or
401) and body. Raises Unavailable."""
LONGEST = 3600.0
RESTS = 10.0
"""Seconds before an issuer that could not be reached is asked again what it offers."""
_ERRORS = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"}
)
"""What a token endpoint may answer (RFC 6749 5.2); anything else is not repeated."""
_KEY_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "RSA": "RS256"}


class NotLetIn(ValueError):
    """The login came to nothing. The text says why, in ASCII and without values."""


class Party(Protocol):
    """Where the console sends people to log in. All raise Unavailable when it cannot be reached."""

    @property
    def issuer(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def algorithms(self) -> tuple[str, ...]: ...

    async def authorize_url(self) -> str:
        """The authorization endpoint."""

    async def names_itself(self) -> bool:
        """Whether every answer says whose it is (RFC 9207)."""

    async def id_token(self, code: str, verifier: str, redirect_uri: str) -> str:
        """What a code is exchanged for. Raises NotLetIn."""

    async def keys(self, kid: str) -> Sequence[PublicKey]:
        """What it signs with."""

    def caller(self, claims: Mapping[str, Any]) -> Caller:
        """Whom it speaks of. Raises NotLetIn."""

    async def leave_url(self) -> str:
        """Where one logs out there too; "" where there is nothing to leave."""

    def jwks(self) -> dict[str, Any]:
        """The public key that the console is known by there, as the issuer reads it; no key where it has a secret."""


class BuiltIn:
    """The provider in this process: it has no session of its own, so leaving the console is leaving it."""

    client_id = CONSOLE
    algorithms = (OWN_ALGORITHM,)

    def __init__(self, provider: Provider, tokens: Tokens) -> None:
        self.issuer = provider.issuer
        self._provider = provider
        self._tokens = tokens

    async def authorize_url(self) -> str:
        return self._provider.authorize_url

    async def names_itself(self) -> bool:
        return True

    async def id_token(self, code: str, verifier: str, redirect_uri: str) -> str:
        form = {"grant_type": GRANT, "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
        status, body = await self._provider.redeem(form, None, {})
        if status != 200:
            raise NotLetIn("the code was not taken")
        return str(body["id_token"])

    async def keys(self, kid: str) -> Sequence[PublicKey]:
        return [issuer_key(jwk) for jwk in self._tokens.jwks()["keys"]]

    def caller(self, claims: Mapping[str, Any]) -> Caller:
        found = self._provider.caller(claims["sub"])
        if found is None:
            raise NotLetIn("the user is not registered here")
        return found

    async def leave_url(self) -> str:
        return ""

    def jwks(self) -> dict[str, Any]:
        return {"keys": []}


@dataclass(frozen=True, slots=True)
class Registration:
    """How the console is registered at another issuer: with a key (private_key_jwt), or with the secret of a name."""

    issuer: str
    client_id: str
    secret: str = ""
    key: bytes = field(default=b"", repr=False)
    post: Post | None = None


@dataclass(frozen=True, slots=True)
class _Offers:
    """What an issuer says of itself (OpenID Connect Discovery 1.0)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    names_itself: bool


class External:
    """Another issuer. Raises SettingsError for a registration that cannot work."""

    def __init__(
        self, registration: Registration, issuer: Issuer | None, gateway: Gateway, clients: Clients, fetch: Fetch
    ) -> None:
        if issuer is None:
            hint = "Its file says who comes in as which client (docs/access.md)."
            raise SettingsError("GATEWAY_OIDC_ISSUER names no registered issuer of the format jwt", hint=hint)
        if not registration.client_id or bool(registration.secret) == bool(registration.key):
            raise SettingsError("GATEWAY_OIDC_CLIENT_ID is needed, and GATEWAY_OIDC_SECRET or GATEWAY_OIDC_KEY")
        self.issuer, self.client_id, self.algorithms = issuer.id, registration.client_id, issuer.algorithms
        self._issuer = issuer
        self._registration = registration
        self._gateway = gateway
        self._clients = clients
        self._fetch = fetch
        self._key = _signing(registration.key) if registration.key else None
        self._key_sets = KeySets(fetch, gateway.clock, issuer_key)
        self._turn = asyncio.Lock()
        self._offers: _Offers | None = None
        self._until = 0.0
        self._rests = 0.0

    async def authorize_url(self) -> str:
        return (await self._offered()).authorization_endpoint

    async def names_itself(self) -> bool:
        return (await self._offered()).names_itself

    async def leave_url(self) -> str:
        return (await self._offered()).end_session_endpoint

    async def keys(self, kid: str) -> Sequence[PublicKey]:
        return self._issuer.keys or await self._key_sets.keys((await self._offered()).jwks_uri, kid)

    async def id_token(self, code: str, verifier: str, redirect_uri: str) -> str:
        form = {
            "grant_type": GRANT, "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri,
            "client_id": self.client_id,
        }  # fmt: skip
        if self._key is not None:
            form |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._assertion(self._key)}
        client = "" if self._key is not None else self.client_id
        post, url = self._registration.post, (await self._offered()).token_endpoint
        if post is None:
            raise Unavailable("Nothing is sent to other issuers here", hint="Set GATEWAY_KEY_HOSTS.")
        status, body = await post(url, form, client, self._registration.secret)
        try:
            told = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            told = {}
        if status != 200:
            error = str(told.get("error"))
            raise NotLetIn(f"the issuer refused the code: {error if error in _ERRORS else 'it does not say why'}")
        if "id_token" not in told:
            raise NotLetIn("the issuer's answer holds no id_token")
        return str(told["id_token"])

    def caller(self, claims: Mapping[str, Any]) -> Caller:
        try:
            client, who = accepted(self._issuer, said(self._issuer, claims), None, self._clients)
        except (BadToken, NotAccepted) as error:
            raise NotLetIn(str(error)) from None
        purposes = [one for one in who.purposes if one != OVERRIDE_PURPOSE]
        if not purposes or masked(who.user) != who.user:
            raise NotLetIn("there is no purpose for the console, or the person is named by a number")
        who = replace(who, purposes=(purposes[0],))
        scopes = narrow(" ".join(map(str, client.scopes)), client.scopes, levels=levels_of(client, who))
        return caller_of(client, who, tuple(map(str, scopes)), claims["iat"])

    def _assertion(self, key: ECKey | RSAKey) -> str:
        """RFC 7523; the issuer alone is its audience."""
        now = int(self._gateway.clock().timestamp())
        claims = {
            "iss": self.client_id, "sub": self.client_id, "aud": self.issuer, "iat": now, "exp": now + 60,
            "jti": secrets.token_urlsafe(16),
        }  # fmt: skip
        algorithm = _algorithm(key)
        return jwt.encode({"alg": algorithm, "typ": "JWT", "kid": key.thumbprint()}, claims, key, [algorithm])

    def jwks(self) -> dict[str, Any]:
        if self._key is None:
            return {"keys": []}
        how = {"kid": self._key.thumbprint(), "use": "sig", "alg": _algorithm(self._key)}
        return {"keys": [{**self._key.as_dict(private=False), **how}]}

    async def _offered(self) -> _Offers:
        now = self._gateway.clock().timestamp()
        if self._offers is not None and now < self._until:
            return self._offers
        async with self._turn:
            if self._offers is not None and now < self._until:
                return self._offers
            if now < self._rests:
                raise Unavailable("The issuer could not be reached a moment ago")
            self._rests = now + RESTS
            body, seconds = await self._fetch(f"{self.issuer}/.well-known/openid-configuration")
            self._offers = self._understood(body)
            self._until, self._rests = now + min(seconds, LONGEST), 0.0
            return self._offers

    def _understood(self, body: bytes) -> _Offers:
        """Discovery 4.3: the document is of the issuer that it was asked of, to the letter."""
        try:
            told = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            raise Unavailable("What the issuer says of itself cannot be read") from None
        there, token, keys = (told.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
        leave = told.get("end_session_endpoint") or ""
        if told.get("issuer") != self.issuer or not all(map(_plain, [there, token, keys, *filter(None, [leave])])):
            raise Unavailable("What the issuer says of itself is of another, or no https")
        return _Offers(
            str(there), str(token), str(keys), leave, told.get("authorization_response_iss_parameter_supported") is True
        )


def _plain(url: object) -> bool:
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


def _signing(pem: bytes) -> ECKey | RSAKey:
    for kind in (ECKey, RSAKey):
        try:
            key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private and _algorithm(key):
            return key
    raise SettingsError("GATEWAY_OIDC_KEY is no private key in PEM (P-256, P-384 or RSA)")


def _algorithm(key: ECKey | RSAKey) -> str:
    return _KEY_ALGORITHMS.get(key.curve_name if isinstance(key, ECKey) else "RSA", "")
