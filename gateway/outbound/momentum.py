"""KMD Momentum: REST over OAuth2 and an API key. Its URLs hold the citizen's number, by their contract."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.domain.source import Fetching
from gateway.outbound.asking import Limits, asking
from gateway.outbound.secrets import secret
from gateway.outbound.walking import Walker
from gateway.translate.vendor.walk import Walk


@asynccontextmanager
async def momentum(there: Fetching, walk: Walk, tls: ssl.SSLContext, limits: Limits) -> AsyncIterator[Walker]:
    """Raises Unreachable, and SettingsError when there is no API key."""
    async with asking(there, tls, limits, {"apikey": secret(there.key)}) as here:
        yield Walker(here, walk, {})
