"""A client of the token endpoint, as an integrator would write it: keys, registration, assertions."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.domain.identifier import SOR, Identifier
from gateway.inbound.access_token import Tokens
from gateway.inbound.assertion import ASSERTION_TYPE
from gateway.inbound.clients import Client, Clients
from gateway.inbound.keys import PublicKey, new_signing_key, public_key
from gateway.inbound.oauth import TokenEndpoint
from gateway.inbound.scopes import Scope

ISSUER = "https://gateway.example"
TOKEN_URL = f"{ISSUER}/oauth/token"
AUDIENCE = f"{ISSUER}/fhir"
EC = ECKey.generate_key("P-384", private=True)
RSA = RSAKey.generate_key(2048, private=True)
_numbers = itertools.count()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2025, 3, 14, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def registered(key: ECKey | RSAKey, kid: str) -> tuple[PublicKey, ...]:
    return (public_key({**key.as_dict(private=False), "kid": kid}),)


def hospital(**changed: Any) -> Client:
    made = {
        "id": "rh-epj",
        "name": "Region Test, patientjournal",
        "organisation": Identifier(SOR, "265161000016000"),
        "organisation_name": "Region Test",
        "sector": "region",
        "role": "hospital",
        "purposes": ("TREAT", "BTG"),
        "scopes": (Scope("CarePlan", "rs"), Scope("Patient", "rs"), Scope("Bundle", "c")),
        "keys": registered(EC, "ec-1") + registered(RSA, "rsa-1"),
        "sends": ("rh",),
        "member_of": (f"{SOR}|953741000016009",),
        **changed,
    }
    return Client(**made)


def nurse(**changed: Any) -> dict[str, Any]:
    """`extensions` of an assertion: a person in front of the client."""
    iua = {
        "subject_name": "Karla Bo",
        "subject_id": f"{SOR}|265161000016000.kbo",
        "subject_role": "sygeplejerske",
        "purpose_of_use": ["TREAT"],
        **changed.pop("iua", {}),
    }
    return {"ihe_iua": iua, **changed}


class World:
    """A token endpoint with its memory in a set, and its record in a list."""

    def __init__(self, *clients: Client) -> None:
        self.clock = Clock()
        self.clients = Clients(clients or (hospital(),))
        self.tokens = Tokens(ISSUER, AUDIENCE, [new_signing_key()], self.clock)
        self.seen: set[tuple[str, str]] = set()
        self.records: list[tuple[str, bool, str]] = []
        self.endpoint = TokenEndpoint(self.clients, self.tokens, TOKEN_URL, self.clock, self._remember, self._record)

    async def _remember(self, client: str, jti: str, expires: datetime) -> bool:
        known = (client, jti) in self.seen
        self.seen.add((client, jti))
        return not known

    async def _record(self, client: str, granted: bool, reason: str) -> None:
        self.records.append((client, granted, reason))

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Claims of a good assertion; a value of None takes one away."""
        now = int(self.clock().timestamp())
        made = {
            "iss": "rh-epj",
            "sub": "rh-epj",
            "aud": TOKEN_URL,
            "iat": now,
            "exp": now + 300,
            "jti": f"jti-{next(_numbers)}",
            **changed,
        }
        return {name: value for name, value in made.items() if value is not None}

    def assertion(
        self, key: Any = EC, header: dict[str, Any] | None = None, alg: str = "ES384", kid: str = "ec-1", **claims: Any
    ) -> str:
        made = {"alg": alg, "typ": "JWT", "kid": kid, **(header or {})}
        return jwt.encode(made, self.claims(**claims), key, algorithms=[alg], default_type=None)

    def form(self, assertion: str, **changed: str | None) -> list[tuple[str, str]]:
        made = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": "system/CarePlan.rs",
            **changed,
        }
        return [(name, value) for name, value in made.items() if value is not None]
