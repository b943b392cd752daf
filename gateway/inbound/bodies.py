"""Request bodies: never more than the limit, never slower than the limit, never compressed.

FastAPI's own `max_body_size` answers in plain text, outside every format of ours; so the bytes are counted here,
where the answer can be an OperationOutcome or a negative acknowledgement.
"""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import Request

from gateway.errors import BadRequest, TooLarge
from gateway.inbound.negotiate import UnsupportedMedia, media_type

FORM = "application/x-www-form-urlencoded"
FORM_BYTES = 65_536
_MOST_FIELDS = 100
_SECONDS = 30.0
# Of content beyond the limit so much is read and forgotten: who is cut off while sending may never read the answer.
_PASSED_OVER = 16 * 1024 * 1024


class TooSlow(BadRequest):
    """The request did not arrive in time."""

    status = 408
    issue = "timeout"


async def read_body(request: Request, limit: int) -> bytes:
    """All bytes of the body. Raises TooLarge, TooSlow, UnsupportedMedia."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMedia("Send the content uncompressed", where="Content-Encoding")
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isdecimal() else 0
    if size > limit + _PASSED_OVER or (size > limit and "expect" in request.headers):
        raise TooLarge(hint=f"At most {limit} bytes are taken.")
    held, passed = bytearray(), 0
    try:
        async with asyncio.timeout(_SECONDS):
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
    """The fields of a form, in order, repetitions kept. Raises what `read_body` raises, and BadRequest."""
    if media_type(request.headers.get("content-type", "")).name != FORM:
        raise UnsupportedMedia(f"Send {FORM}", where="Content-Type")
    raw = await read_body(request, FORM_BYTES)
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadRequest("The form cannot be read", hint="Percent-encode it as UTF-8.") from None
