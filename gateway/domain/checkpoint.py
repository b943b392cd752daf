"""Signed checkpoints: what the log was at one time, in the C2SP formats that other people's tools read.

* signed note (https://c2sp.org/signed-note): a text, an empty line, lines of signatures;
* checkpoint (https://c2sp.org/tlog-checkpoint): the text is origin, size, base64 root, extension lines.

We write one extension line, `time <RFC 3339, UTC>`, so that the time of a checkpoint is signed too and a record
that claims to be older than the checkpoint before it stands out. Reading is strict: one spelling for each
note, so equal bytes mean equal content. Cryptography comes in from outside (`Verify`, `Sign`).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from gateway.errors import Unreadable

ED25519 = 1  # signature types of signed notes
COSIGNATURE = 4  # of a witness (https://c2sp.org/tlog-cosignature)

Sign = Callable[[bytes], bytes]  # message → 64 bytes (Ed25519)
Verify = Callable[[bytes, bytes, bytes], bool]  # (public key, signature, message)

_DASH = "\u2014"
_MOST = 1_000_000  # bytes; a checkpoint has a few hundred
_SIGNATURES = 100
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


class BadNote(Unreadable):
    """This is not a signed note."""


class BadSignature(Unreadable):
    """A signature of this note is wrong."""


class NotSigned(Unreadable):
    """The note is not signed by a key that we trust."""


def _name_ok(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def decoded_base64(text: str) -> bytes:
    """Standard base64 with padding in its one canonical spelling; raises BadNote for anything else."""
    try:
        raw = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise BadNote("The base64 is wrong") from None
    if b64encode(raw).decode() != text:
        raise BadNote("The base64 is not in its normal form")
    return raw


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verifier key: `name+id+base64(type || public key)`, as C2SP writes it ("vkey")."""

    name: str
    public: bytes  # 32 bytes, Ed25519
    kind: int = ED25519

    @property
    def id(self) -> bytes:
        """SHA-256(name || 0x0A || type || public key), the first four bytes."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"


def note_key(text: str, kind: int = ED25519) -> NoteKey:
    """Read a verifier key; raises BadNote for another type, a wrong id or another spelling.

    >>> note_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").name
    'PeterNeumann'
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not _name_ok(parts[0]):
        raise BadNote("A verifier key is written name+id+key")
    raw = decoded_base64(parts[2])
    if len(raw) != 33 or raw[0] != kind:
        raise BadNote(f"Only verifier keys of type {kind} (Ed25519) are understood here")
    key = NoteKey(parts[0], raw[1:], kind)
    if key.id.hex() != parts[1]:
        raise BadNote("The id of the verifier key is wrong")
    return key


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who, the first four bytes (key id), the rest."""

    name: str
    id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note, read but not yet verified. `text` ends with a newline."""

    text: str
    signatures: tuple[Signature, ...]


def sign_note(text: str, key: NoteKey, sign: Sign) -> str:
    """The note with one signature."""
    return f"{text}\n{signature_line(text, key, sign)}"


def signature_line(text: str, key: NoteKey, sign: Sign) -> str:
    """One signature line over `text`; lines of several signers may follow each other."""
    return f"{_DASH} {key.name} {b64encode(key.id + sign(text.encode())).decode()}\n"


def parse_note(raw: bytes | str) -> Note:
    """Take a note apart; raises BadNote."""
    note = raw if isinstance(raw, str) else _decoded(raw)
    if len(note) > _MOST or any(c < " " and c != "\n" for c in note):
        raise BadNote("A note is short text without control characters")
    head, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise BadNote("A note is a text, an empty line and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > _SIGNATURES:
        raise BadNote("The note has too many signatures")
    return Note(head + "\n", tuple(_signature(line) for line in lines))


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadNote("The note is not UTF-8") from None


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not _name_ok(parts[1]):
        raise BadNote("A signature line is wrong")
    raw = decoded_base64(parts[2])
    if len(raw) < 5:
        raise BadNote("A signature is too short")
    return Signature(parts[1], raw[:4], raw[4:])


def open_note(note: Note, keys: Iterable[NoteKey], verify: Verify) -> tuple[NoteKey, ...]:
    """The trusted keys that signed this note, at least one.

    Raises BadSignature if a line that names a trusted key does not verify, NotSigned if there is no such line.
    Lines of unknown keys are skipped, as the format demands.
    """
    known = {(key.name, key.id): key for key in keys}
    signers: list[NoteKey] = []
    message = note.text.encode()
    for line in note.signatures:
        key = known.get((line.name, line.id))
        if key is None:
            continue
        if key in signers or not verify(key.public, line.value, message):
            raise BadSignature
        signers.append(key)
    if not signers:
        raise NotSigned
    return tuple(signers)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` held `size` leaves under `root` (32 bytes) at `time` (UTC)."""

    origin: str
    size: int
    root: bytes
    time: datetime | None = None
    extensions: tuple[str, ...] = ()  # further lines, not ours

    def text(self) -> str:
        """The text to be signed."""
        time = (f"time {_written(self.time)}",) if self.time else ()
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *time, *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def _written(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note as a checkpoint; raises BadNote."""
    if not text.endswith("\n"):
        raise BadNote("A checkpoint ends with a newline")
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise BadNote("A checkpoint has at least three lines and no empty one")
    origin, size, root, *rest = lines
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size):
        raise BadNote("The size of the checkpoint is no decimal number")
    digest = decoded_base64(root)
    if len(digest) != 32:
        raise BadNote("The root of the checkpoint is not 32 bytes")
    time = None
    if rest and rest[0].startswith("time ") and _TIME.fullmatch(rest[0][5:]):
        time = _read_time(rest.pop(0)[5:])
    return Checkpoint(origin, int(size), digest, time, tuple(rest))


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadNote("The time of the checkpoint is no time") from None


def open_checkpoint(raw: bytes | str, keys: Iterable[NoteKey], verify: Verify) -> Checkpoint:
    """Read a checkpoint and check that a trusted key signed it; raises BadNote, BadSignature, NotSigned."""
    note = parse_note(raw)
    open_note(note, keys, verify)
    return parse_checkpoint(note.text)


def sign_checkpoint(checkpoint: Checkpoint, key: NoteKey, sign: Sign) -> str:
    """The signed note of a checkpoint. The caller answers for its agreement with every earlier one."""
    if not checkpoint.origin or "\n" in checkpoint.origin:
        raise BadNote("The origin of a log is one line")
    return sign_note(checkpoint.text(), key, sign)
