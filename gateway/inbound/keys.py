"""Keys: the public ones of clients, and the gateway's own that signs access tokens.

SMART Backend Services asks for RS384 or ES384; both are taken, nothing else. The algorithm always follows from
the registered key, never from what a token says of itself.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT_ALGORITHMS = ("ES384", "RS384")
OWN_ALGORITHM = "ES256"
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MIN_RSA_BITS = 2048


class UnfitKey(ValueError):
    """A key that cannot be registered; the text says why and never shows the key."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One registered key of a client."""

    kid: str
    algorithm: str
    key: ECKey | RSAKey


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """A client's key from its JWK (RFC 7517). Raises UnfitKey."""
    key = imported(jwk)
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise UnfitKey("has no kid")
    if not for_signatures(jwk):
        raise UnfitKey("is not meant for signatures")
    if isinstance(key, ECKey) and key.curve_name != "P-384":
        raise UnfitKey("is an EC key on another curve than P-384 (ES384)")
    algorithm = "ES384" if isinstance(key, ECKey) else "RS384"
    if jwk.get("alg", algorithm) != algorithm:
        raise UnfitKey(f"names another algorithm than {algorithm}")
    return PublicKey(kid, algorithm, key)


def for_signatures(jwk: Mapping[str, Any]) -> bool:
    """Whether the key of an imported JWK is there to check signatures with (RFC 7517 4.2, 4.3)."""
    return jwk.get("use", "sig") == "sig" and "verify" in jwk.get("key_ops", ["verify"])


def candidate(keys: Iterable[PublicKey], kid: object, algorithm: object) -> PublicKey | None:
    """The one key of this kid whose type fits the algorithm; None when there is none, or when there are several: then
    nobody could say which one it was."""
    found = [key for key in keys if key.kid == kid and key.algorithm == algorithm]
    return found[0] if len(found) == 1 else None


def imported(jwk: Mapping[str, Any]) -> ECKey | RSAKey:
    """The public key in a JWK (RFC 7517): a point on its curve, or RSA of at least 2048 bits. Raises UnfitKey."""
    if jwk.keys() & _PRIVATE:
        raise UnfitKey("is a private key; register the public one and treat this one as lost")
    if jwk.get("kty") not in ("EC", "RSA"):
        raise UnfitKey("is neither EC nor RSA")
    try:
        key = ECKey.import_key(dict(jwk)) if jwk["kty"] == "EC" else RSAKey.import_key(dict(jwk))
        number = key.public_key  # of an EC key the point is checked when it is first used
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise UnfitKey("is not a valid JWK") from error
    if isinstance(key, RSAKey) and number.key_size < _MIN_RSA_BITS:
        raise UnfitKey(f"is an RSA key of fewer than {_MIN_RSA_BITS} bits")
    return key


def certified(certificate: bytes) -> str:
    """The thumbprint (RFC 7638) of the key in an X.509 certificate (DER); "" when it holds none that is taken here."""
    pem = ssl.DER_cert_to_PEM_cert(certificate)
    for kind in (ECKey, RSAKey):
        try:
            return kind.import_key(pem).thumbprint()
        except Exception:  # noqa: BLE001, S112 - whatever the library finds in it, it is no key that is taken here
            continue
    return ""


def new_client_key() -> tuple[bytes, dict[str, Any]]:
    """A new P-384 key for a client: its private PEM, for the client alone, and its public JWK."""
    key = ECKey.generate_key("P-384", private=True)
    jwk = {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "ES384", "use": "sig"}
    return key.as_pem(private=True), jwk


def new_signing_key() -> bytes:
    """A new key of the gateway's own, as private PEM (P-256, ES256)."""
    return ECKey.generate_key("P-256", private=True).as_pem(private=True)


def signing_keys(pems: Sequence[bytes]) -> KeySet:
    """The gateway's own keys: the first signs, all of them verify, so that a key can be replaced without a gap.

    Raises UnfitKey when one is not a private P-256 key.
    """
    keys: list[ECKey] = []
    for pem in pems:
        try:
            key = ECKey.import_key(pem)
        except (JoseError, ValueError) as error:
            raise UnfitKey("The signing key is not a private P-256 key in PEM") from error
        if not key.is_private or key.curve_name != "P-256":
            raise UnfitKey("The signing key is not a private P-256 key in PEM")
        keys.append(ECKey.import_key(pem, {"kid": key.thumbprint(), "alg": OWN_ALGORITHM, "use": "sig"}))
    if not keys:
        raise UnfitKey("There is no signing key")
    return KeySet(list(keys))
