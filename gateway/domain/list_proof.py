"""A citizen's list with its proof, in one JSON object that anyone can check offline (docs/verify_log.py does).

    {"format":"faellesplan-list/1","vkey":…,"checkpoint":note,
     "lists":[{"citizen":id,"entries":[{"index","id","leaf","salt","body"}],"path":[page…],"beside":[key,sealed]}],
     "tree":[hash…]}

Two things are shown under one signed checkpoint: every entry stands in the tree (`tree`, merkle.spans_beside), and the
entries are the whole list, in order (`path`, listing.shown). Where a content's time has run out, `body` and `salt` are
null: that there was an entry, and where, still shows. A person with several identities has a list for each.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.checkpoint import (
    BadNote,
    BadSignature,
    Checkpoint,
    NoteKey,
    NotSigned,
    Verify,
    note_key,
    open_checkpoint,
    parse_note,
)
from gateway.domain.listing import Head, committed, list_key, shown
from gateway.domain.log_lines import BadLine, Entry, read_entry, unhex
from gateway.domain.merkle import root_with
from gateway.domain.tampering import Fault, Kind
from gateway.domain.witness import cosigned

FORMAT = "faellesplan-list/1"
MOST = 100_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Told:
    """One list as it goes into the object: entries as lines of an export, pages, and what stands in its place if it is
    empty."""

    citizen: str
    entries: Sequence[dict[str, Any]]
    path: Sequence[bytes]
    beside: tuple[bytes, bytes] | None = None


@dataclass(slots=True)
class ListReport:
    """What verification found: of each identity how many entries, and of how many the content is gone."""

    faults: list[Fault] = field(default_factory=list)
    lists: list[tuple[str, int, int]] = field(default_factory=list)
    checkpoint: Checkpoint | None = None
    own_key: bool = False

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def wrong(self, kind: Kind, text: str, place: int | None = None) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, text, place, place))


def written(vkey: str, note: str, lists: Sequence[Told], tree: Sequence[bytes]) -> bytes:
    """The object, on one line."""
    told = {
        "format": FORMAT,
        "vkey": vkey,
        "checkpoint": note,
        "lists": [_told(one) for one in lists],
        "tree": [step.hex() for step in tree],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _told(one: Told) -> dict[str, Any]:
    told = {"citizen": one.citizen, "entries": list(one.entries), "path": [page.hex() for page in one.path]}
    return told | ({"beside": [part.hex() for part in one.beside]} if one.beside else {})


def is_list(line: bytes) -> bool:
    """Whether a file that begins with this line is a list, not an export."""
    return line.startswith(b'{"format":"' + FORMAT.encode() + b'"')


def verify_list(
    raw: bytes, verify: Verify, keys: Sequence[NoteKey] = (), witnesses: Sequence[NoteKey] = ()
) -> ListReport:
    """Check a list with nothing but public keys; without any, the key that it names itself, which proves little.
    `witnesses`: who must have cosigned its checkpoint."""
    report = ListReport(own_key=not keys)
    try:
        told = json.loads(raw)
        trusted = list(keys) or [note_key(told["vkey"])]
        tree = [unhex(step) for step in told["tree"]]
        lists = [_Read.of(one) for one in told["lists"]]
        note, named = told["checkpoint"], told["vkey"]
        if told["format"] != FORMAT or not isinstance(note, str):
            raise BadLine
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadLine, BadNote):
        report.wrong(Kind.UNREADABLE, "this is no list with its proof")
        return report
    try:
        point = open_checkpoint(note, trusted, verify)
        seen = cosigned(parse_note(note), witnesses, verify) if witnesses else {}
    except NotSigned:
        report.wrong(Kind.RE_SIGNED, "the checkpoint is not signed by the key of this log")
    except BadSignature:
        report.wrong(Kind.CHECKPOINT, "the checkpoint was changed after it was signed")
    except BadNote:
        report.wrong(Kind.UNREADABLE, "the checkpoint cannot be read")
    else:
        report.checkpoint = point
        if named not in map(str, trusted):
            report.wrong(Kind.RE_SIGNED, "the list names another key than the one it is checked with")
        for witness in witnesses:
            if witness not in seen:
                report.wrong(Kind.NOT_WITNESSED, f"{witness.name} has witnessed nothing of it")
        _check(report, point, lists, tree)
    return report


@dataclass(frozen=True, slots=True)
class _Read:
    citizen: str
    key: bytes
    entries: tuple[Entry, ...]
    path: tuple[bytes, ...]
    beside: tuple[bytes, bytes] | None

    @classmethod
    def of(cls, told: dict[str, Any]) -> _Read:
        key = list_key(told["citizen"])
        if key is None:
            raise BadLine
        beside = [unhex(part) for part in told.get("beside") or ()]
        return cls(
            told["citizen"], key, tuple(read_entry(one) for one in told["entries"]),
            tuple(unhex(page) for page in told["path"]), (beside[0], beside[1]) if beside else None,
        )  # fmt: skip


def _check(report: ListReport, point: Checkpoint, lists: Sequence[_Read], tree: Sequence[bytes]) -> None:
    root = committed(point.extensions)
    leaves = {entry.index: entry.leaf for one in lists for entry in one.entries}
    if root_with(leaves, point.size, tree) != point.root:
        report.wrong(Kind.CHANGED, "the entries are not what stands in their places of the signed tree")
    for one in lists:
        head = Head()
        for entry in one.entries:
            head = head.after(entry.index, entry.leaf)
            if entry.has_body and (entry.leaf != entry.computed or entry.list != one.key):
                text = f"the content of record {entry.index} is not what was signed"
                report.wrong(Kind.CHANGED, text, entry.index)
        if root is None or not shown(root, one.key, head, one.path, one.beside):
            text = "the list is not the one that was signed: an entry was left out, put in or moved"
            report.wrong(Kind.MISLISTED, text)
        gone = sum(not entry.has_body for entry in one.entries)
        report.lists.append((one.citizen, len(one.entries), gone))
