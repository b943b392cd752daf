"""A gateway that knows two other issuers, one of SAML assertions and one of JWTs, and a client that exchanges."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.domain.identifier import CVR as CVR_SYSTEM
from gateway.domain.identifier import Identifier
from gateway.inbound.oauth import EXCHANGE, TokenEndpoint
from gateway.inbound.token_check import TokenCheck
from gateway.inbound.tokens.certificates import Certificates
from gateway.inbound.tokens.exchange import SAML2, Exchange
from gateway.inbound.tokens.foreign import ForeignTokens
from gateway.inbound.tokens.held import Holders
from gateway.inbound.tokens.issuers import Issuer, Issuers, Row, issuer_key
from gateway.inbound.tokens.key_sets import KeySets, fetches_nothing
from gateway.inbound.tokens.proofs import Proofs
from gateway.translate.saml.encrypted import Unlock
from tests.inbound.oauth_client import AUDIENCE, ISSUER, TOKEN_URL, World, hospital
from tests.inbound.tokens import saml_issuer
from tests.inbound.tokens.saml_issuer import CVR, NAME, ROLE

KEYCLOAK = "https://keycloak.example.dk/realms/kk"
KEY = RSAKey.generate_key(2048, private=True)
OTHER = RSAKey.generate_key(2048, private=True)
CURVE = ECKey.generate_key("P-256", private=True)
_numbers = itertools.count()
ORGANISATION = f"{CVR_SYSTEM}|{CVR}"
SOCIAL = hospital(
    id="kk-social",
    organisation=Identifier(CVR_SYSTEM, CVR),
    organisation_name="Københavns Kommune",
    sector="municipality",
    role="social",
    purposes=("COC", "BTG"),
)


def jwk(key: Any, kid: str, **more: str) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": kid, **more}


def request(shown: str = "") -> dict[str, Any]:
    """What ASGI shows of a request over TLS with this certificate."""
    tls = {"client_cert_chain": [shown] if shown else []}
    return {"headers": [], "client": ("192.0.2.9", 1), "method": "POST", "path": "/", "extensions": {"tls": tls}}


class Municipality(World):
    """`issuer` changes what is registered of the issuer of JWTs, `saml` of the other."""

    def __init__(
        self, *, issuer: dict[str, Any] | None = None, saml: dict[str, Any] | None = None, unlock: Unlock | None = None,
        **client: Any,
    ) -> None:  # fmt: skip
        super().__init__(dataclasses.replace(SOCIAL, **client))
        row = Row(ORGANISATION, "sagsbehandler", "kk-social", ("COC",))
        keys = (issuer_key(jwk(KEY, "k1")), issuer_key(jwk(CURVE, "e1")))
        claims = {
            "organisation": "cvr",
            "user": "sub",
            "user_name": "name",
            "level": "loa",
            "roles": "realm_access.roles",
        }
        made = Issuer(
            KEYCLOAK, "jwt", (row,), algorithms=("RS256",), types=("JWT", "at+jwt"), keys=keys, level="substantial",
            claims={**claims, "classes": "kle"},
        )  # fmt: skip
        other = Issuer(
            NAME, "saml2", (Row(ORGANISATION, ROLE, "kk-social", ("COC",)),),
            certificates=(saml_issuer.signer(1)[1],), level="substantial",
        )  # fmt: skip
        issuers = Issuers([dataclasses.replace(made, **(issuer or {})), dataclasses.replace(other, **(saml or {}))])
        key_sets = KeySets(fetches_nothing, self.clock, issuer_key)
        self.foreign = ForeignTokens(issuers, self.clients, AUDIENCE, key_sets, self.clock)
        exchange = Exchange(issuers, self.foreign, TOKEN_URL, self.clock, self._remember, unlock)
        holders = Holders(ISSUER, Proofs(self.clock, self._remember), Certificates())
        self.endpoint = TokenEndpoint(
            self.clients, self.tokens, TOKEN_URL, self.clock, self._remember, self._record, exchanged=exchange.acting,
            holders=holders,
        )  # fmt: skip
        self.check = TokenCheck(self.tokens, self.clients, self.clock, foreign=self.foreign.read, holders=holders)

    def ask(
        self, subject: str, kind: str = SAML2, *, shown: str = "", **changed: str | None
    ) -> tuple[int, dict[str, Any]]:
        """Exchange a subject token; `shown` is the certificate of TLS, in PEM."""
        assertion = self.assertion(iss="kk-social", sub="kk-social")
        form = self.form(assertion, grant_type=EXCHANGE, subject_token=subject, subject_token_type=kind, **changed)
        return asyncio.run(self.endpoint.answer(form, request(shown)))

    def jwt(self, key: Any = KEY, header: dict[str, Any] | None = None, alg: str = "RS256", **changed: Any) -> str:
        """A token of Keycloak; a value of None takes a claim away."""
        now = int(self.clock().timestamp())
        claims = {
            "iss": KEYCLOAK, "aud": [AUDIENCE, "account"], "sub": "kbo-uuid", "azp": "fagsystem", "iat": now,
            "exp": now + 300, "jti": f"j-{next(_numbers)}", "cvr": CVR, "name": "Karen Lund", "loa": "Substantial",
            "realm_access": {"roles": ["offline", "sagsbehandler"]}, "scope": "openid system/CarePlan.rs", **changed,
        }  # fmt: skip
        made = {
            name: value
            for name, value in {"alg": alg, "typ": "JWT", "kid": "k1", **(header or {})}.items()
            if value is not None
        }
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(made, told, key, algorithms=[alg], default_type=None)
