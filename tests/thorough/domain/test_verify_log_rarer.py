"""Verification of a log: clocks, witnesses and checkpoints that cannot be believed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.log_lines import header_line
from gateway.domain.tampering import Kind
from tests.domain.written_log import OTHERS, OURS, START, STEP, Log, body, check, kinds


def test_a_checkpoint_dated_before_the_one_before_it() -> None:
    log = Log()
    log._append(log.tree, body(15, START + 4 * STEP))
    log._sign(log.tree, START + 4 * STEP)
    assert check(log.export()).ok
    late = Log()
    late._append(late.tree, body(15, START + 4 * STEP))
    late._sign(late.tree, START + 4 * STEP - timedelta(microseconds=1))
    (fault,) = check(late.export()).faults
    assert fault.kind is Kind.CHECKPOINT
    assert "size 16 is dated before" in fault.text


def test_an_export_that_names_another_key_than_it_is_checked_with() -> None:
    log = Log()
    head = header_line(str(OTHERS.key), (log.notes[-1],))
    found = check([head, *log.export()[1:]])
    assert kinds(found) == [Kind.RE_SIGNED]


def test_a_log_signed_by_somebody_else_is_no_proof() -> None:
    found = check(Log(signer=OTHERS).export(), keys=(OURS.key,))
    assert any("are not signed by the key of this log" in fault.text for fault in found.faults)
    assert not found.ok
    assert found.checkpoints == 0


def test_a_witness_that_never_signed() -> None:
    found = check(Log().export(), witnesses=[OTHERS.key])
    assert kinds(found) == [Kind.NOT_WITNESSED]


def test_records_after_the_last_checkpoint() -> None:
    log = Log()
    log._append(log.tree, body(15, START + 4 * STEP))
    found = check(log.export())
    assert kinds(found) == [Kind.INSERTED]
    assert (found.faults[0].first, found.faults[0].last) == (15, 15)


@pytest.mark.parametrize("cut", range(1, 5))
def test_records_cut_off_at_the_end_are_counted(cut: int) -> None:
    log = Log()
    kept = [line for line in log.lines if line.get("index", -1) < 15 - cut]
    found = check(log.export(kept))
    (fault,) = [one for one in found.faults if one.kind is Kind.TRUNCATED]
    assert (fault.first, fault.last) == (15 - cut, 14)


@pytest.mark.parametrize("behind", [0, 1, 2, 3])
def test_a_log_that_was_rolled_back(behind: int) -> None:
    """An earlier state, whole and rightly signed, against the newest checkpoint kept from before."""
    log = Log()
    earlier = Log((4, 1, 7, 3)[:behind])
    found = check(earlier.export(), trusted=[log.notes[-1]])
    assert Kind.ROLLED_BACK in kinds(found)
    assert check(earlier.export(), trusted=[earlier.notes[-1]]).ok
