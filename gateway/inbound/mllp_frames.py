"""MLLP framing without sockets: bytes in, frames out.

A frame is `0x0B` payload `0x1C 0x0D` (HL7 v2 Transport Specification, MLLP Release 1). The payload is never
decoded here: it goes on as the bytes that came. One `Frames` belongs to one connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

START = b"\x0b"
END = b"\x1c\x0d"

# A new message inside a frame: the sender lost the end of the one before. 0x0B itself is no HL7 character.
_NEXT_BEGINS = re.compile(rb"\x0b+(?=MSH|FHS|BHS)")
_CHUNK = 65_536


class Fault(StrEnum):
    """What can be wrong with a frame."""

    TRUNCATED = "truncated"  # it was never closed
    TOO_LARGE = "too-large"  # longer than the limit
    GARBAGE = "garbage"  # too many bytes outside any frame


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, without its delimiters. With a fault, `payload` is what there was of it."""

    payload: bytes
    fault: Fault | None = None


class Frames:
    """Cuts a stream into frames, holding at most `max_message` bytes of payload at any time.

    After TOO_LARGE or GARBAGE the stream has no known place to go on from: `broken` is true, and further bytes
    are not looked at.
    """

    def __init__(self, max_message: int, max_garbage: int) -> None:
        self._max_message = max_message
        self._max_garbage = max_garbage
        self._held = bytearray()  # payload of the open frame, without 0x0B
        self._looked = 0  # how far END has been looked for
        self._garbage = 0
        self.open = False
        self.broken = False
        self.started = 0  # frames begun so far: tells a slow frame from many quick ones

    @property
    def room(self) -> int:
        """How many bytes may be read next, so that no more than the limit is ever held."""
        return min(_CHUNK, max(1, self._max_message + len(END) - len(self._held)))

    @property
    def pending(self) -> bool:
        """Whether something has come that is not a whole frame yet: an open frame, or bytes outside frames."""
        return self.open or self._garbage > 0

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that this chunk completes, in the order of the stream; a faulty one is always the sender's
        last known word before the stream breaks, or stands before the frame that followed it."""
        out: list[Frame] = []
        while chunk and not self.broken:
            chunk = self._inside(chunk, out) if self.open else self._outside(chunk, out)
        return out

    def close(self) -> Frame | None:
        """The end of the stream: the frame that was never closed, or None."""
        if not self.open or self.broken:
            return None
        self.open = False
        return Frame(bytes(self._held), Fault.TRUNCATED)

    def _outside(self, chunk: bytes, out: list[Frame]) -> bytes:
        begin = chunk.find(START)
        skipped = chunk if begin < 0 else chunk[:begin]
        self._garbage += len(skipped.strip(b"\r\n"))
        if self._garbage > self._max_garbage:
            self.broken = True
            out.append(Frame(b"", Fault.GARBAGE))
            return b""
        if begin < 0:
            return b""
        self.open, self._garbage, self._looked = True, 0, 0
        self._held.clear()
        self.started += 1
        return chunk[begin + 1 :]

    def _inside(self, chunk: bytes, out: list[Frame]) -> bytes:
        held = self._held
        before = len(held)
        held += chunk
        end = held.find(END, self._looked)
        if end < 0:
            self._looked = max(0, len(held) - 1)
            if len(held) > self._max_message + 1:  # + 1: the last byte may be the first half of END
                self._too_large(out)
            return b""
        rest = chunk[end + len(END) - before :]
        del held[end:]
        if end > self._max_message:
            self._too_large(out)
            return b""
        self.open = False
        out.extend(_separate(bytes(held)))
        held.clear()
        return rest

    def _too_large(self, out: list[Frame]) -> None:
        out.append(Frame(bytes(self._held[: self._max_message]), Fault.TOO_LARGE))
        self._held.clear()
        self.open, self.broken = False, True


def _separate(payload: bytes) -> list[Frame]:
    """One payload, or several when a frame was begun before the last one was closed."""
    if START not in payload:
        return [Frame(payload)]
    parts = [part for part in _NEXT_BEGINS.split(payload) if part] or [b""]
    return [*(Frame(part, Fault.TRUNCATED) for part in parts[:-1]), Frame(parts[-1])]
