"""The demo plays by itself, and says which step went wrong when one does."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import demo
from gateway.settings import Settings

PROJECT = Path(__file__).parents[2]


def test_the_demo_ends_by_itself_with_every_step_as_it_should_be() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "gateway", "demo"],
        cwd=PROJECT, capture_output=True, text=True, timeout=110, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("GATEWAY_")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "All 19 steps came out as they should" in ran.stdout
    assert "REMOVED" in ran.stdout
    assert "1502824933" not in ran.stdout


def test_a_step_that_goes_wrong_ends_it_with_the_step_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "herberg"
    shutil.copytree(demo.STORY, copy)
    admission = copy / "02-indlagt.hl7"
    admission.write_text(admission.read_text("utf-8").replace("ADT^A01", "ADT^A99"), "utf-8")
    monkeypatch.setattr(demo, "STORY", copy)
    assert demo.run(argparse.Namespace(stay=False), Settings()) == 1
    told = capsys.readouterr()
    assert "2/19" in told.out
    assert "WRONG" in told.err
    assert "3/19" not in told.out
