"""Proofs of possession: DPoP (RFC 9449). A token bound to a key is worth nothing without a fresh proof by that key.

A proof is for one request: method, URL, time, and at a resource the token itself (`ath`); it is used once, on all
nodes. With nonces on, it also repeats a word of ours from the last minutes, so that none can be made in advance.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from gateway.inbound.claims import base64url, is_time
from gateway.inbound.keys import UnfitKey, imported
from gateway.inbound.tokens.client_check import Remember

ALGORITHMS = ("ES256", "ES384", "RS256", "RS384")
WINDOW_SECONDS = 60
SKEW_SECONDS = 5
NONCE_SECONDS = 120
_LONGEST = 8192
_LONGEST_JTI = 255
_HEADERS = frozenset({"typ", "alg", "jwk"})
_CURVES = {"ES256": "P-256", "ES384": "P-384"}
_READING = jws.JWSRegistry(algorithms=list(ALGORITHMS))
_READING.max_header_length = 2048  # an RSA key in the header is longer than joserfc's 512
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")  # RFC 3986 2.3
_PORTS = {"https": 443, "http": 80}


class UnfitProof(ValueError):
    """No proof, or one that does not hold. The text says which rule failed, in ASCII and without values."""

    error = "invalid_dpop_proof"


class NeedsNonce(UnfitProof):
    """The proof must repeat the nonce that comes with this answer."""

    error = "use_dpop_nonce"


class Proofs:
    """Checks proofs. `nonce_key` turns nonces on: every node must have the same."""

    def __init__(self, clock: Callable[[], datetime], remember: Remember, nonce_key: bytes = b"") -> None:
        self._clock = clock
        self._remember = remember
        self._nonce_key = nonce_key

    def nonce(self) -> str:
        """The nonce of now; "" when none is asked for."""
        return self._nonce(int(self._clock().timestamp()) // NONCE_SECONDS) if self._nonce_key else ""

    async def thumbprint(self, proofs: Sequence[str], method: str, url: str, token: str = "") -> str:
        """The thumbprint (RFC 7638, SHA-256) of the key that proves this request, by all its DPoP headers. Raises
        UnfitProof."""
        if len(proofs) != 1:
            raise UnfitProof("one DPoP header is needed")
        claims, thumbprint = _signed(proofs[0])
        if claims.get("htm") != method:
            raise UnfitProof("htm is not the method of this request")
        if not isinstance(claims.get("htu"), str) or _plain(claims["htu"]) != _plain(url):
            raise UnfitProof("htu is not the URL of this request")
        now = self._clock().timestamp()
        issued, jti = claims.get("iat"), claims.get("jti")
        if not is_time(issued) or not now - WINDOW_SECONDS <= issued <= now + SKEW_SECONDS:
            raise UnfitProof("iat is not now")
        if token and claims.get("ath") != base64url(hashlib.sha256(token.encode()).digest()):
            raise UnfitProof("ath is not the hash of this token")
        self._check_nonce(claims.get("nonce"), int(now))
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI or not jti.isprintable():
            raise UnfitProof(f"jti must be a text of at most {_LONGEST_JTI} characters")
        until = datetime.fromtimestamp(issued + WINDOW_SECONDS + SKEW_SECONDS, UTC)
        if not await self._remember(f"dpop:{thumbprint}", jti, until):
            raise UnfitProof("this proof was used before")
        return thumbprint

    def _nonce(self, window: int) -> str:
        return base64url(hmac.digest(self._nonce_key, b"dpop-nonce:%d" % window, hashlib.sha256)[:18])

    def _check_nonce(self, nonce: object, now: int) -> None:
        if not self._nonce_key:
            return
        window = now // NONCE_SECONDS
        told = nonce if isinstance(nonce, str) and nonce.isascii() else ""
        if not any(hmac.compare_digest(told, self._nonce(one)) for one in (window, window - 1)):
            raise NeedsNonce("the proof must repeat the nonce of this answer")


def _signed(proof: str) -> tuple[Mapping[str, Any], str]:
    """The claims, signed by the key in the header, and that key's thumbprint."""
    if not proof.isascii() or not 0 < len(proof) <= _LONGEST:
        raise UnfitProof("the proof is not a signed JWT of at most 8 kB")
    try:
        header = jws.extract_compact(proof.encode(), registry=_READING).headers()
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnfitProof("the proof is not a signed JWT") from None
    if header.get("typ") != "dpop+jwt" or header.keys() != _HEADERS:
        raise UnfitProof("the header must hold typ dpop+jwt, alg and jwk, and nothing else")
    key = _key(header["jwk"], header["alg"])
    try:
        claims = jwt.decode(proof, key, registry=_READING).claims
    except (JoseError, ValueError, TypeError, RecursionError, json.JSONDecodeError):
        raise UnfitProof("the signature does not hold") from None
    return claims, key.thumbprint()


def _key(jwk: object, algorithm: object) -> ECKey | RSAKey:
    """The public key of a proof, of the type that its algorithm takes."""
    if algorithm not in ALGORITHMS:
        raise UnfitProof(f"alg must be one of {', '.join(ALGORITHMS)}")
    if not isinstance(jwk, dict):
        raise UnfitProof("jwk must be a public key")
    try:
        key = imported(jwk)
    except UnfitKey as wrong:
        raise UnfitProof(f"jwk {wrong}") from None
    if _CURVES.get(str(algorithm)) != (key.curve_name if isinstance(key, ECKey) else None):
        raise UnfitProof("jwk is not a key for this alg")
    return key


def _plain(url: str) -> tuple[str, str, int, str]:
    """A URL without query and fragment, in its normal spelling (RFC 9449 4.3, RFC 3986 6.2)."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return "", "", 0, url
    if "@" in parts.netloc:
        return "", "", 0, url
    path = _ENCODED.sub(_spelled, parts.path or "/")
    return parts.scheme.lower(), (parts.hostname or "").lower(), port, path


def _spelled(encoded: re.Match[str]) -> str:
    """One character as everybody may write it: what needs no encoding bare, the others in capitals."""
    bare = chr(int(encoded[1], 16))
    return bare if bare in _UNRESERVED else encoded[0].upper()
