"""Bodies of answers: read to a limit, however small they are made on their way."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest

from gateway.outbound.bounded import Unreadable, bounded

MOST = 1000


class Stream(httpx2.AsyncByteStream):
    def __init__(self, chunks: Sequence[bytes]) -> None:
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk


def read(*chunks: bytes, coding: str = "") -> bytes:
    headers = {"Content-Encoding": coding} if coding else {}
    return asyncio.run(bounded(httpx2.Response(200, headers=headers, stream=Stream(chunks)), MOST))


def test_what_is_small_enough() -> None:
    whole = b"x" * MOST
    packed = gzip.compress(whole)
    assert read(whole) == read(whole[:1], whole[1:], coding="Identity") == whole
    assert read(packed, coding="gzip") == read(*(packed[at : at + 1] for at in range(len(packed))), coding="x-gzip")
    assert read(gzip.compress(b""), coding="gzip") == read() == b""


@pytest.mark.parametrize(
    ("raw", "coding"),
    [
        (b"x" * (MOST + 1), ""), (gzip.compress(b"x" * (MOST + 1)), "gzip"), (gzip.compress(b"x"), "gzip, gzip"),
        (gzip.compress(gzip.compress(b"x")), "gzip,gzip"), (zlib.compress(b"x"), "deflate"), (b"x", "br"),
        (b"x", "zstd"), (b"x", "gzip"), (gzip.compress(b"xyz")[:-3], "gzip"), (gzip.compress(b"x") + b"y", "gzip"),
        (b"", "gzip"),
    ],
)  # fmt: skip
def test_what_is_not_read(raw: bytes, coding: str) -> None:
    with pytest.raises(Unreadable):
        read(raw, coding=coding)


def test_a_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(gzip.compress(bytes(20_000_000), 1), 9)
    tracemalloc.start()
    try:
        for coding in ("gzip", "gzip, gzip"):
            with pytest.raises(Unreadable):
                read(bomb, coding=coding)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
