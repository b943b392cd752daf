"""Request bodies: never more than the limit, never slower than the limit, never compressed.

FastAPI's own `max_body_size` answers in plain text, outside every format of ours; so the bytes are counted here,
where the answer can be an OperationOutcome or a negative acknowledgement.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

from starlette.requests import Request

from gateway.errors import BadRequest, TooLarge
from gateway.inbound.negotiate import UnsupportedMedia, media_type

FORM = "application/x-www-form-urlencoded"
FORM_BYTES = 65_536
_MOST_FIELDS = 100
_SECONDS = 30.0
_SECONDS_OF_A_LARGE_ONE = 120.0
# Of content beyond the limit so much is read and forgotten: who is cut off while sending may never read the answer.
_PASSED_OVER = 16 * 1024 * 1024


class TooSlow(BadRequest):
    """The request did not arrive in time."""

    status = 408
    issue = "timeout"


class Room:
    """The memory that bodies may take: usual ones side by side, large ones (messages with files) one after the other.

    A body above the usual size must tell its length: then it waits for its turn before a byte of it is read.
    """

    def __init__(self, usual: int, most: int) -> None:
        self._usual = usual
        self._most = max(usual, most)
        self._turn = asyncio.Semaphore(1)

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """The body, for as long as it is worked with. Raises what `read_body` raises."""
        declared = request.headers.get("content-length", "")
        size = int(declared) if declared.isdecimal() else 0
        if not self._usual < size <= self._most:
            try:
                held = await read_body(request, self._usual)
            except TooLarge:
                raise TooLarge(hint=f"At most {self._most} bytes are taken, with their length told.") from None
            yield held
            return
        async with self._turn:
            yield await read_body(request, self._most, _SECONDS_OF_A_LARGE_ONE)


async def read_body(request: Request, limit: int, seconds: float = 0) -> bytes:
    """All bytes of the body. Raises TooLarge, TooSlow, UnsupportedMedia."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMedia("Send the content uncompressed", where="Content-Encoding")
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isdecimal() else 0
    if size > limit + _PASSED_OVER or (size > limit and "expect" in request.headers):
        raise TooLarge(hint=f"At most {limit} bytes are taken.")
    held, passed = bytearray(), 0
    try:
        async with asyncio.timeout(seconds or _SECONDS):
            async for chunk in request.stream():
                if passed or len(held) + len(chunk) > limit:
                    passed += len(held) + len(chunk)
                    held.clear()
                else:
                    held += chunk
                if passed > limit + _PASSED_OVER:
                    break
    except TimeoutError:
        raise TooSlow from None
    if passed:
        raise TooLarge(hint=f"At most {limit} bytes are taken.")
    return bytes(held)


async def read_form(request: Request) -> list[tuple[str, str]]:
    """The fields of a form, in order, repetitions kept; none where there is no body. Raises what `read_body` raises,
    and BadRequest."""
    content_type = request.headers.get("content-type", "")
    if not content_type and not await read_body(request, FORM_BYTES):
        return []
    if media_type(content_type).name != FORM:
        raise UnsupportedMedia(f"Send {FORM}", where="Content-Type")
    raw = await read_body(request, FORM_BYTES)
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadRequest("The form cannot be read", hint="Percent-encode it as UTF-8.") from None
