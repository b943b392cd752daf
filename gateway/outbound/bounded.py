"""The body of an answer, never more of it in memory than is wanted: what somebody has compressed grows a thousandfold,
and what was compressed twice a millionfold.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx2

_PLAIN = ("", "identity")
_GZIP = ("gzip", "x-gzip")
_OF_GZIP = 16 + zlib.MAX_WBITS


class Unreadable(ValueError):
    """The body is larger than is taken, or compressed otherwise than once by gzip, which nobody asked for either. The
    text is what is said of it: `is too large`."""


async def bounded(response: httpx2.Response, most: int) -> bytes:
    """The whole body, of `most` bytes at most. Raises Unreadable, httpx2.HTTPError."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in _PLAIN:
        return await _plain(response.aiter_raw(), most)
    if coding in _GZIP:
        return await _opened(response.aiter_raw(), most)
    raise Unreadable("is compressed")


async def _plain(chunks: AsyncIterator[bytes], most: int) -> bytes:
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        if len(held) > most:
            raise Unreadable("is too large")
    return bytes(held)


async def _opened(chunks: AsyncIterator[bytes], most: int) -> bytes:
    held, gzip = bytearray(), zlib.decompressobj(_OF_GZIP)
    try:
        async for chunk in chunks:
            held += gzip.decompress(chunk, most + 1 - len(held))
            if len(held) > most:
                raise Unreadable("is too large")
    except zlib.error:
        raise Unreadable("is compressed badly") from None
    if not gzip.eof or gzip.unused_data:
        raise Unreadable("is compressed badly")
    return bytes(held)
