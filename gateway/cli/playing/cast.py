"""The cast: the systems that take part in a story, each with a key and a registration of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.domain.identifier import CVR, SOR
from gateway.inbound.clients import written
from gateway.inbound.keys import new_client_key

_READ = "system/*.rs"
_SEND = "system/Bundle.c"
_CONSENT = "system/Consent.cu"
_TELL = "system/Task.u"
_COPENHAGEN = {"system": CVR, "value": "64942212", "name": "Københavns Kommune"}
_FREDERIKSBERG = {"system": CVR, "value": "11259979", "name": "Frederiksberg Kommune"}
_PSYCHIATRY = {"system": SOR, "value": "399841000016000", "name": "Psykiatrisk Center København"}
_PORTAL = {"system": CVR, "value": "55133018", "name": "Borgerportalen"}
_HERLEV = {"system": SOR, "value": "265161000016000", "name": "Herlev og Gentofte Hospital"}

# Registration of each part, and the person in front of it with the purpose of the look.
PARTS: Mapping[str, dict[str, Any]] = {
    "hospital": {
        "name": "Psykiatriens journal", "organisation": _PSYCHIATRY, "sector": "region", "role": "hospital",
        "purposes": ["TREAT", "BTG"], "scopes": [_READ, _SEND, _CONSENT],
        "sends": ["regionh-psyk-adt", "regionh-medcom"], "user": "Overlæge Ib Møller", "purpose": "TREAT",
    },
    "herlev": {
        "name": "Herlevs journal", "organisation": _HERLEV, "sector": "region", "role": "hospital",
        "purposes": ["TREAT", "BTG"], "scopes": [_READ, _SEND, _CONSENT],
        "sends": ["regionh-somatik-adt", "regionh-medcom"], "user": "Læge Pia Holm", "purpose": "TREAT",
    },
    "social": {
        "name": "Socialforvaltningens fagsystem", "organisation": _COPENHAGEN, "sector": "municipality",
        "role": "social", "purposes": ["COC", "BTG"], "scopes": [_READ, _SEND, _CONSENT],
        "sends": ["koebenhavn-ffb", "koebenhavn-sag"], "user": "Myndighedskoordinator Karen Lund", "purpose": "COC",
    },
    "nursing": {
        "name": "Hjemmesygeplejens omsorgssystem", "organisation": _COPENHAGEN, "sector": "municipality",
        "role": "nursing", "purposes": ["TREAT", "BTG"], "scopes": [_READ, _TELL], "sends": ["koebenhavn-fsiii"],
        "user": "Sygeplejerske Mona Friis", "purpose": "TREAT",
    },
    "jobcenter": {
        "name": "Jobcentrets fagsystem", "organisation": _COPENHAGEN, "sector": "municipality", "role": "jobcenter",
        "purposes": ["ELIGDTRM"], "scopes": [_READ], "user": "Jobkonsulent Tom Krog", "purpose": "ELIGDTRM",
    },
    "frederiksberg": {
        "name": "Frederiksbergs fagsystem", "organisation": _FREDERIKSBERG, "sector": "municipality", "role": "social",
        "purposes": ["COC"], "scopes": [_READ, _SEND, _CONSENT], "sends": ["frederiksberg-sag"],
        "user": "Sagsbehandler Ulla Dam", "purpose": "COC",
    },
    "auditor": {
        "name": "Regionens revision", "organisation": _PSYCHIATRY, "sector": "region", "role": "auditor",
        "purposes": ["HCOMPL"], "scopes": ["system/AuditEvent.rs"], "user": "Databeskyttelsesrådgiver Eva Ring",
        "purpose": "HCOMPL",
    },
    "citizen": {
        "name": "Borgerportalen", "organisation": _PORTAL, "sector": "other", "role": "citizen",
        "purposes": ["PATRQT"], "scopes": ["system/AuditEvent.rs"], "user": "Borgeren", "purpose": "PATRQT",
    },
    "operator": {
        "name": "Regionens drift", "organisation": _PSYCHIATRY, "sector": "region", "role": "operator",
        "purposes": ["HSYSADMIN"], "scopes": ["system/CodeSystem.rs"], "user": "Driftsleder Bo Krag",
        "purpose": "HSYSADMIN",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Player:
    """One registered system with its private key. `clock` is that of the gateway it speaks to."""

    id: str
    pem: bytes
    kid: str
    clock: Callable[[], datetime]

    @property
    def part(self) -> dict[str, Any]:
        """Its registration."""
        return PARTS[self.id]

    async def token(
        self, http: httpx2.AsyncClient, *, purpose: str = "", override: Mapping[str, str] | None = None,
        person: str = "",
    ) -> str:  # fmt: skip
        """An access token by SMART Backend Services: an assertion signed with ES384, good for four minutes. `person` is
        who stands in front of the system, where it is not always the same."""
        answer = await http.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": self.assertion(
                    str(http.base_url), purpose=purpose, override=override, person=person
                ),
                "scope": " ".join(self.part["scopes"]),
            },
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def assertion(
        self, url: str, *, purpose: str = "", override: Mapping[str, str] | None = None, person: str = ""
    ) -> str:
        """The signed client assertion (RFC 7523) with who acts and why (IHE IUA)."""
        now = int(self.clock().timestamp())
        iua = {
            "subject_name": self.part["user"],
            "subject_id": person or f"urn:faellesplan:demo|{self.id}-1",
            "purpose_of_use": [purpose or self.part["purpose"]],
        }
        extensions: dict[str, Any] = {"ihe_iua": iua}
        if override:
            extensions["faellesplan"] = {"override": dict(override)}
        claims = {
            "iss": self.id, "sub": self.id, "aud": f"{url.rstrip('/')}/oauth/token", "iat": now, "exp": now + 240,
            "jti": secrets.token_urlsafe(16), "extensions": extensions,
        }  # fmt: skip
        key = ECKey.import_key(self.pem)
        return jwt.encode({"alg": "ES384", "typ": "JWT", "kid": self.kid}, claims, key, algorithms=["ES384"])


def _now() -> datetime:
    return datetime.now(UTC)


def register(folder: Path, clock: Callable[[], datetime] = _now) -> dict[str, Player]:
    """Make a key for every part and write its registration, as an operator does with `gateway register-client`."""
    folder.mkdir(parents=True, exist_ok=True)
    players = {}
    for name, part in PARTS.items():
        pem, jwk = new_client_key()
        entry = {key: value for key, value in part.items() if key not in ("user", "purpose")}
        (folder / f"{name}.yaml").write_text(written({"id": name, **entry, "jwks": {"keys": [jwk]}}), "utf-8")
        players[name] = Player(name, pem, jwk["kid"], clock)
    return players
