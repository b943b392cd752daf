"""An auditor's export of the log (flows/export_looks.py), checked with nothing but its three files and a public key.

    NAME.manifest.txt             a signed note: `<origin>/export`, its id, `shape csv`, `sha256 content <hex>`,
                                  `sha256 proofs <hex>`, `checkpoint <size> <base64 root>`
    NAME.content.csv (.ndjson)    what the auditor reads
    NAME.proofs.ndjson            {"id","index","salt","body","path":[base64 …]}: each record of the content, in order

The manifest vouches for the bytes of both; what each record says is in the tree, for its leaf leads to the signed root.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import zip_longest

from gateway.domain.checkpoint import (
    BadNote,
    BadSignature,
    NoteKey,
    NotSigned,
    Verify,
    decoded_base64,
    open_note,
    parse_note,
)
from gateway.domain.merkle import includes
from gateway.domain.record import leaf
from gateway.domain.tampering import Fault, Kind

_TEXT = re.compile(
    r"(?P<origin>[^\n]+)/export\n(?P<id>[0-9a-f]{32})\nshape (?P<shape>[a-z0-9]+)\n"
    r"sha256 content (?P<content>[0-9a-f]{64})\nsha256 proofs (?P<proofs>[0-9a-f]{64})\n"
    r"checkpoint (?P<size>0|[1-9][0-9]{0,18}) (?P<root>[A-Za-z0-9+/=]{44})\n"
)
_LONGEST_CELL = 2**31 - 1
_MOST = 1000  # faults told one by one


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was signed: SHA-256 of both files in hexadecimal, and the tree that the proofs lead to."""

    id: str
    shape: str
    content: str
    proofs: str
    size: int
    root: bytes


@dataclass(slots=True)
class ExportReport:
    """What verification found, and of how many records."""

    manifest: Manifest | None = None
    records: int = 0
    faults: list[Fault] = field(default_factory=list)
    more: int = 0  # faults beyond those told

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def wrong(self, kind: Kind, text: str, place: int | None = None) -> None:
        """Note a fault; `place` is one in the tree."""
        if len(self.faults) < _MOST:
            self.faults.append(Fault(kind, text, place, place))
        else:
            self.more += 1


def open_manifest(raw: bytes, keys: Sequence[NoteKey], verify: Verify) -> Manifest:
    """Read a manifest, and check that one of these keys signed it for its own log. Raises BadNote, BadSignature,
    NotSigned."""
    note = parse_note(raw)
    signers = open_note(note, keys, verify)
    told = _TEXT.fullmatch(note.text)
    if told is None:
        raise BadNote("This is no manifest of an export")
    if told["origin"] not in {key.name for key in signers}:
        raise NotSigned
    root = decoded_base64(told["root"])
    return Manifest(told["id"], told["shape"], told["content"], told["proofs"], int(told["size"]), root)


def verify_export(
    manifest: bytes, content: Iterable[bytes], proofs: Iterable[bytes], verify: Verify, keys: Sequence[NoteKey]
) -> ExportReport:
    """Check an export; both files come line by line and are held nowhere."""
    report = ExportReport()
    try:
        told = report.manifest = open_manifest(manifest, keys, verify)
    except NotSigned:
        report.wrong(Kind.RE_SIGNED, "the manifest is not signed by the key of this log")
    except BadSignature:
        report.wrong(Kind.CHANGED, "the manifest was changed after it was signed")
    except BadNote:
        report.wrong(Kind.UNREADABLE, "the manifest cannot be read")
    else:
        _check(report, told, _Hashed(content), _Hashed(proofs))
    return report


class _Hashed:
    """The lines of a file, with the hash of what has gone by."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines, self._digest = iter(lines), sha256()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = next(self._lines)
        self._digest.update(line)
        return line

    def is_that_of(self, digest: str) -> bool:
        """Whether the whole file is the one with this hash."""
        for _ in self:
            pass
        return self._digest.hexdigest() == digest


def _check(report: ExportReport, told: Manifest, content: _Hashed, proofs: _Hashed) -> None:
    proved = [_proved(report, told, number, line) for number, line in enumerate(proofs, 1)]
    report.records = len(proved)
    shown = list(_ids(told.shape, content))
    if not proofs.is_that_of(told.proofs):
        report.wrong(Kind.CHANGED, "the file of proofs is not the one that was signed")
    if not content.is_that_of(told.content):
        first = next((at for at, (one, other) in enumerate(zip_longest(shown, proved), 1) if one != other), 0)
        text = "the file with the content is not the one that was signed"
        report.wrong(Kind.CHANGED, f"{text}: it differs from the proofs at record {first} of it" if first else text)
    elif shown != proved and None not in proved:
        report.wrong(Kind.MISLISTED, "the records of the content are not those that are proved")


def _proved(report: ExportReport, told: Manifest, number: int, line: bytes) -> str | None:
    """The id of the record of a line; None where the line cannot be read."""
    try:
        one = json.loads(line)
        index, entry = one["index"], leaf(one["body"].encode(), bytes.fromhex(one["salt"]))
        path = [decoded_base64(step) for step in one["path"]]
        name = str(one["id"])
        if type(index) is not int:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadNote):
        report.wrong(Kind.UNREADABLE, f"line {number} of the proofs cannot be read")
        return None
    if not includes(entry, index, told.size, path, told.root):
        text = f"record {index} (line {number} of the proofs) is not what stands in its place of the signed tree"
        report.wrong(Kind.CHANGED, text, index)
    return name


def _ids(shape: str, lines: Iterable[bytes]) -> Iterator[str | None]:
    """The ids of the records that the content shows, whatever its shape."""
    if shape in ("csv", "sapa"):
        csv.field_size_limit(_LONGEST_CELL)
        rows = csv.reader((line.decode("utf-8-sig", "replace") for line in lines), delimiter=";")
        try:
            next(rows, None)
            yield from (row[0] if row else None for row in rows)
        except csv.Error:
            yield None
    else:
        yield from (_id(line) for line in lines)


def _id(line: bytes) -> str | None:
    """Of an AuditEvent its own, of a LogStatement the number that its source knows it by."""
    try:
        told = json.loads(line)
        return str(told["Source"]["CorrelationId"] if "Source" in told else told["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
