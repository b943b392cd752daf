"""The tampering catalogue: everything that can be done to an export is noticed, and named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.checkpoint import Checkpoint, sign_checkpoint
from gateway.domain.merkle import Range
from gateway.domain.tampering import Kind
from tests.domain.written_log import OTHERS, OURS, START, STEP, Log, body, check, forged, kinds, places, remade


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
