"""Verify an export of the log with nothing but public keys, and name what is wrong with it.

Every record's leaf is computed again, the tree is grown again, and wherever a signed checkpoint stands its root
must come out. What was signed cannot be made to fit anything else (RFC 6962 2.1.3), so a root that does not come
out means that something was changed, removed, swapped or inserted between the last good checkpoint and this
one; tampering.py finds out which. Checkpoints that the reader kept from before (`trusted`) show what an export
alone cannot: that the whole log was rolled back, or written anew and signed again. Each citizen's own list is chained
again too, and at the last checkpoint all lists together must give the root that it commits to (listing.py).
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
from gateway.domain.listing import Head, committed, map_root
from gateway.domain.log_lines import BadLine, Entry, read_header, read_line
from gateway.domain.merkle import Range
from gateway.domain.tampering import Fault, Kind, back_dated, explain, gaps, mismatches
from gateway.domain.witness import cosigned

TOLERANCE = timedelta(minutes=1)
_NO_ENTRIES = Head()
_MOST = 1000  # faults told one by one


@dataclass(slots=True)
class Report:
    """What verification found. `size` and `root` are those of the last checkpoint that the records gave."""

    faults: list[Fault] = field(default_factory=list)
    size: int = 0
    root: bytes = b""
    records: int = 0
    without_body: int = 0
    checkpoints: int = 0  # that fit
    signed_at: datetime | None = None  # of the last one
    keys: tuple[str, ...] = ()
    own_key: bool = False  # the key was taken from the export itself: nothing vouches for it
    lists: int | None = None  # citizens whose lists were found complete; None: no checkpoint commits to lists
    witnessed: dict[str, int] = field(default_factory=dict)  # by witness, the newest size that it has cosigned
    forgotten: datetime | None = None  # contents from before this time were deleted, as the log itself says
    more: int = 0  # faults beyond those told

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def add(self, *faults: Fault) -> None:
        """Note faults, up to the most that anyone reads."""
        room = max(0, _MOST - len(self.faults))
        self.faults.extend(faults[:room])
        self.more += len(faults[room:])


@dataclass(order=True, slots=True)
class _Point:
    size: int
    outside: bool  # a checkpoint the reader brought, compared after the export's own of the same size
    checkpoint: Checkpoint = field(compare=False)


def verify_log(
    lines: Iterable[bytes],
    verify: Verify,
    *,
    keys: Sequence[NoteKey] = (),
    trusted: Sequence[str] = (),
    tolerance: timedelta = TOLERANCE,
    kept_since: datetime | None = None,
    witnesses: Sequence[NoteKey] = (),
) -> Report:
    """Check a whole export. The options are those of `Verification`."""
    verification = Verification(verify, keys, trusted, tolerance, kept_since, witnesses)
    for line in lines:
        verification.feed(line)
    return verification.finish()


class Verification:
    """One export on its way through, line by line; what lies between two checkpoints is held in memory.

    `keys`: who may sign; empty: the key that the export names, which proves only that it agrees with itself.
    `trusted`: notes of checkpoints kept from before. `tolerance`: how far a record's time may lie before the
    checkpoint before it or after the checkpoint over it (slow transactions, clocks). `kept_since`: bodies of
    records signed before this time may be gone; None: every body must be there, but for those that the log itself says
    were deleted when their time was over. `witnesses`: who must have cosigned it.
    """

    def __init__(
        self,
        verify: Verify,
        keys: Sequence[NoteKey] = (),
        trusted: Sequence[str] = (),
        tolerance: timedelta = TOLERANCE,
        kept_since: datetime | None = None,
        witnesses: Sequence[NoteKey] = (),
    ) -> None:
        self.report = Report(own_key=not keys)
        self.keys, self.verify, self.trusted = tuple(keys), verify, trusted
        self.tolerance, self.kept_since, self.witnesses = tolerance, kept_since, tuple(witnesses)
        self.lines = 0
        self.tree = Range()  # as far as it is proved
        self.pending: list[Entry] = []  # read, not yet proved
        self.points: list[_Point] = []  # checkpoints not yet reached, smallest first
        self.disputed: list[_Point] = []  # outside checkpoints that did not fit
        self.newest = -1  # size of the export's own newest checkpoint
        self.passed = -1  # size of the newest checkpoint met between records
        self.time: datetime | None = None  # of the last checkpoint that fit
        self.number: int | None = -1  # of the last proved record, as its line says; None after a repair
        self.unsigned: list[int] = []  # sizes of checkpoints that nobody we know signed
        self.mismatched: list[Entry] = []
        self.lost: tuple[int, int] | None = None  # where the proof broke off without an explanation
        self.lists: dict[bytes, Head] = {}  # of every citizen, as far as it is proved
        self.committed: bytes | None = None  # the root of all lists in the last checkpoint that fit
        self.gone: list[tuple[int, datetime | None]] = []  # places without content, and when the log had been signed

    # --- reading ---

    def feed(self, line: bytes) -> None:
        """The next line; the first is the header."""
        self.lines += 1
        if self.lines == 1:
            self._begin(line)
        elif self.keys:
            self._follow(line)

    def _begin(self, line: bytes) -> None:
        try:
            header = read_header(line)
            self.keys = self.keys or (note_key(header.vkey),)
        except (BadLine, BadNote) as wrong:
            self.report.add(Fault(Kind.UNREADABLE, f"line 1: {wrong.text}"))
            self.keys = ()
            return
        self.report.keys = tuple(str(key) for key in self.keys)
        if header.vkey not in self.report.keys:
            self.report.add(Fault(Kind.RE_SIGNED, "the export names another key than the one it is checked with"))
        for note in self.trusted:
            point = self._opened(note, "a checkpoint kept from before")
            if point:
                heapq.heappush(self.points, _Point(point.size, True, point))
        for note in header.checkpoints:
            self._meet(note, "line 1")

    def _follow(self, line: bytes) -> None:
        try:
            told = read_line(line)
        except (BadLine, BadNote):
            place = self.tree.size + len(self.pending)
            self.report.add(Fault(Kind.UNREADABLE, f"line {self.lines} cannot be read", place, place))
            told = Entry(place, -1, b"", b"", None, has_body=False)
        if isinstance(told, str):
            self.passed = max(self.passed, self._meet(told, f"line {self.lines}"))
            self._advance()
        else:
            self._take(told)

    def _take(self, entry: Entry) -> None:
        self.report.records += 1
        self.report.without_body += not entry.has_body
        if entry.has_body and entry.leaf != entry.computed:
            self.mismatched.append(entry)
        if self.lost is None:
            self.pending.append(entry)

    def _meet(self, note: str, where: str) -> int:
        """A checkpoint of the export itself; its size, -1 where it is not to be believed."""
        point = self._opened(note, where)
        if point is None:
            return -1
        heapq.heappush(self.points, _Point(point.size, False, point))
        self.newest = max(self.newest, point.size)
        return point.size

    def _opened(self, note: str, where: str) -> Checkpoint | None:
        try:
            point = open_checkpoint(note, self.keys, self.verify)
            seen = cosigned(parse_note(note), self.witnesses, self.verify) if self.witnesses else ()
        except NotSigned:
            self.unsigned.append(_size(note))
        except BadSignature:
            self.report.add(Fault(Kind.CHECKPOINT, f"{where}: the checkpoint was changed after it was signed"))
        except BadNote:
            self.report.add(Fault(Kind.UNREADABLE, f"{where}: the checkpoint cannot be read"))
        else:
            if point.origin in {key.name for key in self.keys}:
                for witness in map(str, seen):
                    self.report.witnessed[witness] = max(point.size, self.report.witnessed.get(witness, 0))
                return point
            self.report.add(Fault(Kind.CHECKPOINT, f"{where}: the checkpoint is of another log"))
        return None

    # --- proving ---

    def _advance(self, *, final: bool = False) -> None:
        """Prove as many checkpoints as the records that were read allow."""
        while self.points and self.lost is None:
            point = self.points[0]
            need = point.size - self.tree.size
            if need > len(self.pending):
                return
            grown = self.tree.copy().grow(entry.leaf for entry in self.pending[: max(need, 0)])
            fits = need >= 0 and grown.root() == point.checkpoint.root
            if not (fits or need <= 0 or point.outside or final or self.passed > point.size):
                return  # one more record is needed to tell an insertion
            heapq.heappop(self.points)
            if fits:
                self._settle(point, grown)
            elif need <= 0:
                self._rewritten(point)
            elif point.outside:
                self.disputed.append(point)
            else:
                self._explain(point)

    def _settle(self, point: _Point, grown: Range, *, numbered: bool = True) -> None:
        """The records up to this checkpoint are proved."""
        need = point.size - self.tree.size
        proved, self.pending = self.pending[:need], self.pending[need:]
        signed = point.checkpoint.time
        for place, entry in enumerate(proved, self.tree.size):
            if numbered and self.number is not None and entry.index != self.number + 1:
                text = f"record {place} is numbered {entry.index}"
                self.report.add(Fault(Kind.CHANGED, text, place, place))
            self.number = entry.index if numbered else None
            if entry.list:
                self.lists[entry.list] = self.lists.get(entry.list, _NO_ENTRIES).after(place, entry.leaf)
            self._judge(entry, place, signed)
        self.committed = committed(point.checkpoint.extensions)
        if not point.outside:
            self._compare(proved)
        self.tree = grown
        self.report.size, self.report.root = grown.size, grown.root()
        self.report.checkpoints += 1
        if self.time and signed and signed < self.time:
            text = f"the checkpoint of size {point.size} is dated before the one before it"
            self.report.add(Fault(Kind.CHECKPOINT, text))
        self.time = self.report.signed_at = signed or self.time

    def _compare(self, proved: Sequence[Entry]) -> None:
        """Now that the export's own checkpoint holds: outside ones that did not fit show another history."""
        left, self.disputed = self.disputed, []
        for point in left:
            upto = point.size - self.tree.size
            if upto > len(proved):
                self.disputed.append(point)
            elif self.tree.copy().grow(entry.leaf for entry in proved[:upto]).root() != point.checkpoint.root:
                self._rewritten(point)

    def _judge(self, entry: Entry, place: int, signed: datetime | None) -> None:
        """The times of a proved record, and whether its body may be gone."""
        if entry.has_body and entry.leaf != entry.computed:
            return  # told as changed; its time is not its own
        if not entry.has_body:
            if self.kept_since is None or signed is None or signed >= self.kept_since:
                self.gone.append((place, self.time))
        elif entry.time is None:
            self.report.add(Fault(Kind.UNREADABLE, f"record {place} has no time", place, place))
        elif self.time and entry.time < self.time - self.tolerance:
            self.report.add(back_dated(place, entry.time, self.time))
        elif entry.forgets:
            self.report.forgotten = max(self.report.forgotten or entry.forgets, entry.forgets)
        elif signed and entry.time > signed + self.tolerance:
            text = f"record {place} is dated ahead: it says {entry.time.isoformat()}, signed {signed.isoformat()}"
            self.report.add(Fault(Kind.DATED_AHEAD, text, place, place))

    def _explain(self, point: _Point) -> None:
        """The records do not give this root: find what was done to them, and go on as if it had not been."""
        found = explain(self.tree, self.pending, point.checkpoint, self.time, self.tolerance)
        self.report.add(*found.faults)
        named = {fault.first for fault in found.faults if fault.kind is Kind.CHANGED}
        self.mismatched = [entry for entry in self.mismatched if entry.index not in named]
        if found.repaired is None:
            self.lost = (self.tree.size, point.size - 1)
            self.pending = []
            return
        self.pending = found.repaired
        need = point.size - self.tree.size
        self._settle(point, self.tree.copy().grow(entry.leaf for entry in self.pending[:need]), numbered=False)

    def _rewritten(self, point: _Point) -> None:
        kept = "a checkpoint kept from before" if point.outside else "another checkpoint of the export"
        text = f"{kept}, of size {point.size}, has another root: the log was written anew and signed again"
        self.report.add(Fault(Kind.REWRITTEN, text, None, point.size - 1))

    # --- the end ---

    def finish(self) -> Report:
        """The end of the export was reached."""
        if not self.lines:
            self._begin(b"")
        if not self.keys:
            return self.report
        self._advance(final=True)
        if self.disputed:
            self.points = [_Point(point.size, False, point.checkpoint) for point in sorted(self.disputed)] + self.points
            heapq.heapify(self.points)
            self._advance(final=True)
        self.report.add(*mismatches(self.mismatched))
        self._forgotten()
        for witness in self.witnesses:
            if str(witness) not in self.report.witnessed:
                self.report.add(Fault(Kind.NOT_WITNESSED, f"no checkpoint was witnessed by {witness.name}"))
        if self.unsigned:
            text = f"{len(self.unsigned)} checkpoints, of sizes {min(self.unsigned)} to {max(self.unsigned)}"
            self.report.add(Fault(Kind.RE_SIGNED, f"{text}, are not signed by the key of this log"))
        self._count()
        beyond = max((point.size for point in self.points if point.outside), default=-1)
        if beyond > self.newest:
            text = f"a checkpoint kept from before has {beyond} records: the log was rolled back"
            self.report.add(Fault(Kind.ROLLED_BACK, text, max(self.newest, 0), beyond - 1))
        self._listed()
        return self.report

    def _forgotten(self) -> None:
        """Contents that are gone: the log must say itself that they were deleted when their time was over."""
        before = self.report.forgotten
        for place, after in self.gone:
            if before is None or (after and after - self.tolerance >= before):
                text = f"the content of record {place} was removed before its time"
                self.report.add(Fault(Kind.REMOVED, text, place, place))

    def _listed(self) -> None:
        """Every citizen's list, all together; a log that is wrong elsewhere cannot give them."""
        if self.committed is None or self.report.faults:
            return
        if map_root(self.lists) == self.committed:
            self.report.lists = len(self.lists)
        else:
            text = "the citizens' own lists that were signed are not those that the records give"
            self.report.add(Fault(Kind.MISLISTED, text))

    def _count(self) -> None:
        """More or fewer records than were signed."""
        missing = self.newest - self.report.records
        if self.lost:
            self._vague(self.lost, missing if self.newest >= 0 else 0)
        elif self.newest < 0:
            if not self.unsigned:
                self.report.add(Fault(Kind.TRUNCATED, "there is no checkpoint: nothing is proved"))
        elif missing > 0:
            self._cut_off(self.newest)
        elif self.pending:
            text = f"{len(self.pending)} records after the last checkpoint are not signed"
            self.report.add(Fault(Kind.INSERTED, text, self.tree.size, self.tree.size + len(self.pending) - 1))

    def _cut_off(self, size: int) -> None:
        """The end was not reached: the numbers tell a hole before the end from the end itself."""
        for gap in gaps(self.tree.size, self.pending, size - self.tree.size):
            if gap.last == size - 1 and gap.first is not None:
                text = f"the last {size - gap.first} of {size} records were cut off"
                self.report.add(Fault(Kind.TRUNCATED, text, gap.first, gap.last))
            else:
                self.report.add(gap)

    def _vague(self, lost: tuple[int, int], missing: int) -> None:
        """The proof broke off; say what can be said unless it has been said already."""
        first, last = lost
        named = [f for f in self.report.faults if f.first is not None and first <= f.first <= last]
        where = f"between {first} and {last}"
        if missing > 0 and not any(fault.kind is Kind.REMOVED for fault in named):
            text = f"{missing} records are missing, the first of them {where}"
            self.report.add(Fault(Kind.REMOVED, text, first, last))
        elif missing < 0:
            self.report.add(
                Fault(Kind.INSERTED, f"{-missing} records are too many, the first of them {where}", first, last)
            )
        elif not named:
            text = f"records {where} were changed, and the hashes beside them too"
            self.report.add(Fault(Kind.CHANGED, text, first, last))


def _size(note: str) -> int:
    """The size that an unverified checkpoint claims."""
    found = re.match(r"[^\n]*\n([0-9]{1,19})\n", note)
    return int(found[1]) if found else -1
