"""An untouched log is right; what cannot be read or is not signed is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.log_lines import checkpoint_line, header_line
from gateway.domain.tampering import Kind
from tests.domain.written_log import OTHERS, OURS, START, STEP, Log, check, kinds


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
