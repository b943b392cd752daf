"""Who may use a token: anyone who has it, or only who holds the key or certificate that it is bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Scope

from gateway.errors import Unauthenticated
from gateway.inbound.tokens.certificates import Certificates
from gateway.inbound.tokens.proofs import NeedsNonce, Proofs, UnfitProof

CERTIFICATE = "x5t#S256"
KEY = "jkt"


class NotHeld(Unauthenticated):
    """The token is bound, and this request does not come from its holder."""

    def __init__(self, text: str, error: str = "invalid_token", *, nonce: str = "") -> None:
        self.error = error
        self.nonce = nonce
        super().__init__(text)


class NoCertificate(UnfitProof):
    """A client whose tokens are bound to its certificate has shown none."""

    error = "invalid_request"


def headers(scope: Scope, name: bytes) -> list[str]:
    """Every header of this name, in lower case, of an ASGI scope."""
    return [value.decode("latin-1") for one, value in scope["headers"] if one == name]


@dataclass(frozen=True, slots=True)
class Holders:
    """Tells whether a request comes from the holder of a token. `url` is the name that callers know us by."""

    url: str
    proofs: Proofs
    certificates: Certificates

    async def check(self, bound: Mapping[str, str], scheme: str, token: str, scope: Scope) -> None:
        """Raises NotHeld unless every confirmation of the token is met. A token that is bound to a key comes with the
        scheme DPoP, any other with Bearer: none is taken for less than it is."""
        if (KEY in bound) != (scheme == "dpop") or bound.keys() - {KEY, CERTIFICATE}:
            raise NotHeld("A token bound to a key comes with the scheme DPoP, and no other does")
        if CERTIFICATE in bound and self.certificates.thumbprint(scope) != bound[CERTIFICATE]:
            raise NotHeld("The token is bound to another client certificate")
        if KEY not in bound:
            return
        try:
            thumbprint = await self._proved(scope, token)
        except NeedsNonce as error:
            raise NotHeld("The DPoP proof must repeat a nonce", error.error, nonce=self.proofs.nonce()) from None
        except UnfitProof as error:
            raise NotHeld(f"The DPoP proof does not hold: {error}", error.error) from None
        if thumbprint != bound[KEY]:
            raise NotHeld("The token is bound to another key")

    async def binding(self, demanded: str, scope: Scope) -> dict[str, str]:
        """What a new token is bound to: the key of a proof where one comes with the request, and what the client's
        registration demands (`dpop`, `mtls` or ""). Raises UnfitProof."""
        bound: dict[str, str] = {}
        if demanded == "dpop" or headers(scope, b"dpop"):
            bound[KEY] = await self._proved(scope)
        if demanded == "mtls":
            bound[CERTIFICATE] = self.certificates.thumbprint(scope)
            if not bound[CERTIFICATE]:
                raise NoCertificate("a client certificate is needed")
        return bound

    async def _proved(self, scope: Scope, token: str = "") -> str:
        path = scope.get("raw_path") or scope["path"].encode()
        url = self.url + path.partition(b"?")[0].decode("latin-1")
        return await self.proofs.thumbprint(headers(scope, b"dpop"), scope["method"], url, token)
