"""One byte of an export of the log that is another than it was: the program and the page both see it. But for the
number that the database knows a record by, which nobody signs (docs/log.md), and a salt
that is gone."""

from __future__ import annotations

import importlib.util
import json
import random
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.domain.written_log import OURS, Log, check

ALONE = Path(__file__).parents[3] / "docs" / "verify_log.py"
UNSIGNED = re.compile(rb'"id":[0-9]+,|"salt":null')


@pytest.fixture(scope="module")
def alone() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_log_alone", ALONE)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def seen_alone(alone: ModuleType, path: Path) -> bool:
    """The page's verdict, as its `main` comes to it."""
    try:
        return bool(alone.check(path, [str(OURS.key)], [], [])[1])
    except (ValueError, KeyError, TypeError, AttributeError):
        return True


def test_one_byte_of_an_export_is_seen(alone: ModuleType, tmp_path: Path) -> None:
    honest = Log((3, 2))
    gone = honest.records()[1]
    gone.update(body=None, salt=None)
    told = [json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")) for line in honest.export()]
    raw, path, chance = "".join(f"{line}\n" for line in told).encode(), tmp_path / "export", random.Random(1)
    before = check(raw.splitlines(keepends=True)).faults
    assert [fault.first for fault in before] == [1], "nothing but the content that is gone"
    unsigned = {at for found in UNSIGNED.finditer(raw) for at in range(*found.span())}
    for at in chance.sample(sorted(set(range(len(raw) - 1)) - unsigned), 700):
        changed = raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]
        said = check(changed.splitlines(keepends=True)).faults
        assert [fault for fault in said if fault not in before], changed[at - 30 : at + 10]
        path.write_bytes(changed)
        assert seen_alone(alone, path), changed[at - 30 : at + 10]


def test_the_last_byte_is_the_end_of_a_line(alone: ModuleType, tmp_path: Path) -> None:
    raw, path = b"".join(Log((3, 2)).export()), tmp_path / "export"
    path.write_bytes(raw[:-1] + b"{")
    assert not check(path.read_bytes().splitlines(keepends=True)).ok
    assert seen_alone(alone, path)
