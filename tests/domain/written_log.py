"""A log as the gateway would make it, to be tampered with: records, checkpoints, signers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.domain.checkpoint import Checkpoint, NoteKey, sign_checkpoint
from gateway.domain.log_lines import entry_line, header_line
from gateway.domain.merkle import Range
from gateway.domain.record import AccessRecord, Decision, leaf
from gateway.domain.tampering import Kind
from gateway.domain.verify_log import Report, verify_log

ORIGIN = "log.example.dk"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
STEP = timedelta(seconds=10)
Line = dict[str, Any]


class Signer:
    def __init__(self, seed: int, name: str = ORIGIN) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.key = NoteKey(name, self._private.public_key().public_bytes_raw())

    def note(self, tree: Range, time: datetime | None) -> str:
        return sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root(), time), self.key, self._private.sign)


OURS, OTHERS = Signer(1), Signer(2)


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def body(number: int, time: datetime) -> bytes:
    return AccessRecord(
        time=time, interaction="read", decision=Decision.PERMIT, citizen=f"{number:032x}", user_name=f"Prøve {number}"
    ).to_bytes()


@dataclass
class Log:
    """A log as the gateway would make it: `batches` records under each checkpoint, ten seconds apart."""

    batches: Sequence[int] = (4, 1, 7, 3)
    signer: Signer = field(default_factory=lambda: OURS)

    def __post_init__(self) -> None:
        self.lines: list[Line] = []
        self.notes: list[str] = []
        tree, time = Range(), START
        self._sign(tree, time)
        for count in self.batches:
            for _ in range(count):
                self._append(tree, body(tree.size, time + timedelta(seconds=1)))
            time += STEP
            self._sign(tree, time)
        self.tree = tree

    def _append(self, tree: Range, raw: bytes) -> None:
        salt = bytes([tree.size % 256]) * 16
        self.lines.append(json.loads(entry_line(tree.size, 100 + tree.size, leaf(raw, salt), salt, raw)))
        tree.extend([leaf(raw, salt)])

    def _sign(self, tree: Range, time: datetime) -> None:
        self.notes.append(self.signer.note(tree, time))
        self.lines.append({"checkpoint": self.notes[-1]})

    def export(self, lines: Iterable[Line] | None = None, *, newest: str | None = None) -> list[bytes]:
        told = self.lines if lines is None else list(lines)
        head = header_line(str(self.signer.key), (newest or self.notes[-1],))
        return [head, *(json.dumps(line).encode() + b"\n" for line in told)]

    def records(self) -> list[Line]:
        return [line for line in self.lines if "index" in line]

    def as_database_would(self, records: list[Line]) -> list[bytes]:
        """The export of a database whose tables hold these records: numbered anew, checkpoints by size."""
        sizes = {int(note.split("\n")[1]): note for note in self.notes}
        told: list[Line] = [{"checkpoint": sizes[0]}]
        for place, record in enumerate(records):
            told.append(record | {"index": place})
            if place + 1 in sizes:
                told.append({"checkpoint": sizes[place + 1]})
        return self.export(told)


def check(lines: Iterable[bytes], *, keys: Sequence[NoteKey] = (OURS.key,), **options: Any) -> Report:
    return verify_log(lines, verify, keys=keys, **options)


def kinds(report: Report) -> list[Kind]:
    return [fault.kind for fault in report.faults]


def places(report: Report, kind: Kind) -> list[tuple[int | None, int | None]]:
    return [(fault.first, fault.last) for fault in report.faults if fault.kind is kind]


def remade(line: Line, raw: bytes) -> Line:
    """The record's content replaced, and the hash beside it made to fit."""
    return line | {"body": raw.decode(), "leaf": leaf(raw, bytes.fromhex(line["salt"])).hex()}


def forged(log: Log, place: int, time: datetime) -> Line:
    raw, salt = body(500, time), b"s" * 16
    told: Line = json.loads(entry_line(place, 500, leaf(raw, salt), salt, raw))
    return told
