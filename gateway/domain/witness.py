"""Witnessing: who cosigns a log's checkpoints has seen each of them continue the one before.

Region and municipality witness each other, so neither can write its log anew, key and all, without the other's word
against it. The formats are public: https://c2sp.org/tlog-witness (the request), https://c2sp.org/tlog-cosignature
(what is signed: `cosignature/v1`, the witness's time, the checkpoint).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.domain.checkpoint import (
    BadNote,
    BadSignature,
    Note,
    NoteKey,
    Sign,
    Verify,
    decoded_base64,
    parse_note,
)
from gateway.errors import Conflict, Refused

MOST_STEPS = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_HEADER = "cosignature/v1"


class NotThere(Conflict):
    """The checkpoint does not continue the newest one that was witnessed."""

    status = 409

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__()


class BadProof(Refused):
    """The consistency proof is wrong."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint to be witnessed: the size that the log says was witnessed last, and the proof from there."""

    old: int
    proof: tuple[bytes, ...]
    note: str


def read_submission(raw: bytes) -> Submission:
    """The body of add-checkpoint; raises BadNote."""
    try:
        head, gap, note = raw.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise BadNote("The request is not UTF-8") from None
    first, *steps = head.split("\n")
    old = _OLD.fullmatch(first)
    if not gap or old is None or len(steps) > MOST_STEPS:
        raise BadNote("The request is a line with the old size, at most 63 hashes, an empty line and a checkpoint")
    proof = tuple(decoded_base64(step) for step in steps)
    if any(len(step) != 32 for step in proof):
        raise BadNote("A hash of the proof is not 32 bytes")
    return Submission(int(old[1]), proof, note)


def write_submission(old: int, proof: Iterable[bytes], note: str) -> bytes:
    """The body of add-checkpoint."""
    lines = [f"old {old}", *(b64encode(step).decode() for step in proof)]
    return ("\n".join(lines) + f"\n\n{note}").encode()


def cosign(note: Note, key: NoteKey, sign: Sign, time: datetime) -> str:
    """The signature line of a witness who has seen this checkpoint at this time."""
    seconds = int(time.timestamp())
    value = key.id + seconds.to_bytes(8, "big") + sign(_message(note, seconds))
    return f"\u2014 {key.name} {b64encode(value).decode()}\n"


def cosigned(note: Note, keys: Iterable[NoteKey], verify: Verify) -> dict[NoteKey, datetime]:
    """The witnesses among `keys` that cosigned this checkpoint, and when. Raises BadSignature for a line that names one
    of them and is not by it."""
    known = {(key.name, key.id): key for key in keys}
    found: dict[NoteKey, datetime] = {}
    for line in note.signatures:
        key = known.get((line.name, line.id))
        if key is None:
            continue
        seconds = int.from_bytes(line.value[:8], "big")
        if len(line.value) != 72 or not verify(key.public, line.value[8:], _message(note, seconds)):
            raise BadSignature
        try:
            found[key] = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            raise BadSignature from None
    return found


def read_cosignatures(note: str, lines: bytes, key: NoteKey, verify: Verify) -> str:
    """The line of this witness among those that it answered with; raises BadNote or BadSignature where it is not."""
    try:
        told = lines.decode()
    except UnicodeDecodeError:
        raise BadNote("The answer is not UTF-8") from None
    for line in told.splitlines(keepends=True):
        whole = parse_note(note + line)
        if key in cosigned(whole, [key], verify):
            return line
    raise BadSignature


def _message(note: Note, seconds: int) -> bytes:
    return f"{_HEADER}\ntime {seconds}\n{note.text}".encode()
