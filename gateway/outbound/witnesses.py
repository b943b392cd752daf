"""Witnesses are asked over HTTPS, one after the other."""

from __future__ import annotations

import asyncio

import httpx2

from gateway.errors import Unavailable

SECONDS = 10.0
_MOST = 100_000  # bytes; an answer is a line or two


async def ask(url: str, body: bytes) -> tuple[int, bytes]:
    """POST to a witness: status and body. Raises Unavailable where it cannot be reached; no redirect is followed."""
    held = bytearray()
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx2.AsyncClient(timeout=SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", url, content=body, headers={"Content-Type": "text/plain; charset=utf-8"}) as told,
        ):
            async for part in told.aiter_bytes():
                held += part
                if len(held) > _MOST:
                    raise Unavailable("The witness answers with too much")
            return told.status_code, bytes(held)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as error:
        raise Unavailable("The witness cannot be reached") from error
