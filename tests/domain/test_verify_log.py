"""The tampering catalogue: everything that can be done to an export is noticed, and named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.checkpoint import Checkpoint, NoteKey, sign_checkpoint
from gateway.domain.log_lines import checkpoint_line, entry_line, header_line
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


# --- what is right ----------------------------------------------------------------------------------------------------


def test_an_untouched_log_is_right() -> None:
    log = Log()
    report = check(log.export(), trusted=[log.notes[2]])
    assert report.ok, report.faults
    assert (report.size, report.root, report.records) == (15, log.tree.root(), 15)
    assert report.checkpoints == 7, "five and the newest in the header, and the trusted one"
    assert report.signed_at == START + 4 * STEP
    assert not report.own_key


@given(st.lists(st.integers(0, 9), max_size=8))
@settings(max_examples=30, deadline=None)
def test_any_untouched_log_is_right(batches: list[int]) -> None:
    log = Log([count for count in batches if count])
    assert check(log.export()).ok


def test_checkpoints_may_be_few() -> None:
    log = Log()
    assert check(log.export(log.records())).ok
    assert check(log.export(log.lines[1:])).ok


def test_without_a_key_the_export_vouches_for_itself() -> None:
    report = check(Log(signer=OTHERS).export(), keys=())
    assert report.ok
    assert report.own_key
    assert report.keys == (str(OTHERS.key),)


def test_bodies_may_go_after_their_time() -> None:
    log = Log()
    told = [line | {"body": None, "salt": None} if line.get("index", 99) < 4 else line for line in log.lines]
    report = check(log.export(told), kept_since=START + STEP + timedelta(seconds=1))
    assert report.ok, report.faults
    assert report.without_body == 4
    early = check(log.export(told), kept_since=START)
    assert kinds(early) == [Kind.REMOVED] * 4
    assert kinds(check(log.export(told))) == [Kind.REMOVED] * 4, "without a rule every body must be there"


# --- the catalogue ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0, 3, 4, 11, 14])
def test_one_byte_of_a_body(index: int) -> None:
    log = Log()
    log.records()[index]["body"] = log.records()[index]["body"].replace("permit", "permiT")
    report = check(log.export())
    assert kinds(report) == [Kind.CHANGED]
    assert places(report, Kind.CHANGED) == [(index, index)]


@pytest.mark.parametrize("field_name", ["salt", "leaf"])
def test_one_byte_of_salt_or_leaf(field_name: str) -> None:
    log = Log()
    line = log.records()[6]
    line[field_name] = ("0" if line[field_name][0] != "0" else "1") + line[field_name][1:]
    report = check(log.export())
    assert kinds(report) == [Kind.CHANGED]
    assert places(report, Kind.CHANGED) == [(6, 6)]


def test_a_byte_moved_from_body_to_salt() -> None:
    """salt || body would be the same bytes; the salt's length is fixed."""
    log = Log()
    line = log.records()[6]
    line["salt"], line["body"] = line["salt"] + line["body"][0].encode().hex(), line["body"][1:]
    assert Kind.CHANGED in kinds(check(log.export()))


def test_a_body_changed_with_its_hash() -> None:
    log = Log()
    at = log.lines.index(log.records()[7])
    log.lines[at] = remade(log.records()[7], body(999, START + 3 * STEP))
    report = check(log.export())
    assert kinds(report) == [Kind.CHANGED]
    assert places(report, Kind.CHANGED) == [(5, 11)], "between the checkpoints around it"


@pytest.mark.parametrize("index", [0, 4, 8, 13])
def test_one_removed(index: int) -> None:
    log = Log()
    report = check(log.export(line for line in log.lines if line.get("index") != index))
    assert Kind.REMOVED in kinds(report)
    assert places(report, Kind.REMOVED) == [(index, index)]
    assert Kind.TRUNCATED not in kinds(report)


def test_one_removed_and_the_rest_numbered_anew() -> None:
    log = Log()
    records = log.records()
    report = check(log.as_database_would(records[:6] + records[7:]))
    assert kinds(report) == [Kind.REMOVED]
    assert places(report, Kind.REMOVED) == [(5, 11)]


def test_several_removed() -> None:
    log = Log()
    report = check(log.export(line for line in log.lines if line.get("index") not in (6, 7, 9)))
    assert places(report, Kind.REMOVED) == [(6, 7), (9, 9)]


def test_a_body_removed_but_not_its_hash() -> None:
    log = Log()
    log.records()[9].update(body=None, salt=None)
    report = check(log.export())
    assert kinds(report) == [Kind.REMOVED]
    assert places(report, Kind.REMOVED) == [(9, 9)]


@pytest.mark.parametrize(("one", "other"), [(5, 6), (5, 11), (7, 9)])
def test_two_lines_swapped(one: int, other: int) -> None:
    log = Log()
    records = log.records()
    i, j = log.lines.index(records[one]), log.lines.index(records[other])
    log.lines[i], log.lines[j] = log.lines[j], log.lines[i]
    report = check(log.export())
    assert kinds(report) == [Kind.SWAPPED]
    assert places(report, Kind.SWAPPED) == [(one, other)]


@pytest.mark.parametrize(("one", "other"), [(5, 6), (5, 11), (7, 9)])
def test_two_records_swapped_under_their_numbers(one: int, other: int) -> None:
    log = Log()
    records = log.records()
    records[one], records[other] = records[other], records[one]
    report = check(log.as_database_would(records))
    assert kinds(report) == [Kind.SWAPPED]
    assert places(report, Kind.SWAPPED) == [(one, other)]


def test_two_contents_swapped_under_their_hashes() -> None:
    log = Log()
    one, other = log.records()[2], log.records()[13]
    for name in ("body", "salt"):
        one[name], other[name] = other[name], one[name]
    report = check(log.export())
    assert kinds(report) == [Kind.SWAPPED]
    assert places(report, Kind.SWAPPED) == [(2, 13)]


@pytest.mark.parametrize("left", [0, 3, 4, 9, 14])
def test_the_tail_cut_off(left: int) -> None:
    log = Log()
    report = check(log.export()[: 1 + log.lines.index(log.records()[left])])
    assert kinds(report) == [Kind.TRUNCATED]
    assert places(report, Kind.TRUNCATED) == [(left, 14)]


def forged(log: Log, place: int, time: datetime) -> Line:
    raw, salt = body(500, time), b"s" * 16
    told: Line = json.loads(entry_line(place, 500, leaf(raw, salt), salt, raw))
    return told


@pytest.mark.parametrize("place", [0, 3, 5, 8, 12])
def test_one_inserted_back_dated(place: int) -> None:
    """Put into the tables between two records, everything after it numbered anew."""
    log = Log()
    records = log.records()
    records.insert(place, forged(log, place, START - timedelta(days=1)))
    report = check(log.as_database_would(records))
    assert Kind.INSERTED in kinds(report)
    assert places(report, Kind.INSERTED) == [(place, place)]
    assert places(report, Kind.BACK_DATED) == [(place, place)]
    assert set(kinds(report)) == {Kind.INSERTED, Kind.BACK_DATED}


def test_one_inserted_in_the_file() -> None:
    log = Log()
    at = log.lines.index(log.records()[8])
    log.lines.insert(at, forged(log, 8, START + 2 * STEP))
    report = check(log.export())
    assert kinds(report) == [Kind.INSERTED]
    assert places(report, Kind.INSERTED) == [(8, 8)]


def test_three_inserted_together() -> None:
    log = Log()
    records = log.records()
    records[8:8] = [forged(log, 8, START + 2 * STEP) | {"id": 500 + i} for i in range(3)]
    report = check(log.as_database_would(records))
    assert places(report, Kind.INSERTED) == [(8, 10)]


def test_after_one_insertion_the_next_is_found_too() -> None:
    log = Log()
    records = log.records()
    records.insert(2, forged(log, 2, START))
    records.insert(10, forged(log, 10, START + 2 * STEP))
    records[13]["body"] = records[13]["body"].replace("permit", "deny")
    report = check(log.as_database_would(records))
    assert [first for first, _ in places(report, Kind.INSERTED)] == [2, 9], "counted in the tree as it was signed"
    assert Kind.CHANGED in kinds(report)


def test_records_after_the_last_checkpoint() -> None:
    log = Log()
    report = check(log.export([*log.lines, forged(log, 15, START + 5 * STEP)]))
    assert kinds(report) == [Kind.INSERTED]
    assert places(report, Kind.INSERTED) == [(15, 15)]


@pytest.mark.parametrize(
    ("shift", "kind"), [(-timedelta(minutes=2), Kind.BACK_DATED), (timedelta(minutes=2), Kind.DATED_AHEAD)]
)
def test_signed_but_dated_otherwise(shift: timedelta, kind: Kind) -> None:
    """Through the gateway's own door, with a false time: the tree is right, the time is not."""
    log = Log((2, 0, 0))
    tree = log.tree.copy()
    log._append(tree, body(7, START + 3 * STEP + shift))
    log._sign(tree, START + 4 * STEP)
    report = check(log.export())
    assert kinds(report) == [kind]
    assert places(report, kind) == [(2, 2)]
    assert check(log.export(), tolerance=timedelta(minutes=5)).ok


def test_signed_again_with_another_key() -> None:
    log = Log(signer=OTHERS)
    report = check(log.export())
    assert set(kinds(report)) == {Kind.RE_SIGNED}
    assert check(log.export(), keys=()).ok, "by its own key it is right: that is why an auditor keeps the key"


def test_only_the_checkpoints_signed_again() -> None:
    log, other = Log(), Log(signer=OTHERS)
    report = check(log.export(other.lines, newest=other.notes[-1]))
    assert kinds(report) == [Kind.RE_SIGNED]
    assert report.size == 0, "nothing is proved"


def test_changed_and_signed_again_is_named_by_a_kept_checkpoint() -> None:
    honest, log = Log(), Log(signer=OTHERS)
    records = log.records()
    records.insert(3, forged(log, 3, START))
    report = check(log.as_database_would(records), trusted=[honest.notes[-1]])
    assert Kind.RE_SIGNED in kinds(report)
    assert (3, 3) in places(report, Kind.INSERTED)


def test_written_anew_and_signed_with_the_right_key() -> None:
    """The operator has the key and leaves out one record from the beginning: only a kept checkpoint shows it."""
    honest, log = Log(), Log((3, 1, 7, 4))
    assert check(log.export()).ok
    report = check(log.export(), trusted=[honest.notes[1]])
    assert kinds(report) == [Kind.REWRITTEN]
    report = check(log.export(), trusted=honest.notes)
    assert set(kinds(report)) == {Kind.REWRITTEN}


def test_two_trees_of_one_size() -> None:
    honest, log = Log(), Log((15,))
    log.lines[1] = remade(log.lines[1], body(77, START))
    tree = Range().grow(bytes.fromhex(line["leaf"]) for line in log.records())
    log.lines[-1] = {"checkpoint": OURS.note(tree, START + STEP)}
    report = check(log.export(newest=honest.notes[-1]))
    assert not report.ok
    assert set(kinds(report)) <= {Kind.REWRITTEN, Kind.CHANGED}


def test_rolled_back_to_an_older_checkpoint() -> None:
    log = Log()
    at = log.lines.index({"checkpoint": log.notes[3]})
    rolled = log.export(log.lines[: at + 1], newest=log.notes[3])
    assert check(rolled).ok, "an older export is a right export"
    report = check(rolled, trusted=[log.notes[4]])
    assert kinds(report) == [Kind.ROLLED_BACK]
    assert places(report, Kind.ROLLED_BACK) == [(12, 14)]
    assert check(rolled, trusted=[log.notes[2], log.notes[3]]).ok


def test_an_explained_change_does_not_accuse_a_kept_checkpoint() -> None:
    log = Log()
    records = log.records()
    records.insert(2, forged(log, 2, START))
    report = check(log.as_database_would(records), trusted=[log.notes[1], log.notes[2]])
    assert Kind.REWRITTEN not in kinds(report)
    assert places(report, Kind.INSERTED) == [(2, 2)]


def test_a_checkpoint_changed() -> None:
    log = Log()
    changed = log.notes[2].replace("T08:00", "T07:00")
    log.lines[log.lines.index({"checkpoint": log.notes[2]})] = {"checkpoint": changed}
    assert kinds(check(log.export())) == [Kind.CHECKPOINT]


def test_a_checkpoint_that_runs_backwards_in_time() -> None:
    log = Log((2,))
    tree = log.tree.copy()
    log._append(tree, body(3, START))
    log._sign(tree, START - STEP)
    assert kinds(check(log.export())) == [Kind.CHECKPOINT]


def test_a_checkpoint_of_another_log_of_the_same_key() -> None:
    log = Log()
    note = sign_checkpoint(Checkpoint("other.example.dk", 0, Range().root(), START), OURS.key, OURS._private.sign)
    assert kinds(check(log.export([{"checkpoint": note}, *log.lines]))) == [Kind.CHECKPOINT]


def test_lines_that_cannot_be_read() -> None:
    log = Log()
    export = log.export()
    for line in (b"{\n", b"[]\n", b"\xff\n", b'{"index":"7"}\n', b'{"checkpoint":5}\n', b"[" * 5000 + b"\n"):
        report = check([*export[:9], line, *export[10:]])
        assert Kind.UNREADABLE in kinds(report)
        assert report.size != 15
    for field_name, value in (
        ("leaf", "zz"),
        ("leaf", "00"),
        ("index", True),
        ("id", "1"),
        ("body", 5),
        ("salt", None),
    ):
        told = [line | {field_name: value} if line.get("index") == 6 else line for line in log.lines]
        assert kinds(check(log.export(told))) == [Kind.UNREADABLE]


@pytest.mark.parametrize(
    "head", [b"", b"{}\n", b"[]\n", b'{"format":"faellesplan-log/1","vkey":"x","checkpoints":[]}\n']
)
def test_no_header_no_proof(head: bytes) -> None:
    assert kinds(check([head, *Log().export()[1:]], keys=())) == [Kind.UNREADABLE]
    assert kinds(check([], keys=())) == [Kind.UNREADABLE]


def test_no_checkpoint_no_proof() -> None:
    log = Log()
    lines = log.export(log.records())
    head = header_line(str(OURS.key), ())
    assert kinds(check([head, *lines[1:]])) == [Kind.TRUNCATED]


def test_faults_are_told_up_to_a_number() -> None:
    log = Log((1200,))
    for line in log.records():
        line["body"] = line["body"].replace("permit", "deny")
    report = check(log.export())
    assert (len(report.faults), report.more) == (1000, 200)


CHANGES: list[Callable[[list[bytes], int, int], list[bytes]]] = [
    lambda lines, i, j: lines[:i] + lines[i + 1 :],
    lambda lines, i, j: [*lines[:i], lines[j], *lines[i:]],
    lambda lines, i, j: [*lines[:i], lines[j], *lines[i + 1 :]],
    lambda lines, i, j: [*lines[:i], lines[i].replace(b"permit", b"permiT"), *lines[i + 1 :]],
    lambda lines, i, j: lines[:i],
]


@given(st.sampled_from(CHANGES), st.integers(1, 14), st.integers(1, 14))
@settings(max_examples=120, deadline=None)
def test_no_change_goes_unnoticed(change: Callable[[list[bytes], int, int], list[bytes]], i: int, j: int) -> None:
    log = Log()
    head, *_ = log.export()
    records = [json.dumps(line).encode() + b"\n" for line in log.records()]
    told = change(records, i, j)
    assert check([head, *told]).ok == (told == records)


def test_the_text_of_a_fault_holds_nothing_of_a_record() -> None:
    log = Log()
    for line in log.records():
        line["body"] = line["body"].replace("Prøve", "Navn")
    assert not any("Navn" in fault.text or "Prøve" in fault.text for fault in check(log.export()).faults)


def test_checkpoint_lines_are_written_as_they_are_read() -> None:
    log = Log((1,))
    assert json.loads(checkpoint_line(log.notes[0])) == {"checkpoint": log.notes[0]}
