"""Another issuer (as Keycloak is one): a real HTTPS server that the test starts, and what it may get wrong."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.domain.endpoint import hosts
from gateway.inbound.sign_in.parties import Registration
from gateway.inbound.tokens.issuers import Issuer, Row
from gateway.outbound.key_fetching import Fetcher
from tests.certificates import authority, signed
from tests.inbound.oauth_client import Clock

HOST, CLIENT, SECRET = "idp.example.dk", "faellesplan", "en hemmelig: æøå"
RSA = RSAKey.generate_key(2048, private=True)
OTHER = RSAKey.generate_key(2048, private=True)
OURS = ECKey.generate_key("P-256", private=True)


@dataclass
class People:
    """The issuer. `change` may change the claims of a token, `sign` how it is signed, `documents` what it says."""

    url: str
    fetcher: Fetcher
    clock: Clock
    by_key: bool = False
    refusal: str = "invalid_grant"
    more: dict[str, Any] = field(default_factory=dict)
    change: Callable[[dict[str, Any]], None] = lambda claims: None
    sign: Callable[[dict[str, Any]], str] | None = None
    documents: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    @property
    def issuer(self) -> Issuer:
        """Its file."""
        rows = (
            Row("http://cvr.dk|29190623", "dpo", "dpo", ("BTG", "HCOMPL")),
            Row("http://cvr.dk|29190623", "drift", "drift", ("HSYSADMIN",)),
            Row("http://cvr.dk|29190623", "btg", "dpo", ("BTG",)),
        )
        claims = {"organisation": "cvr", "user": "sub", "user_name": "name", "level": "loa", "roles": "realm.roles"}
        return Issuer(
            self.url,
            "jwt",
            rows,
            algorithms=("RS256",),
            jwks_url=f"{self.url}/jwks",
            level="substantial",
            claims=claims,
        )

    @property
    def registration(self) -> Registration:
        """How the console is registered with it."""
        if self.by_key:
            return Registration(self.url, CLIENT, "", OURS.as_pem(private=True), self.fetcher.posted)
        return Registration(self.url, CLIENT, "OIDC_TEST_SECRET", b"", self.fetcher.posted)

    def said(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/auth", "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks", "end_session_endpoint": f"{self.url}/logout",
            "authorization_response_iss_parameter_supported": True, **self.documents,
        }  # fmt: skip

    def log_in(self, asked: dict[str, str]) -> str:
        """Somebody logs in there: where the browser goes back to."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Its token endpoint: it knows the console, and takes a code once, with its verifier."""
        self.forms.append(form)
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        )
        known = self._is_key(form) if self.by_key else self._is_secret(authorization)
        if asked is None or not known or challenge != asked["code_challenge"]:
            return 400, {"error": self.refusal}
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.url, "aud": CLIENT, "azp": CLIENT, "sub": "f3b1c2", "name": "Karla Bo", "cvr": "29190623",
            "loa": "Substantial", "realm": {"roles": ["dpo"]}, "iat": now, "exp": now + 300, "nonce": asked["nonce"],
            **self.more,
        }  # fmt: skip
        self.change(claims)
        made = self.sign(claims) if self.sign else made_of(claims)
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": made}

    def _is_secret(self, authorization: str) -> bool:
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return (unquote(name), unquote(secret)) == (CLIENT, SECRET)

    def _is_key(self, form: dict[str, str]) -> bool:
        claims = jwt.decode(form["client_assertion"], OURS, algorithms=["ES256"]).claims
        return (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT, CLIENT, self.url)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, *_ = head.split()
        fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head.splitlines()[1:]}
        self.asked.append(f"{method} {path}")
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        status, told = 404, {}
        if path.endswith("/.well-known/openid-configuration"):
            status, told = 200, self.said()
        elif path.endswith("/jwks"):
            status, told = 200, {"keys": [{**RSA.as_dict(private=False), "kid": "k1", "use": "sig"}]}
        elif path.endswith("/token"):
            status, told = self.token(dict(parse_qsl(body.decode())), fields.get("authorization", ""))
        raw = json.dumps(told).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n\r\n".encode() + raw)
        await writer.drain()
        writer.close()


def made_of(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256", **header: Any) -> str:
    """An id_token."""
    made = {"alg": alg, "kid": "k1", "typ": "JWT", **header}
    return jwt.encode(made, claims, key, algorithms=[alg], default_type=None)


def hmac_by_public_key(claims: dict[str, Any]) -> str:
    """Signed with what everybody knows."""
    said = _written({"alg": "HS256", "kid": "k1", "typ": "JWT"}, claims)
    made = hmac.new(RSA.as_pem(private=False), said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def unsigned(claims: dict[str, Any]) -> str:
    """alg none."""
    return _written({"alg": "none", "kid": "k1", "typ": "JWT"}, claims) + "."


def _written(*parts: dict[str, Any]) -> str:
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts)


@asynccontextmanager
async def people(folder: Path, clock: Clock) -> AsyncIterator[People]:
    """The issuer, with its doors open."""
    files = signed(folder, HOST, names=(HOST,))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)

    async def here(host: str, port: int) -> Sequence[str]:
        return ("127.0.0.1",)

    trusting = ssl.create_default_context(cafile=str(authority(folder)))
    fetcher = Fetcher(hosts(f"{HOST}@127.0.0.0/8", "GATEWAY_KEY_HOSTS"), trusting, here, 2.0)
    made = People("", fetcher, clock)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0, ssl=context)
    async with server:
        made.url = f"https://{HOST}:{server.sockets[0].getsockname()[1]}/realms/region"
        yield made
