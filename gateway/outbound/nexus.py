"""KMD Nexus: HAL over OAuth2. The root document leads to everything else; no URL below it is ever made here."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.domain.source import Fetching
from gateway.flows.deliver import Unreachable
from gateway.outbound.asking import Limits, asking
from gateway.outbound.walking import Walker
from gateway.translate.vendor.walk import Walk


@asynccontextmanager
async def nexus(there: Fetching, walk: Walk, tls: ssl.SSLContext, limits: Limits) -> AsyncIterator[Walker]:
    """Raises Unreachable."""
    async with asking(there, tls, limits) as here:
        root = await here.ask("get", there.url, step="root")
        if not isinstance(root, dict):
            raise Unreachable("The root has no links", where="root")
        yield Walker(here, walk, root)
