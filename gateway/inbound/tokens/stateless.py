"""Authlib's server core for tokens that carry themselves: it keeps nothing and tells nobody."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request


class Stateless(AuthorizationServer):
    """What both of our servers leave out of Authlib's core. Their requests are made before it is asked."""

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Tokens carry themselves; there is nothing to keep."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        """The request is one already."""
        return request
