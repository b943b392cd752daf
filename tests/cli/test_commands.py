"""The commands as an operator runs them."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import cli
from gateway.settings import read
from gateway.store.keys import load_or_make

PROJECT = Path(__file__).parents[2]
BAD = b"MSH|^~\\&|NEW|SYS|GW|KK|20260302090000+0100||ADT^A01|M1|P|2.5||||||UNICODE UTF-8\rEVN|A01|20260302090000+0100\r"


@pytest.fixture
def operator(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings as an operator gives them: environment variables."""
    monkeypatch.setenv("GATEWAY_DATABASE_URL", database_url)
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path))
    load_or_make(tmp_path / "log-key.pem", read().log_origin)
    return tmp_path


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(command in told for command in cli.COMMANDS)


def test_wrong_words_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["fly"])
    assert ended.value.code == 2
    assert "fly" in capsys.readouterr().err


def test_no_command_has_the_collector_look_after_every_few_hundred_objects() -> None:
    """At the start that took as long as reading all rules."""
    before = gc.get_threshold()
    gc.set_threshold(700)
    try:
        assert cli.main(["codes", "v2-sex"]) == 0
        assert gc.get_threshold()[0] >= 10_000
    finally:
        gc.set_threshold(*before)


def test_migrate_says_so_and_may_be_repeated(operator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate"]) == 0
    assert cli.main(["migrate"]) == 0
    assert capsys.readouterr().out.count("up to date") == 2


def test_replay_tells_what_is_still_refused(operator: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    from gateway.bootstrap import opened
    from gateway.flows.receive import receive

    async def refused() -> None:
        async with opened(read()) as gateway:
            assert not (await receive(gateway, "hl7v2", BAD)).accepted

    assert cli.main(["replay"]) == 0
    asyncio.run(refused())
    assert cli.main(["replay"]) == 1
    assert cli.main(["replay", "--json"]) == 1
    assert cli.main(["replay", f"{2**63 - 1}"]) == 0
    told = capsys.readouterr().out
    assert told.endswith("It is not in quarantine.\n")
    assert "Nothing is in quarantine." in told
    assert "registered" in told


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GATEWAY_HTTP_PORT", "many")
    monkeypatch.setenv("GATEWAY_HTP_PORT", "80")
    assert cli.main(["migrate"]) == 1
    told = capsys.readouterr().err
    assert "GATEWAY_HTTP_PORT must be a whole number" in told
    assert "GATEWAY_HTP_PORT is not a setting" in told


def test_a_database_that_is_not_there_is_told_without_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/nothing")
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path))
    assert cli.main(["migrate"]) == 1
    told = capsys.readouterr().err
    assert "secret" not in told
    assert "cannot be reached" in told


def test_a_file_that_cannot_be_written_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["conformance", "--write", "/dev/null/page"]) == 1
    assert capsys.readouterr().err == "/dev/null/page: Not a directory\n"


@pytest.mark.parametrize(
    "words",
    [["simulate", "--employees", "0"], ["simulate", "--days", "-3"], ["bench", "--records", "7"], ["replay", "0"],
     ["replay", f"{2**63}"], ["outbox", "--again", "1", f"{2**63}"], ["outbox", "--notify-again", "x"]],
)  # fmt: skip
def test_a_number_that_cannot_be_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert f"{words[-1]!r} is no whole number, at least " in capsys.readouterr().err


@pytest.mark.parametrize("program", ["verify_log.py", "verify_list.py"])
def test_the_auditors_own_programs_tell_a_file_that_is_not_there(program: str) -> None:
    words = [sys.executable, str(PROJECT / "docs" / program), "/dev/null/log"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.endswith("/dev/null/log cannot be read: Not a directory\n")


@pytest.mark.parametrize("command", ["translate", "explain"])
def test_what_cannot_be_understood_is_told_with_its_file(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing, half = tmp_path / "nothing.txt", tmp_path / "half.hl7"
    nothing.write_text("no message", encoding="utf-8")
    half.write_bytes(BAD.replace(b"PID", b"XID"))
    assert cli.main([command, str(nothing)]) == 1
    assert capsys.readouterr().err == f"{nothing}: This is neither HL7 v2, nor EDIFACT, nor JSON, nor XML.\n"
    assert cli.main([command, str(half), "--as", "regionh-psyk-adt"]) == 1
    assert capsys.readouterr().err.startswith(f"{half}: ")
